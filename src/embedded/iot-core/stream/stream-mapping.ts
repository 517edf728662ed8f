import { randomUUID } from 'node:crypto';
import { arnOfFunction } from '../../gateway/arns.ts';
import { type CancelTimer, type Clock, repeat } from '../broker-clock.ts';
import type { Faults } from '../faults.ts';
import type { Invoke, MappingCounts } from '../queue/event-source-mapping.ts';
import type { StreamSettings } from '../settings.ts';
import type { ArrivalsStream } from './arrivals-stream.ts';
import type { Shard } from './shard.ts';
import { type GivenUpBecause, type RecordRange, ShardReader } from './shard-reader.ts';
import { StreamEvents } from './stream-event.ts';

/** What a stream and its readers have come to. */
export interface StreamDepth extends MappingCounts {
  readonly records: number;
  /** Puts that a shard refused. */
  readonly throttled: number;
  readonly delivered: number;
  /** Given up after the last retry. */
  readonly givenUp: number;
  /** Neither of the two: waiting, or in a batch that is under way. */
  readonly unread: number;
}

/** Lambda looks at each shard once a second. @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html */
const pollEveryMs = 1_000;

export interface StreamMappingDeps {
  readonly stream: ArrivalsStream;
  readonly settings: StreamSettings;
  readonly functionName: string;
  readonly invoke: Invoke;
  readonly clock: Clock;
  readonly faults: Faults;
  /** What the destination for failures is sent about a batch that was given up. */
  readonly sendFailure: (message: string) => void;
}

/** The event source mapping of a stream: a reader for each shard, from the beginning of the stream on. */
export class StreamMapping {
  readonly #deps: StreamMappingDeps;
  readonly #readers: readonly ShardReader[];
  readonly #cancels: CancelTimer[] = [];
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #whenEmpty: (() => void)[] = [];
  /** By minute, epoch seconds. */
  readonly #iteratorAgeMs = new Map<number, number>();
  #underWay = 0;
  #invocations = 0;
  #isClosed = false;

  constructor(deps: StreamMappingDeps) {
    this.#deps = deps;
    const { stream, settings, clock, faults } = deps;
    this.#readers = stream.shards.map(
      (shard) =>
        new ShardReader({
          shard,
          events: new StreamEvents(stream, shard),
          settings,
          clock,
          isHeld: () => this.#isClosed || faults.paused,
          whenRoom: (invoke) => this.#whenRoom(invoke),
          invoke: deps.invoke,
          onInvoke: (ageMs) => this.#noteAge(ageMs),
          onGivenUp: (range, failures, why) => this.#giveUp(shard, range, failures, why),
          onProgress: () => this.#progress(),
        }),
    );
    // Not all at once: as on AWS, where each shard has a poller of its own.
    for (const [index, reader] of this.#readers.entries()) {
      const offsetMs = Math.floor((index * pollEveryMs) / this.#readers.length);
      const cancel = clock.setTimer(offsetMs, () => {
        this.#cancels.push(repeat(clock, pollEveryMs, () => reader.poll()));
      });
      this.#cancels.push(cancel);
    }
    faults.onPause((paused) => {
      if (!paused) for (const reader of this.#readers) reader.resume();
    });
  }

  get depth(): StreamDepth {
    const counts = this.#readers.map((reader) => reader.counts);
    const sum = (column: 'delivered' | 'givenUp' | 'failedInvocations'): number =>
      counts.reduce((total, each) => total + each[column], 0);
    return {
      ...this.#deps.stream.counts,
      delivered: sum('delivered'),
      givenUp: sum('givenUp'),
      unread: this.#unread,
      invocations: this.#invocations,
      failedInvocations: sum('failedInvocations'),
      failedRecords: 0,
      lastFailure: counts.findLast(({ lastFailure }) => lastFailure !== undefined)?.lastFailure,
    };
  }

  /** Lambda's metric IteratorAge of the function: by minute, in epoch seconds, the most, milliseconds. */
  get iteratorAge(): { readonly functionName: string; readonly datapoints: readonly [number, number][] } {
    return { functionName: this.#deps.functionName, datapoints: [...this.#iteratorAgeMs] };
  }

  /** Resolves once every record was delivered or given up. */
  whenEmpty(): Promise<void> {
    if (this.#unread === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
  }

  get #unread(): number {
    const { records } = this.#deps.stream.counts;
    return this.#readers.reduce((left, { counts }) => left - counts.delivered - counts.givenUp, records);
  }

  #whenRoom(invoke: () => Promise<void>): void {
    this.#waiting.push(invoke);
    this.#startWaiting();
  }

  #startWaiting(): void {
    while (!this.#isClosed && this.#underWay < this.#deps.settings.maximumConcurrency) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#underWay++;
      this.#invocations++;
      void next().finally(() => {
        this.#underWay--;
        this.#startWaiting();
      });
    }
  }

  #noteAge(ageMs: number): void {
    const second = Math.floor(this.#deps.clock.now() / 1_000);
    const minute = second - (second % 60);
    this.#iteratorAgeMs.set(minute, Math.max(ageMs, this.#iteratorAgeMs.get(minute) ?? 0));
  }

  #progress(): void {
    for (const [index, shard] of this.#deps.stream.shards.entries()) {
      const { delivered, givenUp } = this.#readers[index]!.counts;
      // Whatever was delivered or given up lies before whatever was not.
      this.#deps.stream.trim(shard, delivered + givenUp);
    }
    if (this.#unread === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html */
  #giveUp(shard: Shard, { from, to }: RecordRange, failures: number, condition: GivenUpBecause): void {
    const { stream, functionName, clock, sendFailure } = this.#deps;
    shard.hold(from);
    const instant = (epochMs: number): string => new Date(epochMs).toISOString();
    const message = {
      requestContext: {
        requestId: randomUUID(),
        functionArn: arnOfFunction(functionName),
        condition,
        approximateInvokeCount: failures,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: instant(clock.now()),
      KinesisBatchInfo: {
        shardId: shard.id,
        startSequenceNumber: shard.sequenceNumberOf(from),
        endSequenceNumber: shard.sequenceNumberOf(to - 1),
        approximateArrivalOfFirstRecord: instant(shard.log.arrivedAt(from)),
        approximateArrivalOfLastRecord: instant(shard.log.arrivedAt(to - 1)),
        batchSize: to - from,
        streamArn: stream.arn,
      },
    };
    sendFailure(JSON.stringify(message));
  }
}
