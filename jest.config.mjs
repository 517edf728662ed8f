import { tmpdir } from 'node:os';
import path from 'node:path';

// The command lines and services that tests start load hundreds of modules each: compiled once, as `bin/stampede.js` has it.
process.env.NODE_COMPILE_CACHE ??= path.join(tmpdir(), 'node-compile-cache');

/** Unit and wire tests: npm packages only, no network but loopback. */
export const base = {
  testEnvironment: '<rootDir>/test/support/jest/shared-realm.ts',
  testRunner: '<rootDir>/test/support/jest/native-modules.ts',
  transform: {},
  // For what hangs: a machine with much else to do takes its time over certificates and processes.
  testTimeout: 120_000,
};

// Half of what a test takes is waiting: two at a time, as more would take from whole runs what these need to keep up.
export default { ...base, maxWorkers: 2, testMatch: ['<rootDir>/test/**/*.test.ts'] };
