import type { Clock } from '../broker-clock.ts';
import type { Faults } from '../faults.ts';

interface LateMessage {
  /** Epoch milliseconds. */
  readonly sinceMs: number;
  readonly dueMs: number;
  readonly deliver: (nowMs: number) => void;
}

/** Messages to clients that fault injection holds back: each client's leave in their order [MQTT-4.6.0-6]. */
export class LateOutbound {
  readonly #clock: Clock;
  readonly #faults: Faults;
  /** By session. */
  readonly #waiting = new Map<object, LateMessage[]>();

  constructor(clock: Clock, faults: Faults) {
    this.#clock = clock;
    this.#faults = faults;
  }

  /** Whether any message may be held back. */
  get isActive(): boolean {
    return this.#faults.delaysOutbound || this.#waiting.size > 0;
  }

  /** @returns false if the caller is to deliver it now */
  takes(session: object, deliver: (nowMs: number) => void): boolean {
    const delayMs = this.#faults.drawOutboundDelayMs();
    const before = this.#waiting.get(session);
    if (delayMs === 0 && before === undefined) return false;
    const sinceMs = this.#clock.now();
    const late = { sinceMs, dueMs: Math.max(sinceMs + delayMs, before?.at(-1)?.dueMs ?? 0), deliver };
    if (before === undefined) {
      this.#waiting.set(session, [late]);
      this.#faults.after(delayMs, () => this.#deliverDue(session));
    } else before.push(late);
    return true;
  }

  #deliverDue(session: object): void {
    const waiting = this.#waiting.get(session) ?? [];
    const now = this.#clock.now();
    const due = waiting.findIndex(({ dueMs }) => dueMs > now);
    for (const { sinceMs, deliver } of waiting.splice(0, due < 0 ? waiting.length : due)) {
      this.#faults.countOutbound(now - sinceMs);
      deliver(now);
    }
    const next = waiting[0];
    if (next === undefined) this.#waiting.delete(session);
    else this.#faults.after(next.dueMs - now, () => this.#deliverDue(session));
  }
}
