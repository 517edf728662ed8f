import { createRequire, enableCompileCache, registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

interface Runtime {
  requireInternalModule(file: string): unknown;
  requireModule(file: string): unknown;
  setGlobalsForRuntime(globals: object): void;
  unstable_shouldLoadAsEsm(file: string): boolean;
  unstable_importModule(file: string): Promise<unknown>;
  enterTestCode(): void;
  leaveTestCode(): void;
  readonly jestGlobals: { jestObjectFor(file: string): object };
}

type TestFramework = (
  globalConfig: unknown,
  config: unknown,
  environment: unknown,
  runtime: Partial<Runtime>,
  testPath: string,
  sendToJest?: unknown,
) => Promise<unknown>;

const require = createRequire(import.meta.url);
const circus = (require('jest-circus/runner') as { readonly default: TestFramework }).default;
const testFolder = path.resolve(import.meta.dirname, '../..');
const tests = pathToFileURL(testFolder).href;
const testGlobals = new URL('test-globals.ts', import.meta.url).href;
const loaded = new Set<string>();

enableCompileCache();
registerHooks({
  resolve(specifier, context, next) {
    const found =
      specifier === '@jest/globals' ? { url: testGlobals, shortCircuit: true } : next(specifier, context);
    const query = context.parentURL?.startsWith(`${tests}/`) ? new URL(context.parentURL).search : '';
    return query !== '' && found.url.startsWith(`${tests}/`)
      ? { ...found, url: `${found.url}${query}` }
      : found;
  },
});

/**
 * Jest's test framework (`testRunner`): jest-circus with the modules of Node, which strips types itself. Modules below
 * `test` are evaluated for each test file, all others once in a worker, so they must keep no state between files.
 */
export default function runFile(
  globalConfig: unknown,
  config: unknown,
  environment: unknown,
  runtime: Runtime,
  testPath: string,
  sendToJest?: unknown,
): Promise<unknown> {
  if (loaded.has(testPath))
    throw new Error(`${testPath} is loaded already: Node cannot load its modules again`);
  loaded.add(testPath);
  const native: Partial<Runtime> = {
    requireInternalModule,
    requireModule: require,
    setGlobalsForRuntime: (globals) =>
      Object.assign(globalThis, globals, { jest: runtime.jestGlobals.jestObjectFor(testPath) }),
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: (file) =>
      import(`${pathToFileURL(file).href}?of=${path.relative(testFolder, testPath)}`),
    enterTestCode: () => runtime.enterTestCode(),
    leaveTestCode: () => runtime.leaveTestCode(),
  };
  return circus(globalConfig, config, environment, native, testPath, sendToJest);
}

/** A jest-circus of its own for each file, as it keeps a file's tests and handlers on the global object. */
function requireInternalModule(file: string): unknown {
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    if (['EVENT_HANDLERS', 'JEST_STATE_SYMBOL'].includes(symbol.description ?? '')) {
      Reflect.deleteProperty(globalThis, symbol);
    }
  }
  delete require.cache[file];
  return createRequire(import.meta.url)(file);
}
