import { randomUUID } from 'node:crypto';
import { type Access, fullAccess } from './access.ts';
import type { Message, PublishHeaders } from './message.ts';
import type { QoS, ReasonCode } from './protocol.ts';
import type { Subscriber, Subscription } from './subscriptions.ts';
import type { TopicFilter } from './topic-filter.ts';

/** A QoS 1 message towards this session. */
interface Outgoing {
  readonly message: Message;
  readonly retain: boolean;
  /** Of one that was sent before, on an earlier connection. */
  readonly packetId?: number;
}

/**
 * What waits for its turn in one session, in messages and in bytes of payload: what comes after is dropped. AWS limits
 * what a persistent session keeps by account and rate; here it is what keeps one subscriber from filling the memory.
 */
const maxWaiting = 10_000;
const maxWaitingBytes = 64 * 1_048_576;
const maxPacketId = 65_535;

/** A client's connection, as far as its session needs it. */
export interface SessionConnection {
  /** QoS 1 messages the client takes at once. */
  readonly receiveMaximum: number;
  readonly hasRoom: boolean;
  sendQos0(message: Message, retain: boolean, nowMs: number): void;
  /** @returns false if it was dropped */
  sendQos1(message: Message, retain: boolean, packetId: number, nowMs: number): boolean;
  close(reasonCode: ReasonCode): void;
}

/** What outlives a connection (4.1): subscriptions, and QoS 1 messages that are in flight or wait. */
export class Session implements Subscriber {
  readonly clientId: string;
  /** Seconds after the connection's end; 0: the session ends with it (3.1.2.11.2). */
  expirySeconds: number;
  /** Undefined while the client is away. */
  connection: SessionConnection | undefined;
  /** Epoch milliseconds of the connection's end. */
  awaySinceMs = 0;
  will: Will | undefined;
  /** Of the last connection. */
  access: Access = fullAccess;
  /** By the filter as the client wrote it. */
  readonly subscriptions = new Map<
    string,
    { readonly filter: TopicFilter; readonly subscription: Subscription }
  >();
  /** By packet identifier, in the order they were sent. Made when first needed: most devices only publish. */
  #onTheWay: Map<number, Outgoing> | undefined;
  #waiting: Outgoing[] | undefined;
  #waitingBytes = 0;
  #lastPacketId = 0;
  #identifier: string | undefined;

  constructor(clientId: string, expirySeconds: number) {
    this.clientId = clientId;
    this.expirySeconds = expirySeconds;
  }

  /** 32 hexadecimal digits; in life-cycle events only. */
  get identifier(): string {
    this.#identifier ??= randomUUID().replaceAll('-', '');
    return this.#identifier;
  }

  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  get isPersistent(): boolean {
    return this.expirySeconds > 0;
  }

  /**
   * Sends the message, or keeps it for later: QoS 1 for a client that is away or has its fill.
   * @param qos of the delivery: the lower of the message's and the subscription's (3.8.4)
   * @returns false if the session keeps no more; what its connection drops, the connection counts
   */
  deliver(message: Message, qos: QoS, retain: boolean, nowMs: number): boolean {
    const { connection } = this;
    if (qos === 0) {
      connection?.sendQos0(message, retain, nowMs);
      return true;
    }
    if (connection === undefined && !this.isPersistent) return false;
    // [MQTT-4.6.0-6] Room may be there again before its turn is: what waits goes first.
    if (connection !== undefined && !this.#hasWaiting && this.#mayTakeMore(connection)) {
      this.#send(connection, { message, retain }, nowMs);
      return true;
    }
    this.#waiting ??= [];
    const waitingBytes = this.#waitingBytes + message.payload.length;
    if (this.#waiting.length >= maxWaiting || waitingBytes > maxWaitingBytes) return false;
    this.#waiting.push({ message, retain });
    this.#waitingBytes = waitingBytes;
    return true;
  }

  /** [MQTT-4.3.2-5] The packet identifier is free again. Unknown ones are ignored, as the service does. */
  acknowledge(packetId: number, nowMs: number): void {
    if (this.#onTheWay?.delete(packetId) === true) this.sendWaiting(nowMs);
  }

  /**
   * [MQTT-4.4.0-1] On a new connection, what was in flight is sent once more, under its old identifiers: before all that
   * waits, and no more at once than this connection takes [MQTT-3.3.4-9].
   */
  resume(nowMs: number): void {
    if (this.#onTheWay !== undefined) {
      const again = [...this.#onTheWay].map(([packetId, outgoing]) => ({ ...outgoing, packetId }));
      this.#onTheWay.clear();
      for (const { message } of again) this.#waitingBytes += message.payload.length;
      this.#waiting = [...again, ...(this.#waiting ?? [])];
    }
    this.sendWaiting(nowMs);
  }

  /** Over for good: messages of this client that others still hold, retained ones above all, must not hold its own. */
  forget(): void {
    this.#onTheWay = undefined;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
  }

  sendWaiting(nowMs: number): void {
    const { connection } = this;
    if (connection === undefined || this.#waiting === undefined) return;
    let next = 0;
    while (next < this.#waiting.length && this.#mayTakeMore(connection)) {
      const outgoing = this.#waiting[next++]!;
      this.#waitingBytes -= outgoing.message.payload.length;
      const wasSent = outgoing.packetId !== undefined;
      if (wasSent || !outgoing.message.hasExpired(nowMs)) this.#send(connection, outgoing, nowMs);
    }
    this.#waiting.splice(0, next);
  }

  get #hasWaiting(): boolean {
    return this.#waiting !== undefined && this.#waiting.length > 0;
  }

  /** [MQTT-4.9.0-2] Not more than the client's receive maximum, nor than AWS's own. */
  #mayTakeMore(connection: SessionConnection): boolean {
    return (this.#onTheWay?.size ?? 0) < connection.receiveMaximum && connection.hasRoom;
  }

  #send(connection: SessionConnection, outgoing: Outgoing, nowMs: number): void {
    this.#onTheWay ??= new Map();
    const packetId = outgoing.packetId ?? this.#freePacketId(this.#onTheWay);
    this.#onTheWay.set(packetId, outgoing);
    if (!connection.sendQos1(outgoing.message, outgoing.retain, packetId, nowMs)) {
      this.#onTheWay.delete(packetId);
    }
  }

  /** [MQTT-2.2.1-3] Not 0, and none that is in use: at most 100 are. Those to be sent again all go before a new one. */
  #freePacketId(used: ReadonlyMap<number, Outgoing>): number {
    do this.#lastPacketId = (this.#lastPacketId % maxPacketId) + 1;
    while (used.has(this.#lastPacketId));
    return this.#lastPacketId;
  }
}

/** The message a client leaves for the case that it goes without a word (3.1.2.5). */
export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly headers: PublishHeaders;
  /** Seconds after the connection's end, unless the client is back by then (3.1.3.2.2). */
  readonly delaySeconds: number;
}
