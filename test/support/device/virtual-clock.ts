import type { CancelTimer, Clock } from '../../../src/shared/clock.ts';
import { TimeHeap } from '../../../src/shared/time-heap.ts';

interface Timer {
  readonly fn: () => void;
  cancelled: boolean;
}

/** Time that passes only when a test advances it, as fast as the work in it allows. */
export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #timers = new TimeHeap<Timer>();

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, fn: () => void): CancelTimer {
    const timer: Timer = { fn, cancelled: false };
    this.#timers.add(this.#nowMs + Math.max(0, delayMs), timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** Time passes while nothing runs: the event loop was blocked, or the machine was. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /** Runs timers, and what they promise, until `work` is settled. @param goOn lets what follows a timer go on: streams need a turn of the event loop */
  async runUntil<T>(work: Promise<T>, goOn = settlePromises): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    work.then(settle, settle);
    for (let next = this.#timers.takeFirst(); next !== undefined; next = this.#timers.takeFirst()) {
      if (!next.item.cancelled) {
        this.#nowMs = Math.max(this.#nowMs, next.atMs);
        next.item.fn();
      }
      await goOn();
      if (isSettled) return work;
    }
    throw new Error('nothing is left that time could bring about');
  }
}

/** Lets every promise that can go on, go on. */
async function settlePromises(): Promise<void> {
  for (let i = 0; i < 5; i++) await undefined;
}
