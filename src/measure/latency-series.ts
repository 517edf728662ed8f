import { addBuckets, latencyBuckets } from './latency-buckets.ts';
import type { EncodedLatencySeconds } from './latency-seconds.ts';

/** Latencies by second of a whole run: those of all slices, or of all arrival windows, added up in any order. */
export class LatencySeries {
  readonly #fromSecond: number;
  readonly #toSecond: number;
  readonly #seconds = new Map<number, Uint32Array>();

  /** What lies outside is in no series. @param from epoch milliseconds @param to epoch milliseconds */
  constructor(from: number, to: number) {
    this.#fromSecond = Math.floor(from / 1_000);
    this.#toSecond = Math.ceil(to / 1_000);
  }

  add(encoded: EncodedLatencySeconds): void {
    for (const [key, buckets] of Object.entries(encoded)) {
      const second = Number(key);
      if (second >= this.#fromSecond && second < this.#toSecond) addBuckets(this.#countsOf(second), buckets);
    }
  }

  /** Epoch seconds with samples, in order. */
  seconds(): number[] {
    return [...this.#seconds.keys()].sort((a, b) => a - b);
  }

  /** Counts by bucket of the seconds from `from` up to `to`, not included. */
  countsBetween(from: number, to: number): Uint32Array {
    const sum = new Uint32Array(latencyBuckets);
    for (let second = from; second < to; second++) {
      const counts = this.#seconds.get(second);
      if (counts === undefined) continue;
      for (let bucket = 0; bucket < sum.length; bucket++) sum[bucket]! += counts[bucket]!;
    }
    return sum;
  }

  #countsOf(second: number): Uint32Array {
    let counts = this.#seconds.get(second);
    if (counts === undefined) {
      counts = new Uint32Array(latencyBuckets);
      this.#seconds.set(second, counts);
    }
    return counts;
  }
}
