/** Unit and wire tests: npm packages only, no network but loopback. */
export const base = {
  testEnvironment: 'node',
  // For what hangs: a machine with much else to do takes its time over certificates and processes.
  testTimeout: 30_000,
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/support/strip-types.mjs' },
};

// Half of what a test takes is waiting: two at a time end within three minutes on two cores.
export default { ...base, maxWorkers: 2, testMatch: ['<rootDir>/test/**/*.test.ts'] };
