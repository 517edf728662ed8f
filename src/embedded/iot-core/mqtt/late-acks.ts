import type { Clock } from '../broker-clock.ts';
import type { Faults } from '../faults.ts';

/** What a PUBACK that is held back leaves by. */
interface AckSender {
  readonly closed: boolean;
  lateAcks: number;
  sendPuback(packetId: number): void;
  flush(): void;
}

interface LateAck {
  readonly packetId: number;
  /** Epoch milliseconds. */
  readonly dueMs: number;
}

/** PUBACKs that fault injection holds back: each connection's leave in the order of their publishes [MQTT-4.6.0-2]. */
export class LateAcks {
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #waiting = new Map<AckSender, LateAck[]>();

  constructor(clock: Clock, faults: Faults) {
    this.#clock = clock;
    this.#faults = faults;
  }

  /** @returns false if the caller is to send the PUBACK now */
  takes(connection: AckSender, packetId: number): boolean {
    const delayMs = this.#faults.drawAckDelayMs();
    if (delayMs === 0 && this.#waiting.size === 0) return false;
    const before = this.#waiting.get(connection);
    if (delayMs === 0 && before === undefined) return false;
    connection.lateAcks++;
    const dueMs = Math.max(this.#clock.now() + delayMs, before?.at(-1)?.dueMs ?? 0);
    if (before === undefined) {
      this.#waiting.set(connection, [{ packetId, dueMs }]);
      this.#faults.after(delayMs, () => this.#sendDue(connection));
    } else {
      before.push({ packetId, dueMs });
    }
    return true;
  }

  #sendDue(connection: AckSender): void {
    const waiting = this.#waiting.get(connection) ?? [];
    if (connection.closed) waiting.length = 0;
    const now = this.#clock.now();
    let sent = 0;
    for (; sent < waiting.length && waiting[sent]!.dueMs <= now; sent++)
      connection.sendPuback(waiting[sent]!.packetId);
    waiting.splice(0, sent);
    connection.lateAcks -= sent;
    if (sent > 0) connection.flush();
    const next = waiting[0];
    if (next === undefined) this.#waiting.delete(connection);
    else this.#faults.after(next.dueMs - now, () => this.#sendDue(connection));
  }
}
