import type { CancelTimer, Clock } from '../../../src/shared/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly fn: () => void;
  cancelled: boolean;
}

/** Time that passes only when a test advances it, as fast as the work in it allows. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #timers: Timer[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, fn: () => void): CancelTimer {
    const timer: Timer = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      fn,
      cancelled: false,
    };
    // A heap by time, then by order of setting.
    const heap = this.#timers;
    let i = heap.push(timer) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = timer;
    return () => {
      timer.cancelled = true;
    };
  }

  /** Time passes while nothing runs: the event loop was blocked, or the machine was. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /** Runs timers, and what they promise, until `work` is settled. */
  async runUntil<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    work.then(settle, settle);
    for (let timer = this.#next(); timer !== undefined; timer = this.#next()) {
      if (!timer.cancelled) {
        this.#nowMs = Math.max(this.#nowMs, timer.atMs);
        timer.fn();
      }
      // Lets every promise that can go on, go on.
      for (let i = 0; i < 5; i++) await undefined;
      if (isSettled) return work;
    }
    throw new Error('nothing is left that time could bring about');
  }

  #next(): Timer | undefined {
    const heap = this.#timers;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
