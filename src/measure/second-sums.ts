import type { BookSteps } from '../plan/book-steps.ts';
import { ofEach } from '../shared/counts.ts';
import { FoldedCounts } from './folded-counts.ts';

/** Some counters by time. */
export class SecondSums<Counter extends string> {
  readonly #counts: Readonly<Record<Counter, FoldedCounts>>;

  constructor(counters: readonly Counter[], steps: BookSteps) {
    this.#counts = ofEach(counters, () => new FoldedCounts(steps));
  }

  of(counter: Counter): FoldedCounts {
    return this.#counts[counter];
  }

  /** As of `FoldedCounts`. */
  add(counter: Counter, startSecond: number, counts: ArrayLike<number>, times = 1): void {
    this.#counts[counter].add(startSecond, counts, times);
  }
}
