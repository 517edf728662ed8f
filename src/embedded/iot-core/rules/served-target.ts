import type { ServiceTime } from '../../../profile/service-faults.ts';
import { TimeHeap } from '../../../shared/time-heap.ts';
import type { CancelTimer, Clock } from '../broker-clock.ts';
import type { Faults } from '../faults.ts';
import type { ActionFailure, RuleTarget, SendOutcome } from './rules-engine.ts';
import { ServerPool } from './server-pool.ts';

interface Departure {
  readonly body: Buffer;
  readonly settle: (outcome: SendOutcome | Promise<SendOutcome>) => void;
}

/**
 * The rule's target behind a service of limited capacity (fault `serviceTime`). When a message leaves the service is computed at its
 * arrival, by the service's clock; one timer wakes for the next to leave. A message has the stamp of the instant at which it left, not of
 * the timer.
 */
export class ServedTarget implements RuleTarget {
  readonly #target: RuleTarget;
  readonly #faults: Faults;
  readonly #clock: Clock;
  readonly #servers = new ServerPool();
  /** Instants in the service count from here: a double near today's epoch has steps of 0.0002 ms, which would add up. */
  readonly #originMs: number;
  /** Messages in the service, by when they leave it. */
  readonly #inside = new TimeHeap<Departure>();
  #count = 0;
  /** The instant for which the timer is set: one timer a millisecond, however many messages leave. */
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer = () => {};

  constructor(target: RuleTarget, faults: Faults, clock: Clock) {
    this.#target = target;
    this.#faults = faults;
    this.#clock = clock;
    this.#originMs = clock.now();
  }

  get actionType(): RuleTarget['actionType'] {
    return this.#target.actionType;
  }

  send(body: Buffer, nowMs: number): SendOutcome | Promise<SendOutcome> {
    const { serviceTime } = this.#faults;
    if (serviceTime === 0) return this.#target.send(body, nowMs);
    const arrivalMs = nowMs - this.#originMs;
    this.#letDepart(arrivalMs);
    if (this.#isFull(serviceTime)) {
      this.#faults.countRefusedDelivery();
      return queueIsFull;
    }
    const serviceMs = this.#faults.drawServiceMs(serviceTime);
    const startMs = this.#servers.serve(arrivalMs, serviceMs, serviceTime.servers);
    this.#faults.countServed(startMs - arrivalMs, serviceMs);
    const { promise, resolve } = Promise.withResolvers<SendOutcome>();
    this.#inside.add(startMs + serviceMs, { body: Buffer.from(body), settle: resolve });
    this.#count++;
    this.#setTimer();
    return promise;
  }

  #isFull({ servers, queueLimit = Number.POSITIVE_INFINITY }: ServiceTime): boolean {
    return this.#count >= servers + queueLimit;
  }

  #now(): number {
    return this.#clock.now() - this.#originMs;
  }

  /** Delivers what has left the service by now. */
  #letDepart(untilMs: number): void {
    for (
      let next = this.#inside.first;
      next !== undefined && next.atMs <= untilMs;
      next = this.#inside.first
    ) {
      this.#inside.takeFirst();
      this.#count--;
      this.#faults.countDeparted();
      // In a pause nothing is delivered.
      const atMs = Math.max(Math.floor(this.#originMs + next.atMs), this.#faults.resumedAtMs);
      next.item.settle(this.#target.send(next.item.body, atMs));
    }
  }

  #setTimer(): void {
    const next = this.#inside.first;
    const wakeAtMs = Math.ceil(next?.atMs ?? Number.POSITIVE_INFINITY);
    if (wakeAtMs >= this.#wakesAtMs) return;
    this.#cancelTimer();
    this.#wakesAtMs = wakeAtMs;
    this.#cancelTimer = this.#faults.after(Math.max(0, wakeAtMs - this.#now()), () => {
      this.#wakesAtMs = Number.POSITIVE_INFINITY;
      this.#letDepart(this.#now());
      this.#setTimer();
    });
  }
}

/** A rule's action that its service refuses: the message is the error action's. */
const queueIsFull: ActionFailure = {
  failedAction: 'ServiceTime',
  failedResource: 'service',
  errorMessage: 'The queue of the service is full (fault serviceTime, queueLimit).',
};
