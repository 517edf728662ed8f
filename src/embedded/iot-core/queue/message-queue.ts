import { hash, randomUUID } from 'node:crypto';
import type { CancelTimer, Clock } from '../broker-clock.ts';

/** A queue as GetQueueAttributes sees it. */
export interface QueueCounts {
  /** ApproximateNumberOfMessages, …NotVisible, …Delayed. */
  readonly visible: number;
  readonly notVisible: number;
  readonly delayed: number;
  readonly visibilityTimeoutMs: number;
}

export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly sentAtMs: number;
  readonly firstReceivedAtMs: number;
  /** Times it was received, this one included. */
  readonly receiveCount: number;
}

export interface ReceiveOptions {
  readonly max: number;
  readonly visibilityTimeoutMs: number;
  /** How long to wait for a first message. */
  readonly waitMs: number;
}

interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly sentAtMs: number;
  firstReceivedAtMs: number;
  receiveCount: number;
}

/** Of a queue that was created without one. */
const defaultVisibilityTimeoutMs = 30_000;

/** A standard queue whose consumers receive and delete by API: the dead-letter queue and the rule's error queue. */
export class MessageQueue {
  readonly #clock: Clock;
  readonly #ready = new Set<QueuedMessage>();
  /** By receipt handle. */
  readonly #inFlight = new Map<string, { readonly message: QueuedMessage; readonly cancel: CancelTimer }>();
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get counts(): QueueCounts {
    return {
      visible: this.#ready.size,
      notVisible: this.#inFlight.size,
      delayed: 0,
      visibilityTimeoutMs: defaultVisibilityTimeoutMs,
    };
  }

  /** Of every message, in flight or not. */
  get bodies(): string[] {
    return [...this.#ready, ...[...this.#inFlight.values()].map(({ message }) => message)].map(
      ({ body }) => body,
    );
  }

  /** @param messageId of a message that comes from another queue: it keeps it, and its instant */
  send(body: string, sentAtMs: number, messageId: string = randomUUID()): void {
    this.#add({ messageId, body, sentAtMs, firstReceivedAtMs: 0, receiveCount: 0 });
  }

  async receive({ max, visibilityTimeoutMs, waitMs }: ReceiveOptions): Promise<ReceivedMessage[]> {
    if (this.#ready.size === 0 && waitMs > 0) await this.#nextMessage(waitMs);
    const now = this.#clock.now();
    return this.#first(max).map((message) => {
      this.#ready.delete(message);
      message.receiveCount++;
      message.firstReceivedAtMs ||= now;
      const receiptHandle = randomUUID();
      const cancel = this.#clock.setTimer(visibilityTimeoutMs, () => {
        this.#inFlight.delete(receiptHandle);
        this.#add(message);
      });
      this.#inFlight.set(receiptHandle, { message, cancel });
      return { ...message, receiptHandle, md5OfBody: hash('md5', message.body) };
    });
  }

  /** Of a message that is in flight; any other stays as it is. */
  delete(receiptHandle: string): void {
    this.#inFlight.get(receiptHandle)?.cancel();
    this.#inFlight.delete(receiptHandle);
  }

  #first(max: number): QueuedMessage[] {
    const first: QueuedMessage[] = [];
    for (const message of this.#ready) {
      if (first.length === max) break;
      first.push(message);
    }
    return first;
  }

  #add(message: QueuedMessage): void {
    this.#ready.add(message);
    const [first] = this.#waiting;
    first?.();
  }

  #nextMessage(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const cancel = this.#clock.setTimer(waitMs, done);
      this.#waiting.add(done);
    });
  }
}
