import type { Clock } from '../broker-clock.ts';
import type { Faults } from '../faults.ts';
import type { QueueSettings } from '../settings.ts';
import type { ArrivalsQueue } from './arrivals-queue.ts';
import type { EventBatch } from './event-batch.ts';
import { ReaderPool } from './reader-pool.ts';

/** What came of an invocation: the function's answer, or none. */
export type InvocationOutcome =
  | { readonly kind: 'returned'; readonly payload: string }
  /** The function threw, was refused or could not be reached; `refused`: it was not invoked at all. */
  | { readonly kind: 'failed'; readonly reason: string; readonly refused?: boolean };

/** @param event JSON, valid until the promise settles */
export type Invoke = (event: Buffer) => Promise<InvocationOutcome>;

export interface MappingCounts {
  readonly invocations: number;
  /** As a whole: an error, no answer, or one that names no record of the batch. */
  readonly failedInvocations: number;
  /** Records that answers named as failed. */
  readonly failedRecords: number;
  readonly lastFailure: string | undefined;
}

export interface MappingParts {
  readonly invoke: Invoke;
  readonly settings: QueueSettings;
  readonly clock: Clock;
  readonly faults: Faults;
}

/**
 * Reads the queue for the function, as Lambda's event source mapping does: its readers make the batches, and this invokes
 * with them and deletes what did not fail.
 */
export class EventSourceMapping {
  readonly #queue: ArrivalsQueue;
  readonly #invoke: Invoke;
  readonly #readers: ReaderPool<EventBatch>;
  readonly #whenEmpty: (() => void)[] = [];
  #invocations = 0;
  #failedInvocations = 0;
  #failedRecords = 0;
  #lastFailure: string | undefined;

  constructor(queue: ArrivalsQueue, { invoke, settings, clock, faults }: MappingParts) {
    this.#queue = queue;
    this.#invoke = invoke;
    const { batchSize, maximumBatchingWindowMs, readers } = settings;
    this.#readers = new ReaderPool(
      queue,
      (batch) => this.#deliver(batch),
      { batchSize, batchWindowSeconds: maximumBatchingWindowMs / 1_000, readers },
      { clock, isPaused: () => faults.paused, holdMs: () => faults.queueHoldMs },
    );
    queue.onReady(this.#readers.wake);
    faults.onPause((paused) => {
      if (!paused) this.#readers.wake();
    });
  }

  get counts(): MappingCounts {
    return {
      invocations: this.#invocations,
      failedInvocations: this.#failedInvocations,
      failedRecords: this.#failedRecords,
      lastFailure: this.#lastFailure,
    };
  }

  /** Resolves once every message was delivered or is dead. */
  whenEmpty(): Promise<void> {
    if (this.#queue.isEmpty) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  close(): void {
    this.#readers.close();
  }

  async #deliver(batch: EventBatch): Promise<void> {
    this.#invocations++;
    const outcome = await this.#invoke(batch.receive());
    this.#queue.settle(batch, this.#failedPlaces(batch, outcome));
    if (this.#queue.isEmpty) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #failedPlaces(batch: EventBatch, outcome: InvocationOutcome): readonly number[] {
    if (outcome.kind === 'failed') return this.#failAll(batch, outcome.reason);
    const failures = parseBatchItemFailures(outcome.payload);
    if (failures === undefined)
      return this.#failAll(batch, `not a batch response: ${outcome.payload.slice(0, 200)}`);
    if (failures.length === 0) return [];
    const index = batch.indexById();
    const places = new Set(failures.map((id) => index.get(id)));
    if (places.has(undefined))
      return this.#failAll(batch, 'the batch response names a message that is not in the batch');
    this.#failedRecords += places.size;
    return [...(places as Set<number>)].sort((a, b) => a - b);
  }

  #failAll(batch: EventBatch, reason: string): readonly number[] {
    this.#failedInvocations++;
    this.#lastFailure = reason;
    return Array.from({ length: batch.records }, (_, place) => place);
  }
}

/**
 * The ids of a partial batch response. Nothing, null, `{}` and an empty or null list mean that all went well; an answer of
 * another shape, or an id that is empty or null, that all failed.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 * @returns undefined for a complete failure
 */
export function parseBatchItemFailures(payload: string): readonly string[] | undefined {
  if (payload === '') return [];
  let response: unknown;
  try {
    response = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (response === null) return [];
  if (typeof response !== 'object') return undefined;
  const failures = (response as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return undefined;
  const ids = failures.map(
    (failure: unknown) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier,
  );
  return ids.every((id): id is string => typeof id === 'string' && id !== '') ? ids : undefined;
}
