import { type BookSteps, countSteps } from '../plan/book-steps.ts';

/** Seconds that are kept one by one: longer than a leg, or an hour of a run, and all that comes late of it. */
const openSeconds = 7_200;

/**
 * One counter by time: its sum in each step, and the most that one second of the step had. Sums are exact in any order. To know a second
 * all its counts are needed: seconds stay open until one comes that is two hours later, and are then folded into their steps. What
 * comes for a folded second is added to the peak of its step, which is then an upper bound. Memory depends on the steps alone.
 */
export class FoldedCounts {
  readonly #steps: BookSteps;
  readonly #sums: Float64Array;
  /** Of steps that were folded. */
  readonly #peaks: Float64Array;
  /** Seconds of whole steps, each at its number modulo the length; empty where a step is a second. */
  readonly #open: Float64Array;
  readonly #openSteps: number;
  /** The first step whose seconds are open. */
  #firstOpen = 0;
  #isBound = false;

  constructor(steps: BookSteps) {
    const { secondsPerStep } = steps;
    const count = countSteps(steps);
    const isFolded = secondsPerStep > 1;
    this.#steps = steps;
    this.#sums = new Float64Array(count);
    this.#peaks = new Float64Array(isFolded ? count : 0);
    this.#openSteps = Math.min(count, Math.ceil(openSeconds / secondsPerStep));
    this.#open = new Float64Array(isFolded ? this.#openSteps * secondsPerStep : 0);
  }

  /** Whether some peaks are upper bounds: counts came for seconds that were folded. */
  get hasBounds(): boolean {
    return this.#isBound;
  }

  /** What lies outside the steps is not counted. @param startSecond of the first count, epoch seconds @param times how often each is added */
  add(startSecond: number, counts: ArrayLike<number>, times = 1): void {
    const { from, until, secondsPerStep } = this.#steps;
    const offset = Math.floor(startSecond) - from;
    const end = Math.min(counts.length, until - from - offset);
    let lateStep = -1;
    let late = 0;
    for (let i = Math.max(0, -offset); i < end; i++) {
      const count = counts[i]! * times;
      if (count === 0) continue;
      const second = offset + i;
      const step = Math.floor(second / secondsPerStep);
      this.#sums[step]! += count;
      if (secondsPerStep === 1) continue;
      if (step >= this.#firstOpen + this.#openSteps) this.#foldBefore(step - this.#openSteps + 1);
      if (step >= this.#firstOpen) {
        this.#open[second % this.#open.length]! += count;
      } else if (step === lateStep) {
        late = Math.max(late, count);
      } else {
        this.#raise(lateStep, late);
        lateStep = step;
        late = count;
      }
    }
    this.#raise(lateStep, late);
  }

  /** By step. */
  sums(): Float64Array {
    return this.#sums;
  }

  /** By step: the most that one second had. */
  peaks(): Float64Array {
    if (this.#steps.secondsPerStep === 1) return this.#sums;
    const peaks = this.#peaks.slice();
    const end = Math.min(peaks.length, this.#firstOpen + this.#openSteps);
    for (let step = this.#firstOpen; step < end; step++) peaks[step] = this.#mostOf(step);
    return peaks;
  }

  /** Of all seconds. */
  most(): number {
    return this.peaks().reduce((most, peak) => Math.max(most, peak), 0);
  }

  /** @param second epoch seconds @returns its count; of a second that was folded the most that it can have been */
  at(second: number): number {
    const { from, until, secondsPerStep } = this.#steps;
    if (!(second >= from && second < until)) return 0;
    const step = Math.floor((second - from) / secondsPerStep);
    if (secondsPerStep === 1) return this.#sums[step]!;
    if (step < this.#firstOpen) return this.#peaks[step]!;
    return step < this.#firstOpen + this.#openSteps ? this.#open[(second - from) % this.#open.length]! : 0;
  }

  #mostOf(step: number): number {
    const { secondsPerStep } = this.#steps;
    const at = (step * secondsPerStep) % this.#open.length;
    let most = 0;
    for (let i = at; i < at + secondsPerStep; i++) most = Math.max(most, this.#open[i]!);
    return most;
  }

  #foldBefore(firstOpen: number): void {
    const { secondsPerStep } = this.#steps;
    const end = Math.min(firstOpen, this.#firstOpen + this.#openSteps);
    for (let step = this.#firstOpen; step < end; step++) {
      this.#peaks[step] = this.#mostOf(step);
      const at = (step * secondsPerStep) % this.#open.length;
      this.#open.fill(0, at, at + secondsPerStep);
    }
    this.#firstOpen = firstOpen;
  }

  #raise(step: number, count: number): void {
    if (step < 0) return;
    this.#peaks[step]! += count;
    this.#isBound = true;
  }
}
