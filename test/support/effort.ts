const isFull = process.env.TEST_EFFORT === 'full';

/** `npm run test:integration` runs the tests that call this at their full size, `npm test` at a shorter one. */
export function sizeOf(full: number, short: number): number {
  return isFull ? full : short;
}

/** For `fc.assert`: as many random cases as fast-check takes by itself, or as are named; a quarter in `npm test`. */
export function randomCases(full = 100): { readonly numRuns: number } {
  return { numRuns: sizeOf(full, Math.ceil(full / 4)) };
}
