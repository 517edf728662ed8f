import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Of this code's own modules: `.ts` in a clone, `.js` in the published package. */
export const moduleExtension = path.extname(import.meta.url);

/** Where the page's scripts are, and the pure layers that they share with the report. */
const served =
  /^src\/(?:ui\/page|report|live|measure|plan|targets|profile|shared)\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.(?:ts|js)$/;

/** The browser gets the very modules that run here, without their types: there is no build step, and no second copy. */
export interface PageModules {
  /** Undefined: no such module. @param name path in the package, such as `src/shared/format.ts` */
  read(name: string): Promise<string | undefined>;
}

export function makePageModules(): PageModules {
  const known = new Map<string, Promise<string | undefined>>();
  return {
    read(name) {
      if (!served.test(name)) return Promise.resolve(undefined);
      let script = known.get(name);
      if (script === undefined) {
        script = readFile(path.join(packageRoot, name), 'utf8').then(
          moduleExtension === '.ts' ? stripTypes : undefined,
          () => undefined,
        );
        known.set(name, script);
      }
      return script;
    },
  };
}

/** Node says once that this function is experimental; who opens the page can do nothing about it. */
function stripTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}
