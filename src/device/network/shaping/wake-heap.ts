import type { CancelTimer, Clock } from '../../../shared/clock.ts';
import { TimeHeap } from '../../../shared/time-heap.ts';

/** Something that has work to do at an instant. A wake that comes too early, or twice, does no harm. */
export interface Sleeper {
  /** @param nowMs epoch milliseconds */
  wake(nowMs: number): void;
}

/** Wakes of a whole slice on one timer of its clock, in the order of their instants. */
export class WakeHeap {
  readonly #clock: Clock;
  readonly #wakes = new TimeHeap<Sleeper>();
  #timerAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param atMs epoch milliseconds */
  add(atMs: number, sleeper: Sleeper): void {
    this.#wakes.add(atMs, sleeper);
    if (atMs < this.#timerAtMs) this.#setTimer(atMs);
  }

  close(): void {
    this.#cancelTimer();
    this.#wakes.clear();
  }

  #setTimer(atMs: number): void {
    this.#cancelTimer();
    this.#timerAtMs = atMs;
    this.#cancelTimer = this.#clock.setTimer(Math.max(0, atMs - this.#clock.now()), () => this.#run());
  }

  #run(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.now();
    let next = this.#wakes.first;
    for (; next !== undefined && next.atMs <= nowMs; next = this.#wakes.first) {
      this.#wakes.takeFirst();
      next.item.wake(nowMs);
    }
    if (next !== undefined && next.atMs < this.#timerAtMs) this.#setTimer(next.atMs);
  }
}
