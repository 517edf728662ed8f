import { randomUUID } from 'node:crypto';
import { type Access, fullAccess } from './access.ts';
import type { Message, PublishHeaders } from './message.ts';
import type { QoS, ReasonCode } from './protocol.ts';
import { type Outgoing, OutgoingQueue, type StoragePolicy, StoredMessages } from './stored-messages.ts';
import type { Delivery, Subscriber, Subscription } from './subscriptions.ts';
import type { TopicFilter } from './topic-filter.ts';

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

/**
 * What outlives a connection (4.1): subscriptions, and QoS 1 messages that are in flight, wait until the client takes more, or were stored
 * while it was not connected. Messages for a client that is connected do not wait for stored ones, as on AWS.
 */
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
  #inFlight: Map<number, Outgoing> | undefined;
  #waiting: OutgoingQueue | undefined;
  #stored: StoredMessages | undefined;
  #lastPacketId = 0;
  #identifier: string | undefined;

  readonly #storage: StoragePolicy;

  constructor(clientId: string, expirySeconds: number, storage: StoragePolicy) {
    this.clientId = clientId;
    this.expirySeconds = expirySeconds;
    this.#storage = storage;
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
   * Sends the message, or keeps it for later: QoS 1 for a client that is not connected or takes no more now.
   * @param qos of the delivery: the lower of the message's and the subscription's (3.8.4)
   * @returns what became of it; what its connection drops, the connection counts
   */
  deliver(message: Message, qos: QoS, retain: boolean, nowMs: number): Delivery {
    const { connection } = this;
    if (qos === 0) {
      connection?.sendQos0(message, retain, nowMs);
      return 'passed';
    }
    if (connection === undefined) {
      if (!this.isPersistent) return 'ended';
      this.#stored ??= new StoredMessages(this.#storage);
      return this.#stored.store({ message, retain }, nowMs) ? 'stored' : 'not-stored';
    }
    // [MQTT-4.6.0-6] Room may be there again before its turn is: what waits goes first.
    if (!this.#hasWaiting && this.#mayTakeMore(connection)) {
      this.#send(connection, { message, retain }, nowMs);
      return 'passed';
    }
    this.#waiting ??= new OutgoingQueue();
    return this.#waiting.add({ message, retain }) ? 'passed' : 'dropped';
  }

  /** [MQTT-4.3.2-5] The packet identifier is free again. Unknown ones are ignored, as the service does. */
  acknowledge(packetId: number, nowMs: number): void {
    if (this.#inFlight?.delete(packetId) === true) this.sendWaiting(nowMs);
  }

  /** Its connection has ended: nothing is sent until there is another one. */
  pause(): void {
    this.#stored?.stop();
  }

  /**
   * [MQTT-4.4.0-1] On a new connection, what was in flight is sent once more, under its old identifiers: before all that is stored, and
   * no more at once than this connection takes [MQTT-3.3.4-9].
   */
  resume(nowMs: number): void {
    const again = [...(this.#inFlight ?? [])].map(([packetId, outgoing]) => ({ ...outgoing, packetId }));
    const waiting = this.#waiting?.takeAll() ?? [];
    this.#inFlight?.clear();
    if (again.length + waiting.length > 0) {
      this.#stored ??= new StoredMessages(this.#storage);
      const before = this.#stored.queue.takeAll();
      this.#stored.queue.putFirst([...again, ...before, ...waiting]);
    }
    this.sendWaiting(nowMs);
  }

  /** Over for good: messages of this client that others still hold, retained ones above all, must not hold its own. */
  forget(): void {
    this.expirySeconds = 0;
    this.#inFlight = undefined;
    this.#waiting = undefined;
    this.#stored?.stop();
    this.#stored = undefined;
  }

  sendWaiting(nowMs: number): void {
    const { connection } = this;
    if (connection === undefined) return;
    this.#stored?.drain(nowMs, (outgoing, at) => this.#sendStored(connection, outgoing, at));
    while (this.#hasWaiting && this.#mayTakeMore(connection)) {
      const outgoing = this.#waiting!.take()!;
      if (!outgoing.message.hasExpired(nowMs)) this.#send(connection, outgoing, nowMs);
    }
  }

  #sendStored(connection: SessionConnection, outgoing: Outgoing, nowMs: number): boolean {
    if (this.connection !== connection || !this.#mayTakeMore(connection)) return false;
    this.#send(connection, outgoing, nowMs);
    return true;
  }

  get #hasWaiting(): boolean {
    return this.#waiting !== undefined && !this.#waiting.isEmpty;
  }

  /** [MQTT-4.9.0-2] Not more than the client's receive maximum, nor than AWS's own. */
  #mayTakeMore(connection: SessionConnection): boolean {
    return (this.#inFlight?.size ?? 0) < connection.receiveMaximum && connection.hasRoom;
  }

  #send(connection: SessionConnection, outgoing: Outgoing, nowMs: number): void {
    this.#inFlight ??= new Map();
    const packetId = outgoing.packetId ?? this.#freePacketId(this.#inFlight);
    this.#inFlight.set(packetId, outgoing);
    if (!connection.sendQos1(outgoing.message, outgoing.retain, packetId, nowMs)) {
      this.#inFlight.delete(packetId);
    }
  }

  /** [MQTT-2.2.1-3] Not 0, and none that is in use: in flight, or of a message that waits to be sent again. */
  #freePacketId(used: ReadonlyMap<number, Outgoing>): number {
    do this.#lastPacketId = (this.#lastPacketId % maxPacketId) + 1;
    while (used.has(this.#lastPacketId) || this.#stored?.queue.isToBeSentAgain(this.#lastPacketId));
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
