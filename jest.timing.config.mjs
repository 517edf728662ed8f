import integration from './jest.integration.config.mjs';

/** What holds figures against the clock: one test file at a time, with nothing else to do for the machine: `npm run test:timing`. */
export default {
  ...integration,
  maxWorkers: 1,
  setupFilesAfterEnv: ['<rootDir>/test/support/jest/timed-again.ts'],
  testMatch: ['<rootDir>/test/**/*.timing.ts'],
};
