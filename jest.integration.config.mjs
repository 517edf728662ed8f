import { globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { base } from './jest.config.mjs';

// Unit tests have more random cases here than in `npm test`: see test/support/effort.ts.
process.env.TEST_EFFORT = 'full';
// Stacks that were packaged, for all test files: see test/support/stack/shared-stacks.ts.
process.env.TEST_STACKS = path.join(tmpdir(), `stampede-stacks-${process.pid}`);

/** Unit tests with a size or random cases of `effort.ts`: the others would be the same as in `npm test`. */
const unitTests = globSync('test/unit/**/*.test.ts', { cwd: import.meta.dirname }).filter((file) =>
  readFileSync(path.join(import.meta.dirname, file), 'utf8').includes('/support/effort.ts'),
);

/** What needs more than npm packages (Mosquitto, Python's moto, Chromium): `npm run test:integration`. */
export default {
  ...base,
  // More at a time would take from whole runs what these need to keep up.
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/support/jest/slowest-first.mjs',
  testMatch: ['test/**/*.integration.ts', ...unitTests].map((file) => `<rootDir>/${file}`),
  globalSetup: '<rootDir>/test/support/install-debian-packages.mjs',
  globalTeardown: '<rootDir>/test/support/stack/remove-shared-stacks.mjs',
  testTimeout: 240_000,
};
