import type { Clock } from '../broker-clock.ts';
import { type InvocationOutcome, parseBatchItemFailures } from '../queue/event-source-mapping.ts';
import type { StreamSettings } from '../settings.ts';
import type { Shard } from './shard.ts';
import type { StreamEvents } from './stream-event.ts';

/** Records `from` up to, and without, `to` of a shard. */
export interface RecordRange {
  readonly from: number;
  readonly to: number;
}

/** As the record at the destination for failures names it. */
export type GivenUpBecause = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

interface Delivery extends RecordRange {
  /** Times the function failed on exactly these records. */
  readonly failures: number;
}

export interface ShardReaderDeps {
  readonly shard: Shard;
  readonly events: StreamEvents;
  readonly settings: StreamSettings;
  readonly clock: Clock;
  /** Whether nothing may be delivered for now. */
  readonly isHeld: () => boolean;
  /** Runs an invocation when there is room for one more. */
  readonly whenRoom: (invoke: () => Promise<void>) => void;
  readonly invoke: (event: Buffer) => Promise<InvocationOutcome>;
  /** Before an invocation: how old the last record of its batch is, milliseconds. */
  readonly onInvoke: (ageMs: number) => void;
  readonly onGivenUp: (range: RecordRange, failures: number, why: GivenUpBecause) => void;
  /** Something was delivered or given up. */
  readonly onProgress: () => void;
}

/** Waits before the first retry; doubled for each one more. */
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/**
 * Lambda's poller of one shard: in order, one batch at a time. What failed is delivered again, halved if the settings say so, and
 * given up once it has been tried often enough: until then nothing behind it is delivered.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
export class ShardReader {
  readonly #deps: ShardReaderDeps;
  /** What is to be delivered before anything new, next last. */
  readonly #again: Delivery[] = [];
  /** Number of the first record that was never in a batch. */
  #next = 0;
  #gatheringSince: number | undefined;
  #isBusy = false;
  #deliveredRecords = 0;
  #givenUpRecords = 0;
  #failedInvocations = 0;
  #lastFailure: string | undefined;

  constructor(deps: ShardReaderDeps) {
    this.#deps = deps;
  }

  get counts() {
    return {
      delivered: this.#deliveredRecords,
      givenUp: this.#givenUpRecords,
      failedInvocations: this.#failedInvocations,
      lastFailure: this.#lastFailure,
    };
  }

  /** One look at the shard. */
  poll(): void {
    const { shard, events, settings, clock } = this.#deps;
    if (this.#isBusy || this.#deps.isHeld()) return;
    if (this.#again.length > 0 || shard.log.end === this.#next) return;
    const now = clock.now();
    const { to, isFull } = events.extent(this.#next, settings.batchSize);
    this.#gatheringSince ??= now;
    if (!isFull && now - this.#gatheringSince < settings.maximumBatchingWindowMs) return;
    this.#gatheringSince = undefined;
    const from = this.#next;
    this.#next = to;
    this.#deliver({ from, to, failures: 0 });
  }

  #deliver(given: Delivery): void {
    this.#isBusy = true;
    this.#deps.whenRoom(async () => {
      const { shard, events, clock, invoke, onInvoke } = this.#deps;
      const delivery = this.#withoutOld(given);
      if (delivery.from === delivery.to) {
        this.#isBusy = false;
        this.#deps.onProgress();
        this.#goOn();
        return;
      }
      onInvoke(clock.now() - shard.log.arrivedAt(delivery.to - 1));
      const outcome = await invoke(events.write(delivery.from, delivery.to));
      this.#isBusy = false;
      this.#settle(delivery, outcome);
      this.#deps.onProgress();
      if (!this.#isBusy) this.#goOn();
    });
  }

  #settle(delivery: Delivery, outcome: InvocationOutcome): void {
    const failedFrom = this.#firstFailed(delivery, outcome);
    this.#deliveredRecords += failedFrom - delivery.from;
    if (failedFrom === delivery.to) return;
    // A function that could not be invoked was not tried.
    if (outcome.kind === 'failed' && outcome.refused === true) {
      this.#tryLater(delivery, firstRetryMs);
      return;
    }
    this.#retry({ ...delivery, from: failedFrom, failures: delivery.failures + 1 });
  }

  /** @returns the first record that is not done with; `to` if all are */
  #firstFailed({ from, to }: Delivery, outcome: InvocationOutcome): number {
    const fail = (reason: string): number => {
      this.#failedInvocations++;
      this.#lastFailure = reason;
      return from;
    };
    if (outcome.kind === 'failed') return fail(outcome.reason);
    const failures = parseBatchItemFailures(outcome.payload);
    if (failures === undefined) return fail(`not a batch response: ${outcome.payload.slice(0, 200)}`);
    let first = to;
    for (const sequenceNumber of failures) {
      const number = this.#deps.shard.numberOf(sequenceNumber);
      if (number === undefined || number < from || number >= to) {
        return fail('the batch response names a record that is not in the batch');
      }
      first = Math.min(first, number);
    }
    return first;
  }

  #retry(delivery: Delivery): void {
    const { from, to, failures } = delivery;
    const { bisectBatchOnFunctionError, maximumRetryAttempts } = this.#deps.settings;
    if (bisectBatchOnFunctionError && to - from > 1) {
      // A split counts towards no quota of retries.
      const middle = from + Math.ceil((to - from) / 2);
      this.#again.push({ from: middle, to, failures: failures - 1 });
      this.#again.push({ from, to: middle, failures: failures - 1 });
      return;
    }
    if (failures <= maximumRetryAttempts) {
      this.#tryLater(delivery, Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1)));
      return;
    }
    this.#giveUp({ from, to }, failures, 'RetryAttemptsExhausted');
  }

  /** Gives up what of a batch is too old by now. */
  #withoutOld(delivery: Delivery): Delivery {
    const { shard, settings, clock } = this.#deps;
    const youngFrom = shard.log.since(clock.now() - settings.maximumRecordAgeMs);
    const from = Math.min(delivery.to, Math.max(delivery.from, youngFrom));
    if (from === delivery.from) return delivery;
    this.#giveUp({ from: delivery.from, to: from }, delivery.failures, 'RecordAgeExceeded');
    return { ...delivery, from };
  }

  #giveUp(range: RecordRange, failures: number, why: GivenUpBecause): void {
    this.#givenUpRecords += range.to - range.from;
    this.#deps.onGivenUp(range, failures, why);
  }

  #tryLater(delivery: Delivery, delayMs: number): void {
    this.#again.push(delivery);
    this.#isBusy = true;
    this.#deps.clock.setTimer(delayMs, () => {
      this.#isBusy = false;
      this.#goOn();
    });
  }

  /** What failed first; then a batch that is full by now need not wait for the next look. */
  #goOn(): void {
    const next = this.#deps.isHeld() ? undefined : this.#again.pop();
    if (next !== undefined) {
      this.#deliver(next);
      return;
    }
    if (
      this.#again.length === 0 &&
      this.#deps.events.extent(this.#next, this.#deps.settings.batchSize).isFull
    ) {
      this.poll();
    }
  }

  /** After a time when nothing could be delivered. */
  resume(): void {
    if (!this.#isBusy && this.#again.length > 0) this.#goOn();
  }
}
