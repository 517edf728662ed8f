import type { BookSteps } from '../plan/book-steps.ts';
import { addBuckets, type EncodedBuckets, encodeBuckets, latencyBuckets } from './latency-buckets.ts';
import type { EncodedLatencySeconds } from './latency-seconds.ts';

/** Steps that may have their whole row of buckets in memory, 7 kB each: the seconds of a run of one leg. */
const openSteps = 1_024;

/** Latencies by step of a whole run: those of all slices, or of all arrival windows, added up in any order. */
export class LatencySeries {
  readonly #steps: BookSteps;
  /** By number of the step. */
  readonly #open = new Map<number, Uint32Array>();
  readonly #closed = new Map<number, EncodedBuckets>();

  /** @param steps what lies outside is in no series */
  constructor(steps: BookSteps) {
    this.#steps = steps;
  }

  get secondsPerStep(): number {
    return this.#steps.secondsPerStep;
  }

  /** @param encoded by second, or by step: what begins in a step is added to it */
  add(encoded: EncodedLatencySeconds): void {
    const { from, until, secondsPerStep } = this.#steps;
    for (const [key, buckets] of Object.entries(encoded)) {
      const second = Number(key);
      if (!(second >= from && second < until)) continue;
      addBuckets(this.#openAt(Math.floor((second - from) / secondsPerStep)), buckets);
    }
  }

  /** Where steps with samples begin, epoch seconds, in order. */
  starts(): number[] {
    const { from, secondsPerStep } = this.#steps;
    return [...this.#open.keys(), ...this.#closed.keys()]
      .sort((a, b) => a - b)
      .map((step) => from + step * secondsPerStep);
  }

  /** Counts by bucket of the steps that begin from `from` up to `to`, not included; epoch seconds. */
  countsBetween(from: number, to: number): Uint32Array {
    const { from: first, secondsPerStep } = this.#steps;
    const sum = new Uint32Array(latencyBuckets);
    const stepOf = (second: number) => Math.ceil((second - first) / secondsPerStep);
    for (let step = stepOf(from); step < stepOf(to); step++) {
      const counts = this.#open.get(step);
      if (counts === undefined) addBuckets(sum, this.#closed.get(step) ?? []);
      else for (let bucket = 0; bucket < sum.length; bucket++) sum[bucket]! += counts[bucket]!;
    }
    return sum;
  }

  #openAt(step: number): Uint32Array {
    let counts = this.#open.get(step);
    if (counts === undefined) {
      counts = new Uint32Array(latencyBuckets);
      addBuckets(counts, this.#closed.get(step) ?? []);
      this.#closed.delete(step);
      if (this.#open.size >= openSteps) this.#closeFirst();
      this.#open.set(step, counts);
    }
    return counts;
  }

  /** The step that has been open for the longest: nearly always the earliest. */
  #closeFirst(): void {
    const [first] = this.#open;
    if (first === undefined) return;
    const [step, counts] = first;
    this.#closed.set(step, encodeBuckets(counts));
    this.#open.delete(step);
  }
}
