/** `npm run test:integration` runs the tests that call this at their full size, `npm test` at a shorter one. */
export function sizeOf(full: number, short: number): number {
  return process.env.TEST_EFFORT === 'full' ? full : short;
}
