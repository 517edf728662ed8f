import type { CancelTimer, Clock } from '../broker-clock.ts';
import type { Message } from './message.ts';

/** A QoS 1 message towards a session. */
export interface Outgoing {
  readonly message: Message;
  readonly retain: boolean;
  /** Of one that was sent before, on an earlier connection. */
  readonly packetId?: number;
}

/** What a session needs to keep messages for a client that is not connected. */
export interface StoragePolicy {
  readonly clock: Clock;
  /** Stored messages that a client is sent a second. */
  readonly perSecond: number;
  /** Takes one from the account's quota of queued messages. @returns false: it is used up */
  admit(nowMs: number): boolean;
}

/**
 * What one session holds at most, in messages and in bytes of payload: what comes after is dropped. AWS limits what sessions keep by
 * account and rate; here this keeps one subscriber from filling the memory.
 */
const maxMessages = 10_000;
const maxBytes = 64 * 1_048_576;

/** Messages in their order, within these bounds. */
export class OutgoingQueue {
  #messages: Outgoing[] = [];
  #next = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#next === this.#messages.length;
  }

  /** Whether it holds a message that was sent before, under this packet identifier. Those are its first: it looks no further. */
  isToBeSentAgain(packetId: number): boolean {
    for (let i = this.#next; this.#messages[i]?.packetId !== undefined; i++)
      if (this.#messages[i]!.packetId === packetId) return true;
    return false;
  }

  /** @returns false: it holds no more */
  add(outgoing: Outgoing): boolean {
    const bytes = this.#bytes + outgoing.message.payload.length;
    if (this.#messages.length - this.#next >= maxMessages || bytes > maxBytes) return false;
    this.#messages.push(outgoing);
    this.#bytes = bytes;
    return true;
  }

  /** Puts messages that were taken once before all others, whatever the bounds. */
  putFirst(messages: readonly Outgoing[]): void {
    this.#messages = [...messages, ...this.#messages.slice(this.#next)];
    this.#next = 0;
    for (const { message } of messages) this.#bytes += message.payload.length;
  }

  take(): Outgoing | undefined {
    const outgoing = this.#messages[this.#next];
    if (outgoing === undefined) return undefined;
    this.#next++;
    this.#bytes -= outgoing.message.payload.length;
    if (this.#next * 2 > this.#messages.length) {
      this.#messages.splice(0, this.#next);
      this.#next = 0;
    }
    return outgoing;
  }

  takeAll(): Outgoing[] {
    const all = this.#messages.slice(this.#next);
    this.clear();
    return all;
  }

  clear(): void {
    this.#messages = [];
    this.#next = 0;
    this.#bytes = 0;
  }
}

/**
 * Messages that were stored while their client was not connected, and when the next one may be sent: evenly, at the rate of the policy,
 * however often the client connects.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-persistent-sessions
 */
export class StoredMessages {
  readonly queue = new OutgoingQueue();
  readonly #policy: StoragePolicy;
  readonly #stepMs: number;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #cancel: CancelTimer | undefined;

  constructor(policy: StoragePolicy) {
    this.#policy = policy;
    this.#stepMs = 1_000 / policy.perSecond;
  }

  /** Stores a new message, within the account's quota. */
  store(outgoing: Outgoing, nowMs: number): boolean {
    return this.#policy.admit(nowMs) && this.queue.add(outgoing);
  }

  /**
   * Sends what is due, and comes back when the next one is.
   * @param send false: the client takes no more now; then this is to be called again once it does
   */
  drain(nowMs: number, send: (outgoing: Outgoing, nowMs: number) => boolean): void {
    this.stop();
    while (!this.queue.isEmpty && nowMs >= this.#nextAtMs) {
      const outgoing = this.queue.take()!;
      // What was sent before is sent again, expired or not [MQTT-4.4.0-1].
      if (outgoing.packetId === undefined && outgoing.message.hasExpired(nowMs)) continue;
      if (!send(outgoing, nowMs)) {
        this.queue.putFirst([outgoing]);
        return;
      }
      // A timer that was a little late does not slow it down, and a pause does not speed it up.
      const wasIdle = nowMs - this.#nextAtMs >= this.#stepMs;
      this.#nextAtMs = (wasIdle ? nowMs : this.#nextAtMs) + this.#stepMs;
    }
    if (this.queue.isEmpty) return;
    const { clock } = this.#policy;
    this.#cancel = clock.setTimer(this.#nextAtMs - nowMs, () => this.drain(clock.now(), send));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
