import type { Clock } from '../clock.ts';
import type { RuleTarget } from '../rules/rules-engine.ts';
import type { QueueSettings } from '../settings.ts';
import { EventBatch } from './event-batch.ts';
import { MessageQueue, type QueueCounts } from './message-queue.ts';
import { makeRecordTemplate } from './sqs-record.ts';

/** Emptied batches kept for the next messages; more than this are left to the garbage collector. */
const maxSpares = 4;

/** As CloudWatch and GetQueueAttributes see a queue, and what has become of its messages. */
export interface QueueDepth {
  /** Ready to be received (ApproximateNumberOfMessages). */
  readonly visible: number;
  /** Received and not yet answered for (ApproximateNumberOfMessagesNotVisible). */
  readonly inFlight: number;
  /** Failed, and away until their visibility timeout. */
  readonly delayed: number;
  readonly sent: number;
  readonly delivered: number;
  /** Given up after the last receive. */
  readonly deadLettered: number;
}

/**
 * A standard queue, shaped as SQS, whose one reader is an event source mapping: messages lie in it as batches of that.
 * It is not bounded, as SQS is not; docs/iot-core-fidelity.md.
 */
export class ArrivalsQueue implements RuleTarget {
  readonly actionType = 'SQS';
  readonly #settings: QueueSettings;
  readonly #clock: Clock;
  readonly #template;
  /** What may be received, oldest first; new messages go to the last one that has never been received. */
  readonly #ready: EventBatch[] = [];
  readonly #spares: EventBatch[] = [];
  /** What was received too often. */
  readonly deadLetters: MessageQueue;
  #open: EventBatch | undefined;
  #onSend: () => void = () => {};
  #visible = 0;
  #inFlight = 0;
  #delayed = 0;
  #sent = 0;
  #delivered = 0;
  #deadLettered = 0;

  constructor(settings: QueueSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.deadLetters = new MessageQueue(clock);
    this.#template = makeRecordTemplate(settings.name);
  }

  /** Called when there is something new to receive: a first message, a batch that is full, one that is back. */
  onReady(listener: () => void): void {
    this.#onSend = listener;
  }

  /** @param body JSON text @returns true: a queue takes all */
  send(body: Buffer, nowMs: number): true {
    const number = this.#sent++;
    this.#visible++;
    if (this.#open?.append(body, number, nowMs) === true) {
      if (this.#open.isFull) this.#onSend();
      return true;
    }
    this.#open = this.#spares.pop() ?? new EventBatch(this.#template, this.#settings.batchSize);
    this.#ready.push(this.#open);
    this.#open.append(body, number, nowMs);
    this.#onSend();
    return true;
  }

  /**
   * How long until the oldest batch may be received: 0 for one that is full, or came back, or has waited for its window;
   * undefined for an empty queue.
   * @param heldMs how long Lambda holds a batch back that is not full, should that be longer than its window
   */
  waitMs(nowMs: number, heldMs = 0): number | undefined {
    const oldest = this.#ready[0];
    if (oldest === undefined) return undefined;
    if (oldest !== this.#open || oldest.isFull) return 0;
    return Math.max(0, oldest.openedAtMs + Math.max(heldMs, this.#settings.maximumBatchingWindowMs) - nowMs);
  }

  /** Takes the oldest batch, whatever `waitMs` says. */
  receive(): EventBatch | undefined {
    const batch = this.#ready.shift();
    if (batch === undefined) return undefined;
    if (batch === this.#open) this.#open = undefined;
    this.#visible -= batch.records;
    this.#inFlight += batch.records;
    return batch;
  }

  /** The batch was worked on: all of it is gone but the failed places, which come back after the visibility timeout. */
  settle(batch: EventBatch, failedPlaces: readonly number[]): void {
    const { records } = batch;
    this.#inFlight -= records;
    this.#delivered += records - failedPlaces.length;
    if (failedPlaces.length === 0) {
      this.#release(batch);
    } else if (batch.receiveCount >= this.#settings.maxReceiveCount) {
      this.#deadLettered += failedPlaces.length;
      for (const { body, sentAtMs, messageId } of batch.messagesAt(failedPlaces)) {
        this.deadLetters.send(body, sentAtMs, messageId);
      }
      this.#release(batch);
    } else {
      if (failedPlaces.length < records) batch.keep(failedPlaces);
      this.#delayed += batch.records;
      this.#clock.setTimer(this.#settings.visibilityTimeoutMs, () => this.#reappear(batch));
    }
  }

  get depth(): QueueDepth {
    return {
      visible: this.#visible,
      inFlight: this.#inFlight,
      delayed: this.#delayed,
      sent: this.#sent,
      delivered: this.#delivered,
      deadLettered: this.#deadLettered,
    };
  }

  /** To SQS a message whose batch failed is in flight until its visibility timeout. */
  get counts(): QueueCounts {
    return {
      visible: this.#visible,
      notVisible: this.#inFlight + this.#delayed,
      delayed: 0,
      visibilityTimeoutMs: this.#settings.visibilityTimeoutMs,
    };
  }

  get isEmpty(): boolean {
    return this.#visible + this.#inFlight + this.#delayed === 0;
  }

  #reappear(batch: EventBatch): void {
    this.#delayed -= batch.records;
    this.#visible += batch.records;
    this.#ready.unshift(batch);
    this.#onSend();
  }

  #release(batch: EventBatch): void {
    if (this.#spares.length >= maxSpares) return;
    batch.clear();
    this.#spares.push(batch);
  }
}
