/**
 * A slice closes its second up to 20 ms late, and no two alike: over five seconds that is less than half a percent. A ramp
 * is seen two and a half seconds late.
 */
const lookBackMs = 5_000;

export interface RateMeter {
  /**
   * Takes a running total and returns its growth per second over the last five seconds.
   * @param atMs the instant that the total is of, not the one it is known at
   */
  measure(total: number, atMs: number): number;
}

export function makeRateMeter(): RateMeter {
  const samples: { readonly total: number; readonly atMs: number }[] = [];
  return {
    measure(total, atMs) {
      // A total of the same instant again, or of an earlier one, is known better now.
      while ((samples.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY) >= atMs) samples.pop();
      samples.push({ total, atMs });
      while (samples.length > 2 && samples[1] !== undefined && samples[1].atMs <= atMs - lookBackMs) {
        samples.shift();
      }
      const oldest = samples[0] ?? { total, atMs };
      const elapsedMs = atMs - oldest.atMs;
      return elapsedMs > 0 ? ((total - oldest.total) / elapsedMs) * 1000 : 0;
    },
  };
}
