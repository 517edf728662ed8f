import { type EncodedIntervals, IntervalSet } from './interval-set.ts';

/**
 * A command that was due so shortly before a device lost its subscription may have been under way by then, milliseconds: it counts as due
 * while the device was offline. A command that was sent later than this counts by when it was sent, and not by when it was due.
 */
export const underWayMs = 1_000;

/** How exactly it is recorded when a late command was sent, milliseconds. */
export const lateWindowMs = 100;

/** Commands that were sent late, all from `at` until `at + lateWindowMs`, epoch milliseconds. */
export interface LateSends {
  readonly at: number;
  /** Their numbers in their stream. */
  readonly n: EncodedIntervals;
}

/** Notes which commands of a backend's slice were sent more than `underWayMs` after they were due, and when. */
export class LateSendRecord {
  /** By number of the window since the epoch. */
  readonly #windows = new Map<number, IntervalSet>();

  /** @param atMs when command n was due @param sentMs both epoch milliseconds */
  sent(n: number, atMs: number, sentMs: number): void {
    if (sentMs - atMs <= underWayMs) return;
    const window = Math.floor(sentMs / lateWindowMs);
    let numbers = this.#windows.get(window);
    if (numbers === undefined) {
      numbers = new IntervalSet();
      this.#windows.set(window, numbers);
    }
    numbers.add(n);
  }

  encode(): LateSends[] {
    return [...this.#windows].map(([window, numbers]) => ({
      at: window * lateWindowMs,
      n: numbers.encode(),
    }));
  }
}
