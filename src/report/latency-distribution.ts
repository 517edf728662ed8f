import type { LatencyHistogram } from '../measure/latency-histogram.ts';

/** A latency against the share of samples it is not exceeded by: `ms[i]` at `percentiles[i]`, both rising. */
export interface LatencyDistribution {
  /** 0–100, the last one is 100; empty where nothing was measured. */
  readonly percentiles: readonly number[];
  readonly ms: readonly number[];
}

/** Points in each halving of what is left to 100 %: evenly spread on a percentile axis. */
const pointsPerHalving = 4;
/** Percentiles that reports name are exact points of the curve. */
const spokenOf = [90, 95, 99, 99.9, 99.99, 99.999];

/** The curve that HdrHistogram's plots show: as far towards 100 % as there are samples, and the maximum. */
export function latencyDistribution(histogram: LatencyHistogram): LatencyDistribution {
  const { count } = histogram;
  if (count === 0) return { percentiles: [], ms: [] };
  const percentiles = spokenOf.filter((percentile) => (1 - percentile / 100) * count >= 1);
  for (let rest = 1; rest * count >= 1; rest *= 2 ** (-1 / pointsPerHalving)) {
    percentiles.push(Number((100 * (1 - rest)).toFixed(7)));
  }
  percentiles.push(100);
  percentiles.sort((a, b) => a - b);
  return {
    percentiles,
    ms: percentiles.map((percentile) => Number(histogram.percentileAt(percentile).toPrecision(4))),
  };
}
