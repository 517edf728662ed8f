import type { Clock } from '../broker-clock.ts';
import type { Faults } from '../faults.ts';
import type { RuleTarget, SendOutcome } from './rules-engine.ts';

/** The rule's queue or stream as fault injection lets it be reached: messages come twice, or late. */
export class FaultyTarget implements RuleTarget {
  readonly #target: RuleTarget;
  readonly #faults: Faults;
  readonly #clock: Clock;

  constructor(target: RuleTarget, faults: Faults, clock: Clock) {
    this.#target = target;
    this.#faults = faults;
    this.#clock = clock;
  }

  get actionType(): RuleTarget['actionType'] {
    return this.#target.actionType;
  }

  send(body: Buffer, nowMs: number): SendOutcome | Promise<SendOutcome> {
    if (this.#faults.deliversPlainly) return this.#target.send(body, nowMs);
    const outcomes = [this.#sendOnce(body, nowMs)];
    if (this.#faults.duplicatesDelivery()) outcomes.push(this.#sendOnce(body, nowMs));
    if (outcomes.every((outcome) => outcome === true)) return true;
    return Promise.all(outcomes).then((all) => all.find((outcome) => outcome !== true) ?? true);
  }

  #sendOnce(body: Buffer, nowMs: number): SendOutcome | Promise<SendOutcome> {
    const late = Promise.withResolvers<SendOutcome>();
    const isLate = this.#faults.delaysDelivery(() => {
      const copy = Buffer.from(body);
      return () => late.resolve(this.#target.send(copy, this.#clock.now()));
    });
    return isLate ? late.promise : this.#target.send(body, nowMs);
  }
}
