import { ofEach } from '../shared/counts.ts';

/** Sums of some counters by whole second, between two instants; what lies outside is in none of them. */
export class SecondSums<Counter extends string> {
  /** Epoch seconds. */
  readonly startSecond: number;
  readonly #sums: Readonly<Record<Counter, Float64Array>>;

  /** @param from epoch milliseconds @param to epoch milliseconds */
  constructor(counters: readonly Counter[], { from, to }: { readonly from: number; readonly to: number }) {
    this.startSecond = Math.floor(from / 1_000);
    const seconds = Math.ceil(to / 1_000) - this.startSecond;
    this.#sums = ofEach(counters, () => new Float64Array(seconds));
  }

  /** By second since `startSecond`. */
  of(counter: Counter): Float64Array {
    return this.#sums[counter];
  }

  /** @param startSecond of the first count, epoch seconds @param times how often each count is added */
  add(counter: Counter, startSecond: number, counts: readonly number[], times = 1): void {
    const sums = this.#sums[counter];
    const offset = startSecond - this.startSecond;
    const first = Math.max(0, -offset);
    const end = Math.min(counts.length, sums.length - offset);
    for (let i = first; i < end; i++) sums[offset + i]! += counts[i]! * times;
  }
}
