import {
  bucketMiddleMs,
  bucketPercentile,
  type EncodedBuckets,
  encodeBuckets,
} from '../measure/latency-buckets.ts';
import type { LatencySeries } from '../measure/latency-series.ts';
import { heatRowOf, heatRows } from './heat-rows.ts';

/** A latency in the course of a run, in steps of one or more whole seconds. */
export interface LatencyOverTime {
  /** Epoch seconds: where the first step begins. */
  readonly startSecond: number;
  readonly secondsPerStep: number;
  readonly steps: readonly LatencyStep[];
}

/** Percentiles are right to 1.6 %: they are for looking at. Null, and no counts: nothing was measured in it. */
export interface LatencyStep {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  /** Samples by row of the heatmap (`plots/heat-rows.ts`): rows to skip, then a count, and so on. */
  readonly heat: EncodedBuckets;
}

/** More would be finer than a drawing, and make report.json and report.html larger. */
const maxSteps = 300;

export function latencyOverTime(series: LatencySeries): LatencyOverTime {
  const starts = series.starts();
  const startSecond = starts[0] ?? 0;
  const length = starts.length === 0 ? 0 : starts.at(-1)! + series.secondsPerStep - startSecond;
  const secondsPerStep =
    series.secondsPerStep * Math.max(1, Math.ceil(length / series.secondsPerStep / maxSteps));
  return {
    startSecond,
    secondsPerStep,
    steps: Array.from({ length: Math.ceil(length / secondsPerStep) }, (_, i) => {
      const from = startSecond + i * secondsPerStep;
      return latencyStepOf(series.countsBetween(from, from + secondsPerStep));
    }),
  };
}

/** @param counts by bucket of `measure/latency-buckets.ts` */
export function latencyStepOf(counts: Uint32Array): LatencyStep {
  const heat = new Uint32Array(heatRows);
  for (let bucket = 0; bucket < counts.length; bucket++) {
    if (counts[bucket]! > 0) heat[heatRowOf(bucketMiddleMs(bucket))]! += counts[bucket]!;
  }
  const percentile = (share: number) => {
    const ms = bucketPercentile(counts, share);
    return ms === undefined ? null : Number(ms.toPrecision(4));
  };
  return {
    p50: percentile(0.5),
    p90: percentile(0.9),
    p99: percentile(0.99),
    max: percentile(1),
    heat: encodeBuckets(heat),
  };
}
