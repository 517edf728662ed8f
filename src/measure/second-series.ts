import { ofEach } from '../shared/counts.ts';
import type { RunSeries } from './run-ledger.ts';
import { SecondSums } from './second-sums.ts';
import type { PerSecondCounts } from './slice-result.ts';

const counters = ['intended', 'sent', 'acked', 'echoed', 'connected', 'arrivals', 'users'] as const;
type Counter = (typeof counters)[number];

/** Sums of counters by second, between two instants. What lies outside counts in the ledger, but is in no series. */
export class SecondSeries {
  readonly #sums: SecondSums<Counter>;

  /** @param from epoch milliseconds @param to epoch milliseconds */
  constructor(from: number, to: number) {
    this.#sums = new SecondSums(counters, { from, to });
  }

  addSlice(counts: PerSecondCounts): void {
    for (const counter of counters) {
      if (counter !== 'arrivals') this.#sums.add(counter, counts.startSecond, counts[counter] ?? []);
    }
  }

  addArrivals(startSecond: number, arrivals: readonly number[]): void {
    this.#sums.add('arrivals', startSecond, arrivals);
  }

  /** From the first second in which anything happened to the last. */
  series(): RunSeries {
    const busy = (second: number) => counters.some((counter) => this.#sums.of(counter)[second] !== 0);
    const { length } = this.#sums.of('sent');
    let from = 0;
    while (from < length && !busy(from)) from++;
    let to = length;
    while (to > from && !busy(to - 1)) to--;
    const { users, ...series } = ofEach(counters, (counter) =>
      Array.from(this.#sums.of(counter).subarray(from, to)),
    );
    const hasUsers = users.some((count) => count > 0);
    return { startSecond: this.#sums.startSecond + from, ...series, ...(hasUsers ? { users } : {}) };
  }
}
