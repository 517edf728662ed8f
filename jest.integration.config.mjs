import { base } from './jest.config.mjs';

/** What needs more than npm packages (Mosquitto, Python's moto, Chromium): `npm run test:integration`. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/**/*.integration.ts'],
  globalSetup: '<rootDir>/test/support/install-debian-packages.mjs',
  testTimeout: 120_000,
};
