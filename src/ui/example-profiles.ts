import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Profiles to begin with: those of the working directory, or the ones that come with Stampede. */
export interface ExampleProfiles {
  /** Without `.json`; `smoke` first, for it is the one that takes seconds. */
  names(): Promise<string[]>;
  /** Undefined: no such profile. */
  read(name: string): Promise<string | undefined>;
}

const ownProfiles = fileURLToPath(new URL('../../profiles', import.meta.url));
const profileName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** @param directory of profiles; where it has none, Stampede's own */
export function makeExampleProfiles(directory: string): ExampleProfiles {
  const profilesIn = async (place: string): Promise<string[]> =>
    (await readdir(place).catch(() => []))
      .filter((file) => file.endsWith('.json') && !file.endsWith('.schema.json'))
      .map((file) => path.basename(file, '.json'))
      .filter((name) => profileName.test(name));
  const found = (async () => {
    const here = await profilesIn(directory);
    return here.length > 0
      ? { place: directory, names: here }
      : { place: ownProfiles, names: await profilesIn(ownProfiles) };
  })();
  return {
    async names() {
      const { names } = await found;
      return names.toSorted((a, b) => Number(b === 'smoke') - Number(a === 'smoke') || a.localeCompare(b));
    },
    async read(name) {
      const { place, names } = await found;
      return names.includes(name)
        ? readFile(path.join(place, `${name}.json`), 'utf8').catch(() => undefined)
        : undefined;
    },
  };
}
