import { ofEach } from '../shared/counts.ts';
import type { RunSeries } from './run-ledger.ts';
import type { PerSecondCounts } from './slice-result.ts';

const counters = ['intended', 'sent', 'acked', 'echoed', 'connected', 'arrivals', 'users'] as const;
type Counter = (typeof counters)[number];

/** Sums of counters by second, between two instants. What lies outside counts in the ledger, but is in no series. */
export class SecondSeries {
  readonly #startSecond: number;
  readonly #sums: Readonly<Record<Counter, Float64Array>>;

  /** @param from epoch milliseconds @param to epoch milliseconds */
  constructor(from: number, to: number) {
    this.#startSecond = Math.floor(from / 1000);
    const seconds = Math.ceil(to / 1000) - this.#startSecond;
    this.#sums = ofEach(counters, () => new Float64Array(seconds));
  }

  addSlice(counts: PerSecondCounts): void {
    for (const counter of counters) {
      if (counter !== 'arrivals') this.#add(counter, counts.startSecond, counts[counter] ?? []);
    }
  }

  addArrivals(startSecond: number, arrivals: readonly number[]): void {
    this.#add('arrivals', startSecond, arrivals);
  }

  /** From the first second in which anything happened to the last. */
  series(): RunSeries {
    const busy = (second: number) => counters.some((counter) => this.#sums[counter][second] !== 0);
    const length = this.#sums.sent.length;
    let from = 0;
    while (from < length && !busy(from)) from++;
    let to = length;
    while (to > from && !busy(to - 1)) to--;
    const { users, ...series } = ofEach(counters, (counter) =>
      Array.from(this.#sums[counter].subarray(from, to)),
    );
    const hasUsers = users.some((count) => count > 0);
    return { startSecond: this.#startSecond + from, ...series, ...(hasUsers ? { users } : {}) };
  }

  #add(counter: Counter, startSecond: number, counts: readonly number[]): void {
    const sums = this.#sums[counter];
    const offset = startSecond - this.#startSecond;
    const first = Math.max(0, -offset);
    const end = Math.min(counts.length, sums.length - offset);
    for (let i = first; i < end; i++) sums[offset + i]! += counts[i]!;
  }
}
