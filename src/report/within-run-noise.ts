import { heatRowFromMs, heatRows } from '../live/heat-rows.ts';
import type { LatencyOverTime } from '../live/latency-over-time.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import { makeRandom } from '../shared/random.ts';

/** Percentiles that runs are compared by. */
export const comparedPercentiles = ['p50', 'p95', 'p99'] as const;
export type ComparedPercentile = (typeof comparedPercentiles)[number];

/** Of a percentile to compare: the 99th of fewer samples than this is one of the two largest. */
export const leastSamples = 100;

/** By how much a percentile would differ in the same run done again, if nothing but chance within the run decided. */
export interface WithinRunNoise {
  /** Standard deviation, milliseconds. */
  readonly sd: number;
  /** Degrees of freedom that it was estimated with. */
  readonly degrees: number;
}

const shareOf: Readonly<Record<ComparedPercentile, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 };
const resamples = 200;
/** From fewer blocks than this nothing is estimated. */
const leastBlocks = 4;

/**
 * Moving-block bootstrap over the seconds of a run: the seconds are drawn again in blocks of ∛n, so that what holds for seconds on end
 * (a queue that filled, a pause) counts as one event and not as many. A latency without a series has the noise of its order statistics.
 * @returns of each percentile; undefined where it cannot be estimated
 * @see Künsch, The jackknife and the bootstrap for general stationary observations, 1989
 */
export function withinRunNoise(
  summary: LatencySummary,
  series: LatencyOverTime | undefined,
): Readonly<Record<ComparedPercentile, WithinRunNoise | undefined>> {
  const bootstrapped = series && bootstrapNoise(series, summary.count);
  const of = (percentile: ComparedPercentile) =>
    bootstrapped?.[percentile] ?? orderNoise(summary, percentile);
  return { p50: of('p50'), p95: of('p95'), p99: of('p99') };
}

function bootstrapNoise(
  { steps }: LatencyOverTime,
  seed: number,
): Record<ComparedPercentile, WithinRunNoise> | undefined {
  const seconds = steps.map(({ heat }) => heat).filter(({ length }) => length > 0);
  const blockLength = Math.max(1, Math.round(Math.cbrt(seconds.length)));
  const blocks = Math.floor(seconds.length / blockLength);
  if (blocks < leastBlocks) return undefined;
  const random = makeRandom(seed, 0);
  const counts = new Float64Array(heatRows);
  const drawn: Record<ComparedPercentile, number[]> = { p50: [], p95: [], p99: [] };
  for (let i = 0; i < resamples; i++) {
    counts.fill(0);
    for (let taken = 0; taken < seconds.length; ) {
      const from = Math.floor(random() * (seconds.length - blockLength + 1));
      for (let j = 0; j < blockLength && taken < seconds.length; j++, taken++) {
        addHeat(counts, seconds[from + j]!);
      }
    }
    for (const each of comparedPercentiles) drawn[each].push(percentileOfHeat(counts, shareOf[each]));
  }
  // Means of n blocks drawn from themselves vary by (n − 1)/n of what means of n others would.
  const noiseOf = (values: readonly number[]): WithinRunNoise => ({
    sd: Math.sqrt((varianceOf(values) * blocks) / (blocks - 1)),
    degrees: blocks - 1,
  });
  return { p50: noiseOf(drawn.p50), p95: noiseOf(drawn.p95), p99: noiseOf(drawn.p99) };
}

function varianceOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

function addHeat(counts: Float64Array, encoded: readonly number[]): void {
  let row = 0;
  for (let i = 0; i + 1 < encoded.length; i += 2) {
    row += encoded[i]!;
    if (row < counts.length) counts[row]! += encoded[i + 1]!;
    row++;
  }
}

/** Samples are taken as evenly spread within their row; those below zero as zero. Milliseconds. */
function percentileOfHeat(counts: Float64Array, share: number): number {
  let total = 0;
  for (const count of counts) total += count;
  const rank = share * total;
  let below = 0;
  for (let row = 0; row < counts.length; row++) {
    const count = counts[row]!;
    if (count > 0 && below + count >= rank) {
      const from = Math.max(0, heatRowFromMs(row));
      const to = row === 0 ? 0 : heatRowFromMs(row + 1);
      return from + (to - from) * ((rank - below) / count);
    }
    below += count;
  }
  return 0;
}

/** Of a percentile: the two next to it that a summary has, with their shares. */
const neighbours = {
  p50: ['p50', 0.5, 'p90', 0.9],
  p95: ['p90', 0.9, 'p99', 0.99],
  p99: ['p95', 0.95, 'p999', 0.999],
} as const;

/**
 * The standard deviation of a sample quantile is √(p(1 − p)/n) / f, with the density f there taken from the neighbouring percentiles.
 * Samples count as independent: it is too small where they are not.
 */
function orderNoise(summary: LatencySummary, percentile: ComparedPercentile): WithinRunNoise | undefined {
  const [low, lowShare, high, highShare] = neighbours[percentile];
  const share = shareOf[percentile];
  const width = summary[high] - summary[low];
  if (summary.count === 0 || width < 0) return undefined;
  const sd = (Math.sqrt((share * (1 - share)) / summary.count) * width) / (highShare - lowShare);
  return { sd, degrees: Number.POSITIVE_INFINITY };
}
