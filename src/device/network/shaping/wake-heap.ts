import type { CancelTimer, Clock } from '../../../shared/clock.ts';

/** Something that has work to do at an instant. A wake that comes too early, or twice, does no harm. */
export interface Sleeper {
  /** @param nowMs epoch milliseconds */
  wake(nowMs: number): void;
}

interface Wake {
  readonly atMs: number;
  readonly order: number;
  readonly sleeper: Sleeper;
}

/** Wakes of a whole slice on one timer of its clock, in the order of their instants. */
export class WakeHeap {
  readonly #clock: Clock;
  /** A binary heap. */
  readonly #wakes: Wake[] = [];
  #order = 0;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param atMs epoch milliseconds */
  add(atMs: number, sleeper: Sleeper): void {
    const wake = { atMs, order: this.#order++, sleeper };
    const heap = this.#wakes;
    let i = heap.push(wake) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(wake, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = wake;
    if (atMs < this.#timerAtMs) this.#setTimer(atMs);
  }

  close(): void {
    this.#cancelTimer();
    this.#wakes.length = 0;
  }

  #setTimer(atMs: number): void {
    this.#cancelTimer();
    this.#timerAtMs = atMs;
    this.#cancelTimer = this.#clock.setTimer(Math.max(0, atMs - this.#clock.now()), () => this.#run());
  }

  #run(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.now();
    for (let first = this.#wakes[0]; first !== undefined && first.atMs <= nowMs; first = this.#wakes[0]) {
      this.#removeFirst();
      first.sleeper.wake(nowMs);
    }
    const next = this.#wakes[0];
    if (next !== undefined && next.atMs < this.#timerAtMs) this.#setTimer(next.atMs);
  }

  #removeFirst(): void {
    const heap = this.#wakes;
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return;
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
  }
}

function isBefore(a: Wake, b: Wake): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
