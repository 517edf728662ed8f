import { base } from './jest.config.mjs';

// Unit tests have more random cases here than in `npm test`: see test/support/effort.ts.
process.env.TEST_EFFORT = 'full';

/** What needs more than npm packages (Mosquitto, Python's moto, Chromium): `npm run test:integration`. */
export default {
  ...base,
  // Most of a run is waiting: two at a time end within half an hour on two cores.
  maxWorkers: 2,
  testMatch: ['<rootDir>/test/**/*.integration.ts', '<rootDir>/test/unit/**/*.test.ts'],
  globalSetup: '<rootDir>/test/support/install-debian-packages.mjs',
  testTimeout: 120_000,
};
