/** A stamp of AWS's is a whole millisecond, rounded down. */
export const stampResolutionMs = 1;

/** From so many milliseconds on, the middle of the stamp's millisecond is taken as the instant within it. */
const blendMs = 4;

/**
 * A latency that begins at an instant known to the microsecond and ends at a stamp in whole milliseconds, rounded down
 * (`SentTimestamp`, `approximateArrivalTimestamp`, `timestamp()`).
 *
 * With d = stamp − ⌊sent⌋ and u = sent − ⌊sent⌋, the true latency lies between d − u and d − u + 1. Two estimates of it
 * have no bias:
 *
 * - d, the difference of two instants rounded alike. It is exact on average where `sent` falls evenly within its
 *   millisecond, whatever the latency, and is the only such estimate that is never negative on equal clocks: an estimate
 *   g(u, d) that is right for each latency has g(u, d + 1) − g(u, d) = 1, and g(u, 0) = 0 for a latency of 0.
 * - d − u + ½, the middle. It is exact on average where the arrival falls evenly within its millisecond, has a third of
 *   the variance at worst, and needs nothing of `sent`; but it is down to −½ ms for messages that take less than that.
 *
 * So d for the shortest, the middle from 4 ms on, and between the two by shares: d + w(d) · (½ − u), w = min(1, |d| ÷ 4).
 * A step in w biases by at most its height ÷ 8: for every latency, fixed or spread, the mean is right to 1/32 ms. One
 * sample is right to 1 ms, from 4 ms on to ½ ms. It is negative only if stamp + 1 ≤ sent: the clocks are apart.
 *
 * @param sentMs epoch milliseconds, fractional
 * @param stampMs epoch milliseconds, whole
 */
export function stampedLatencyMs(sentMs: number, stampMs: number): number {
  const wholeMs = Math.floor(sentMs);
  const steps = stampMs - wholeMs;
  return steps + Math.min(1, Math.abs(steps) / blendMs) * (0.5 - (sentMs - wholeMs));
}
