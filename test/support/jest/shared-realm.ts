import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

/**
 * Jest's test environment without a context of `node:vm`: test files run in the realm of their worker. What Jest or a test
 * file replaces among the globals and the environment variables is restored before the next file. New globals and listeners on
 * `process` stay: packages, which are evaluated once in a worker, add theirs once.
 */
export default class SharedRealm {
  readonly global = globalThis;
  readonly moduleMocker = new ModuleMocker(globalThis);
  readonly fakeTimersModern: ModernFakeTimers;
  readonly #variables = { ...process.env };
  readonly #restore = [
    restorer(process, ['exit', 'getBuiltinModule']),
    restorer(globalThis, Object.getOwnPropertyNames(globalThis)),
  ];

  constructor({
    projectConfig,
  }: { readonly projectConfig: ConstructorParameters<typeof ModernFakeTimers>[0]['config'] }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  async setup(): Promise<void> {
    Error.prepareStackTrace = stackWithPaths;
  }

  async teardown(): Promise<void> {
    this.fakeTimersModern.dispose();
    for (const restore of this.#restore) restore();
    for (const name of Object.keys(process.env)) {
      if (this.#variables[name] === undefined) delete process.env[name];
    }
    Object.assign(process.env, this.#variables);
  }

  getVmContext(): null {
    return null;
  }
}

/** Jest prints paths below its root as relative ones, but not URLs. With types blanked out, lines are those of the source. */
function stackWithPaths(error: Error, frames: readonly NodeJS.CallSite[]): string {
  const stack = [String(error), ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return stack.replaceAll(/file:\/\/(\/[^?():\s]+)(?:\?of=[^:]*)?(?=:\d)/g, '$1');
}

function restorer(target: object, names: readonly string[]): () => void {
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(target, name) ?? {}] as const);
  return () => {
    for (const [name, descriptor] of before) Object.defineProperty(target, name, descriptor);
  };
}
