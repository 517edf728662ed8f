/** Slices report about once a second each: a shorter look back would show the rhythm of the reports, not of the load. */
const lookBackMs = 3_000;

export interface RateMeter {
  /** Takes a running total and returns its growth per second over the last three seconds. */
  measure(total: number, nowMs: number): number;
}

export function makeRateMeter(): RateMeter {
  const samples: { readonly total: number; readonly nowMs: number }[] = [];
  return {
    measure(total, nowMs) {
      samples.push({ total, nowMs });
      while (samples.length > 2 && samples[1] !== undefined && samples[1].nowMs <= nowMs - lookBackMs) {
        samples.shift();
      }
      const oldest = samples[0] ?? { total, nowMs };
      const elapsedMs = nowMs - oldest.nowMs;
      return elapsedMs > 0 ? ((total - oldest.total) / elapsedMs) * 1000 : 0;
    },
  };
}
