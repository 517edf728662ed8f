import { base } from './jest.config.mjs';

// The same tests as in `npm test`, at their full size: see test/support/effort.ts.
process.env.TEST_EFFORT = 'full';
const atFullSize = [
  '<rootDir>/test/unit/embedded/iot-core/queue/reader-pool.test.ts',
  '<rootDir>/test/unit/live/folded-series.test.ts',
];

/** What needs more than npm packages (Mosquitto, Python's moto, Chromium): `npm run test:integration`. */
export default {
  ...base,
  // Most of a run is waiting: two at a time end within half an hour on two cores.
  maxWorkers: 2,
  testMatch: ['<rootDir>/test/**/*.integration.ts', ...atFullSize],
  globalSetup: '<rootDir>/test/support/install-debian-packages.mjs',
  testTimeout: 120_000,
};
