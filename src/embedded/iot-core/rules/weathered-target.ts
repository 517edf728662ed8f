import type { Clock } from '../clock.ts';
import type { Weather } from '../weather.ts';
import type { RuleTarget } from './rules-engine.ts';

/** The rule's queue as the weather lets it be reached: messages come twice, or late. */
export class WeatheredTarget implements RuleTarget {
  readonly #target: RuleTarget;
  readonly #weather: Weather;
  readonly #clock: Clock;

  constructor(target: RuleTarget, weather: Weather, clock: Clock) {
    this.#target = target;
    this.#weather = weather;
    this.#clock = clock;
  }

  send(body: Buffer, nowMs: number): boolean {
    if (this.#weather.deliversPlainly) return this.#target.send(body, nowMs);
    const times = this.#weather.duplicatesDelivery() ? 2 : 1;
    let isTaken = true;
    for (let i = 0; i < times; i++) {
      const isLate = this.#weather.delaysDelivery(() => {
        const copy = Buffer.from(body);
        return () => this.#target.send(copy, this.#clock.now());
      });
      if (!isLate) isTaken = this.#target.send(body, nowMs) && isTaken;
    }
    return isTaken;
  }
}
