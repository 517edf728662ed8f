import type { Clock } from '../broker-clock.ts';
import type { RuleTarget } from '../rules/rules-engine.ts';
import type { QueueSettings } from '../settings.ts';
import { EventBatch } from './event-batch.ts';
import { MessageQueue, type QueueCounts } from './message-queue.ts';
import type { ReadableQueue, Received } from './reader-pool.ts';
import { makeRecordTemplate } from './sqs-record.ts';

/**
 * Emptied batches kept for the next messages: as many as readers gather at 20,000/s. More than this are left to the
 * garbage collector.
 */
const maxSpares = 64;

/** As CloudWatch and GetQueueAttributes see a queue, and what has become of its messages. */
export interface QueueDepth {
  /** Ready to be received (ApproximateNumberOfMessages). */
  readonly visible: number;
  /** Received and not yet answered for (ApproximateNumberOfMessagesNotVisible). */
  readonly inFlight: number;
  /** Failed, and invisible until their visibility timeout. */
  readonly delayed: number;
  readonly sent: number;
  readonly delivered: number;
  /** Given up after the last receive. */
  readonly deadLettered: number;
}

/**
 * A standard queue, shaped as SQS, that an event source mapping reads: messages lie in it as the bytes of its batches.
 * It is not bounded, as SQS is not; docs/iot-core-fidelity.md.
 */
export class ArrivalsQueue implements RuleTarget, ReadableQueue<EventBatch> {
  readonly actionType = 'SQS';
  readonly #settings: QueueSettings;
  readonly #clock: Clock;
  readonly #template;
  /** Messages that were never received, oldest first; new ones go to the last batch. */
  readonly #waiting: EventBatch[] = [];
  /** Failed, and back after their visibility timeout: each is received again as it is. */
  readonly #returned: EventBatch[] = [];
  readonly #spares: EventBatch[] = [];
  /** What was received too often. */
  readonly deadLetters: MessageQueue;
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

  /** Called when there is something to receive after there was nothing. */
  onReady(listener: () => void): void {
    this.#onSend = listener;
  }

  /** @param body JSON text @returns true: a queue takes all */
  send(body: Buffer, nowMs: number): true {
    const number = this.#sent++;
    if (this.#waiting.at(-1)?.append(body, number, nowMs) !== true) {
      const batch = this.#newBatch();
      batch.append(body, number, nowMs);
      this.#waiting.push(batch);
    }
    if (this.#visible++ === 0) this.#onSend();
    return true;
  }

  get visible(): number {
    return this.#visible;
  }

  /** To SQS a message whose batch failed is in flight until its visibility timeout. */
  get inFlight(): number {
    return this.#inFlight + this.#delayed;
  }

  receive(most: number, into: EventBatch | undefined): Received<EventBatch> | undefined {
    const returned = into === undefined ? this.#returned.shift() : undefined;
    if (returned !== undefined) return this.#received(returned, returned.records, true);
    const batch = into ?? this.#newBatch();
    let moved = 0;
    for (;;) {
      const oldest = this.#waiting[0];
      if (oldest === undefined || moved === most) break;
      const count = oldest.moveTo(batch, most - moved, this.#clock.now());
      moved += count;
      if (oldest.records > 0) {
        // Nothing more fits into this batch, or nothing more was asked for.
        if (moved < most) return this.#received(batch, moved, true);
        break;
      }
      if (this.#waiting.length === 1) oldest.clear();
      else this.#release(this.#waiting.shift()!);
      if (count === 0) break;
    }
    if (moved > 0) return this.#received(batch, moved, batch.isFull);
    if (into === undefined) this.#release(batch);
    return undefined;
  }

  /** Deletes the messages of a processed batch, except the failed ones: these return after the visibility timeout. */
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

  #received(batch: EventBatch, count: number, isClosed: boolean): Received<EventBatch> {
    this.#visible -= count;
    this.#inFlight += count;
    return { batch, records: batch.records, isClosed };
  }

  #newBatch(): EventBatch {
    return this.#spares.pop() ?? new EventBatch(this.#template, this.#settings.batchSize);
  }

  #reappear(batch: EventBatch): void {
    this.#delayed -= batch.records;
    this.#visible += batch.records;
    this.#returned.push(batch);
    if (this.#visible === batch.records) this.#onSend();
  }

  #release(batch: EventBatch): void {
    if (this.#spares.length >= maxSpares) return;
    batch.clear();
    this.#spares.push(batch);
  }
}
