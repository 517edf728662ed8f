import type { BookSteps } from '../plan/book-steps.ts';

/** Mean resident memory of one process by time, JSON-safe. */
export interface EncodedMemory {
  /** Epoch seconds: where the first step begins, a multiple of `secondsPerStep`. */
  readonly startSecond: number;
  readonly secondsPerStep: number;
  /** Kilobytes of 1,024 bytes, a step each; null: nothing was measured in it. */
  readonly kilobytes: readonly (number | null)[];
}

const firstStepSeconds = 10;
/** A process that runs for longer than this many steps has steps of twice the length. */
const mostSteps = 180;
const bytesPerKilobyte = 1_024;

/** Resident memory of one process as it runs: at most 180 values, whatever its time. */
export class MemorySeries {
  #secondsPerStep = firstStepSeconds;
  /** By number of the step since the epoch. */
  #steps = new Map<number, { sum: number; count: number }>();

  /** @param second epoch seconds */
  add(second: number, rssBytes: number): void {
    this.#addTo(Math.floor(second / this.#secondsPerStep), rssBytes, 1);
    while (this.#steps.size > mostSteps) this.#halve();
  }

  /** Undefined before the first value. */
  encode(): EncodedMemory | undefined {
    if (this.#steps.size === 0) return undefined;
    const first = Math.min(...this.#steps.keys());
    const length = Math.max(...this.#steps.keys()) + 1 - first;
    return {
      startSecond: first * this.#secondsPerStep,
      secondsPerStep: this.#secondsPerStep,
      kilobytes: Array.from({ length }, (_, i) => {
        const step = this.#steps.get(first + i);
        return step === undefined ? null : Math.round(step.sum / step.count / bytesPerKilobyte);
      }),
    };
  }

  #halve(): void {
    const shorter = this.#steps;
    this.#secondsPerStep *= 2;
    this.#steps = new Map();
    for (const [step, { sum, count }] of shorter) this.#addTo(Math.floor(step / 2), sum, count);
  }

  #addTo(step: number, sum: number, count: number): void {
    const known = this.#steps.get(step);
    if (known === undefined) {
      this.#steps.set(step, { sum, count });
      return;
    }
    known.sum += sum;
    known.count += count;
  }
}

/** Steps of a whole run. */
const mostRunSteps = 720;

/** Resident memory of all slices of a run and their legs, in any order: the mean over the processes that ran at a time. */
export class RunMemory {
  readonly #secondsPerStep: number;
  readonly #firstStep: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;

  /** What lies outside is left out. */
  constructor({ from, until }: Pick<BookSteps, 'from' | 'until'>) {
    this.#secondsPerStep =
      firstStepSeconds * Math.max(1, Math.ceil((until - from) / firstStepSeconds / mostRunSteps));
    this.#firstStep = Math.floor(from / this.#secondsPerStep);
    const steps = Math.ceil(until / this.#secondsPerStep) - this.#firstStep;
    this.#sums = new Float64Array(steps);
    this.#counts = new Uint32Array(steps);
  }

  /** @param encoded of a leg; undefined: it recorded none */
  add(encoded: EncodedMemory | undefined): void {
    for (const [i, kilobytes] of (encoded?.kilobytes ?? []).entries()) {
      if (encoded === undefined || kilobytes === null) continue;
      const { startSecond, secondsPerStep } = encoded;
      const middle = startSecond + (i + 0.5) * secondsPerStep;
      const step = Math.floor(middle / this.#secondsPerStep) - this.#firstStep;
      if (!(step >= 0 && step < this.#sums.length)) continue;
      this.#sums[step]! += kilobytes * bytesPerKilobyte;
      this.#counts[step]! += 1;
    }
  }

  /** Mean bytes of a process from `from` up to `to`, not included; null where none is known. Epoch seconds. */
  meanBetween(from: number, to: number): number | null {
    const first = Math.max(0, Math.ceil(from / this.#secondsPerStep) - this.#firstStep);
    const end = Math.min(this.#sums.length, Math.ceil(to / this.#secondsPerStep) - this.#firstStep);
    let sum = 0;
    let count = 0;
    for (let step = first; step < end; step++) {
      sum += this.#sums[step]!;
      count += this.#counts[step]!;
    }
    return count === 0 ? null : sum / count;
  }
}
