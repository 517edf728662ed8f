import { tmpdir } from 'node:os';
import path from 'node:path';

// The command lines and services that tests start load hundreds of modules each: compiled once, as `bin/stampede.js` has it.
process.env.NODE_COMPILE_CACHE ??= path.join(tmpdir(), 'node-compile-cache');

/** Unit and wire tests: npm packages only, no network but loopback. */
export const base = {
  testEnvironment: '<rootDir>/test/support/jest/shared-realm.ts',
  testRunner: '<rootDir>/test/support/jest/native-modules.ts',
  testSequencer: '<rootDir>/test/support/jest/slowest-first.mjs',
  transform: {},
  // For what hangs: a machine with much else to do takes its time over certificates and processes.
  testTimeout: 30_000,
};

// Much of what whole runs take is waiting: three at a time keep two cores busy.
export default { ...base, maxWorkers: 3, testMatch: ['<rootDir>/test/**/*.test.ts'] };
