import {
  addBuckets,
  bucketPercentile,
  type EncodedBuckets,
  latencyBuckets,
  mergeBuckets,
} from './latency-buckets.ts';
import type { EncodedLatencySeconds } from './latency-seconds.ts';

/** What a device group, or a kind of message, did in the course of a run. All lists are of one length: one value a step. */
export interface PartOverTime {
  /** Epoch seconds: where the first step begins. */
  readonly startSecond: number;
  readonly secondsPerStep: number;
  /** Messages in the step, by the instant they were due, sent, and seen at the primary observer (duplicates included). */
  readonly intended: readonly number[];
  readonly sent: readonly number[];
  readonly arrivals: readonly number[];
  /** `end_to_end_latency` of what arrived in the step, milliseconds, right to 1.6 %; null: nothing did. */
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}

const counters = ['intended', 'sent', 'arrivals'] as const;
type Counter = (typeof counters)[number];

/** Steps of all series of a run together: what bounds their memory and their part of report.json. */
const maxStepsOfRun = 24_000;
const stepsOfPart = { least: 24, most: 240 } as const;

/** @param parts device groups and kinds of message of the run @returns how many steps the series of each may have */
export function stepLimitOf(parts: number): number {
  const share = Math.floor(maxStepsOfRun / Math.max(1, parts));
  return Math.min(stepsOfPart.most, Math.max(stepsOfPart.least, share));
}

/**
 * Counts and latencies of one part of a run, by steps of whole seconds: of one second, doubled whenever what comes
 * would not fit into the steps. Memory does not depend on the length of the run.
 */
export class PartSeries {
  readonly #from: number;
  readonly #to: number;
  readonly #maxSteps: number;
  readonly #counts: Readonly<Record<Counter, Float64Array>>;
  readonly #latency: EncodedBuckets[] = [];
  readonly #scratch = new Uint32Array(latencyBuckets);
  #secondsPerStep = 1;

  /** What lies outside is in no series. @param from epoch milliseconds @param to epoch milliseconds */
  constructor(from: number, to: number, maxSteps: number) {
    this.#from = Math.floor(from / 1_000);
    this.#to = Math.ceil(to / 1_000);
    this.#maxSteps = maxSteps;
    this.#counts = {
      intended: new Float64Array(maxSteps),
      sent: new Float64Array(maxSteps),
      arrivals: new Float64Array(maxSteps),
    };
  }

  /** @param counts by second from `startSecond` (epoch seconds) on */
  add(counter: Counter, startSecond: number, counts: readonly number[]): void {
    const sums = this.#counts[counter];
    for (const [i, count] of counts.entries()) {
      const step = count === 0 ? undefined : this.#stepOf(startSecond + i);
      if (step !== undefined) sums[step]! += count;
    }
  }

  /** @param encoded by second from `startSecond` on: seconds to skip, then a count, and so on */
  addEncoded(counter: Counter, startSecond: number, encoded: EncodedBuckets): void {
    let second = startSecond;
    for (let i = 0; i + 1 < encoded.length; i += 2) {
      second += encoded[i]!;
      this.add(counter, second, [encoded[i + 1]!]);
      second++;
    }
  }

  /** Messages by the second of their arrival. */
  addArrivals(latencies: EncodedLatencySeconds): void {
    for (const [second, buckets] of Object.entries(latencies)) {
      const step = this.#stepOf(Number(second));
      if (step === undefined) continue;
      for (let i = 1; i < buckets.length; i += 2) this.#counts.arrivals[step]! += buckets[i]!;
      this.#latency[step] = mergeBuckets(this.#latency[step] ?? [], buckets);
    }
  }

  /** From the first step in which anything happened to the last; undefined: nothing did. */
  overTime(): PartOverTime | undefined {
    const isBusy = (_: unknown, step: number) =>
      counters.some((counter) => this.#counts[counter][step] !== 0);
    const first = this.#counts.sent.findIndex(isBusy);
    if (first < 0) return undefined;
    const end = this.#counts.sent.findLastIndex(isBusy) + 1;
    const countsOf = (counter: Counter) => Array.from(this.#counts[counter].subarray(first, end));
    const percentiles = (share: number) =>
      Array.from({ length: end - first }, (_, i) => this.#percentile(first + i, share));
    return {
      startSecond: this.#from + first * this.#secondsPerStep,
      secondsPerStep: this.#secondsPerStep,
      intended: countsOf('intended'),
      sent: countsOf('sent'),
      arrivals: countsOf('arrivals'),
      p50: percentiles(0.5),
      p99: percentiles(0.99),
    };
  }

  #percentile(step: number, share: number): number | null {
    this.#scratch.fill(0);
    addBuckets(this.#scratch, this.#latency[step] ?? []);
    const ms = bucketPercentile(this.#scratch, share);
    return ms === undefined ? null : Number(ms.toPrecision(4));
  }

  #stepOf(second: number): number | undefined {
    if (!(second >= this.#from && second < this.#to)) return undefined;
    const since = second - this.#from;
    while (since >= this.#maxSteps * this.#secondsPerStep) this.#double();
    return Math.floor(since / this.#secondsPerStep);
  }

  #double(): void {
    this.#secondsPerStep *= 2;
    for (let step = 0; step < this.#maxSteps; step++) {
      const [even, odd] = [2 * step, 2 * step + 1];
      for (const counter of counters) {
        const sums = this.#counts[counter];
        sums[step] = (sums[even] ?? 0) + (sums[odd] ?? 0);
      }
      this.#latency[step] = mergeBuckets(this.#latency[even] ?? [], this.#latency[odd] ?? []);
    }
  }
}
