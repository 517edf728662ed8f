import type { BookSteps } from '../plan/book-steps.ts';
import { ofEach } from '../shared/counts.ts';
import type { RunSeries } from './run-ledger.ts';
import { SecondSums } from './second-sums.ts';
import type { PerSecondCounts } from './slice-result.ts';

const counters = ['intended', 'sent', 'acked', 'echoed', 'connected', 'arrivals', 'users'] as const;
type Counter = (typeof counters)[number];

/** Those of which figures name the busiest second. */
const peaked = ['intended', 'sent', 'connected', 'arrivals'] as const;

/** Sums of counters by step of a run. What lies outside its steps counts in the ledger, but is in no series. */
export class SecondSeries {
  readonly #steps: BookSteps;
  readonly #sums: SecondSums<Counter>;

  constructor(steps: BookSteps) {
    this.#steps = steps;
    this.#sums = new SecondSums(counters, steps);
  }

  addSlice(counts: PerSecondCounts): void {
    for (const counter of counters) {
      if (counter !== 'arrivals') this.#sums.add(counter, counts.startSecond, counts[counter] ?? []);
    }
  }

  addArrivals(startSecond: number, arrivals: readonly number[]): void {
    this.#sums.add('arrivals', startSecond, arrivals);
  }

  /** From the first step in which anything happened to the last. */
  series(): RunSeries {
    const { from: startSecond, secondsPerStep } = this.#steps;
    const sums = ofEach(counters, (counter) => this.#sums.of(counter).sums());
    const busy = (step: number) => counters.some((counter) => sums[counter][step] !== 0);
    const { length } = sums.sent;
    let from = 0;
    while (from < length && !busy(from)) from++;
    let to = length;
    while (to > from && !busy(to - 1)) to--;
    const listOf = (values: Float64Array) => Array.from(values.subarray(from, to));
    const peaksOf = (counter: Counter) => listOf(this.#sums.of(counter).peaks());
    const { users, ...series } = ofEach(counters, (counter) => listOf(sums[counter]));
    const hasUsers = users.some((count) => count > 0);
    return {
      startSecond: startSecond + from * secondsPerStep,
      ...series,
      ...(hasUsers && { users }),
      ...(secondsPerStep > 1 && {
        secondsPerStep,
        peaks: { ...ofEach(peaked, peaksOf), ...(hasUsers && { users: peaksOf('users') }) },
        ...(counters.some((counter) => this.#sums.of(counter).hasBounds) && { peaksAreBounds: true }),
      }),
    };
  }
}
