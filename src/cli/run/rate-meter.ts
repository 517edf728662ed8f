/**
 * Slices close their seconds up to 20 ms late, each by its own amount. Over five seconds this is an error of less than half
 * a percent. A ramp is shown two and a half seconds late.
 */
const lookBackMs = 5_000;

export interface RateMeter {
  /**
   * Takes a running total and returns its growth per second over the last five seconds.
   * @param atMs the instant of the total, not the one at which it became known
   */
  measure(total: number, atMs: number): number;
}

export function makeRateMeter(): RateMeter {
  const samples: { readonly total: number; readonly atMs: number }[] = [];
  return {
    measure(total, atMs) {
      // The total of this instant, or of an earlier one, was corrected.
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
