import { addBuckets, bucketMiddleMs, latencyBuckets } from './latency-buckets.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { LatencyName } from './latency-names.ts';
import type { EncodedLatencySeconds } from './latency-seconds.ts';
import { makeRunLatencies, type RunLatencies } from './run-latencies.ts';

/** Whole epoch seconds; `until` is not included. */
export interface SecondSpan {
  readonly from: number;
  readonly until: number;
}

/** Latencies of some seconds, added up in any order. They are read from buckets: each figure is right to 1.6 %. */
export class BucketSum {
  readonly #counts = new Uint32Array(latencyBuckets);

  add(encoded: EncodedLatencySeconds = {}, { from, until }: SecondSpan): void {
    for (let second = from; second < until; second++) {
      const buckets = encoded[second];
      if (buckets !== undefined) addBuckets(this.#counts, buckets);
    }
  }

  histogram(): LatencyHistogram {
    const histogram = new LatencyHistogram();
    for (const [bucket, count] of this.#counts.entries())
      if (count > 0) histogram.recordTimes(bucketMiddleMs(bucket), count);
    return histogram;
  }
}

/** The latencies of one part of a hold. */
export class HoldLatencies {
  readonly #span: SecondSpan;
  readonly #sums = new Map<LatencyName, BucketSum>();

  constructor(span: SecondSpan) {
    this.#span = span;
  }

  add(latencies: Readonly<Partial<Record<LatencyName, EncodedLatencySeconds>>>): void {
    for (const [name, seconds] of Object.entries(latencies) as [LatencyName, EncodedLatencySeconds][]) {
      let sum = this.#sums.get(name);
      if (sum === undefined) {
        sum = new BucketSum();
        this.#sums.set(name, sum);
      }
      sum.add(seconds, this.#span);
    }
  }

  histograms(): RunLatencies {
    const measured = [...this.#sums].map(([name, sum]) => [name, sum.histogram()]);
    return { ...makeRunLatencies(), ...Object.fromEntries(measured) };
  }
}
