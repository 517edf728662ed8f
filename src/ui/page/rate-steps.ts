import type { LiveSecond } from '../../live/run-in-progress.ts';

/** Counters that the plot of rates shows. */
export type RateCounter = 'intended' | 'sent' | 'acked' | 'arrivals';

/** Seconds, and the steps that older ones were folded into, put into steps of one length. */
export class RateSteps {
  readonly #startSecond: number;
  readonly #seconds: number;
  readonly #secondsPerStep: number;

  /** @param startSecond where the first step begins, epoch seconds @param seconds how long all of them are */
  constructor(startSecond: number, seconds: number, secondsPerStep: number) {
    this.#startSecond = startSecond;
    this.#seconds = seconds;
    this.#secondsPerStep = secondsPerStep;
  }

  /** By step. What lies in two steps is divided by time; the last step, of which a part is over, goes on as that part does. */
  sums(slots: readonly LiveSecond[], counter: RateCounter): number[] {
    const sums = this.#empty();
    for (const slot of slots)
      this.#visit(slot, (step, seconds) => {
        sums[step]! += (slot[counter] / (slot.seconds ?? 1)) * seconds;
      });
    const last = sums.length - 1;
    if (last >= 0) sums[last]! *= this.#secondsPerStep / (this.#seconds - last * this.#secondsPerStep);
    return sums;
  }

  /** By step: the most that one second of it had. */
  peaks(slots: readonly LiveSecond[], counter: Exclude<RateCounter, 'acked'>): number[] {
    const peaks = this.#empty();
    for (const slot of slots)
      this.#visit(slot, (step) => {
        peaks[step] = Math.max(peaks[step]!, (slot.peaks ?? slot)[counter]);
      });
    return peaks;
  }

  #empty(): number[] {
    return new Array<number>(Math.ceil(this.#seconds / this.#secondsPerStep)).fill(0);
  }

  /** @param take for each step that the slot lies in: how many of its seconds do */
  #visit({ second, seconds = 1 }: LiveSecond, take: (step: number, seconds: number) => void): void {
    const from = Math.max(0, second - this.#startSecond);
    const until = second + seconds - this.#startSecond;
    const length = this.#secondsPerStep;
    for (let step = Math.floor(from / length); step * length < until; step++)
      take(step, Math.min(until, (step + 1) * length) - Math.max(from, step * length));
  }
}
