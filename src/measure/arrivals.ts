import { ruleObserver } from '../plan/observers.ts';
import type { ArrivalWindow, StreamPosition, UnrelatedCounts } from './arrival-window.ts';
import { BatchKey } from './batch-key.ts';
import type { RuleRecord } from './envelope.ts';
import { IntervalSet } from './interval-set.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { LatencySeconds } from './latency-seconds.ts';
import { checkRuleRecord, parseRuleRecord } from './rule-record.ts';
import { stampedLatencyMs } from './stamped-latency.ts';
import { arrivedAtOf, positionOf, recordTextOf, type StreamBatch } from './stream-batch.ts';
import { formatStreamKey, streamAt, streamIndexOf } from './stream-key.ts';

/** A batch from the queue, as Lambda delivers it; only the fields that are read here. */
export interface ArrivalBatch {
  readonly Records: readonly {
    readonly messageId: string;
    readonly body: string;
    readonly attributes: { readonly SentTimestamp: string; readonly ApproximateReceiveCount?: string };
  }[];
}

export interface MeasuredArrivals {
  /** One for each run in the batch; nearly always one. */
  readonly windows: readonly ArrivalWindow[];
  readonly unrelated: UnrelatedCounts;
}

/**
 * A queue keeps a message for 14 days at most, a stream its records for as long as the stack says, which is less: a stamp
 * further away is none.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const maxKeptMs = 14 * 24 * 3_600_000;

/**
 * What a batch of arrivals says, whatever is in it: what is not a record of the rule's is counted and never fatal.
 * @param event a batch from the queue or of the stream, or one record of the rule's when it invokes the function directly
 * @param receivedAt epoch milliseconds; the arrival where neither queue nor stream stamps one
 */
export function measureArrivals(event: unknown, receivedAt: number): MeasuredArrivals {
  if (!isBatch(event)) return measureRecord(event, receivedAt);
  return isOfStream(event) ? measureStreamBatch(event, receivedAt) : measureBatch(event, receivedAt);
}

function isBatch(event: unknown): event is ArrivalBatch | StreamBatch {
  return typeof event === 'object' && event !== null && 'Records' in event && Array.isArray(event.Records);
}

function isOfStream(batch: ArrivalBatch | StreamBatch): batch is StreamBatch {
  const [first] = batch.Records;
  return typeof first === 'object' && first !== null && 'kinesis' in first;
}

function measureBatch(batch: ArrivalBatch, receivedAt: number): MeasuredArrivals {
  const runs = new RunArrivalsByRun();
  const key = new BatchKey();
  const unrelated = { notJson: 0, noEnvelope: 0 };
  for (const message of batch.Records) {
    key.add(String(message.messageId));
    const record = parseRuleRecord(message.body);
    if (typeof record === 'string') {
      unrelated[record]++;
      continue;
    }
    const stamp = Number(message.attributes?.SentTimestamp);
    const plausible = Math.abs(receivedAt - stamp) <= maxKeptMs;
    const run = runs.of(record.run);
    run.add(record, plausible ? stamp : receivedAt);
    if (Number(message.attributes?.ApproximateReceiveCount) > 1) run.redelivered++;
  }
  return runs.measured(key.toString(), unrelated);
}

/**
 * A shard is read in order, and what failed is read again from where it failed: a run's window is called after the run's
 * first record in the batch, so that the same records replace it, in one batch again or in two halves.
 */
function measureStreamBatch({ Records }: StreamBatch, receivedAt: number): MeasuredArrivals {
  const runs = new RunArrivalsByRun();
  const keys = new Map<string, string>();
  const unrelated = { notJson: 0, noEnvelope: 0 };
  for (const { eventID, kinesis } of Records) {
    const record = parseRuleRecord(recordTextOf(kinesis));
    if (typeof record === 'string') {
      unrelated[record]++;
      continue;
    }
    if (!keys.has(record.run)) keys.set(record.run, eventID.replace(':', '-'));
    const stamp = arrivedAtOf(kinesis);
    const plausible = Math.abs(receivedAt - stamp) <= maxKeptMs;
    runs.of(record.run).add(record, plausible ? stamp : receivedAt);
  }
  const last = Records.at(-1);
  return runs.measured((run) => keys.get(run) ?? '', unrelated, last && positionOf(last));
}

function measureRecord(event: unknown, receivedAt: number): MeasuredArrivals {
  const record = checkRuleRecord(event);
  if (record === 'noEnvelope') return { windows: [], unrelated: { notJson: 0, noEnvelope: 1 } };
  const runs = new RunArrivalsByRun();
  runs.of(record.run).add(record, receivedAt);
  // The rules engine's instant distinguishes a duplicate, which has its own, from a retry of the same invocation.
  const key = new BatchKey();
  key.add(`${formatStreamKey(record)}/${record.n}/${record.sent}/${record.rule}`);
  return runs.measured(key.toString(), { notJson: 0, noEnvelope: 0 });
}

class RunArrivalsByRun {
  readonly #runs = new Map<string, RunArrivals>();
  #last: RunArrivals | undefined;

  of(run: string): RunArrivals {
    if (this.#last?.runId === run) return this.#last;
    let arrivals = this.#runs.get(run);
    if (arrivals === undefined) {
      arrivals = new RunArrivals(run);
      this.#runs.set(run, arrivals);
    }
    this.#last = arrivals;
    return arrivals;
  }

  /** @param window its name; by run, where that differs */
  measured(
    window: string | ((run: string) => string),
    unrelated: UnrelatedCounts,
    readUpTo?: StreamPosition,
  ): MeasuredArrivals {
    const windows = [...this.#runs.values()].map((run) => ({
      ...run.window(typeof window === 'string' ? window : window(run.runId), unrelated),
      ...(readUpTo && { readUpTo }),
    }));
    return { windows, unrelated };
  }
}

/** What one batch saw of one stream. */
interface StreamArrivals {
  readonly numbers: IntervalSet;
  /** As stamped: neither estimated nor corrected. */
  leastTransitMs: number;
}

/** Latencies that end at the subscriber, milliseconds. */
class ArrivalLatencies {
  readonly #endToEnd = new LatencyHistogram();
  readonly #rule = new LatencyHistogram();
  readonly #transit = new LatencyHistogram();

  get count(): number {
    return this.#transit.count;
  }

  record(endToEndMs: number, ruleMs: number, transitMs: number): void {
    this.#endToEnd.record(endToEndMs);
    this.#rule.record(ruleMs);
    this.#transit.record(transitMs);
  }

  encode(): ArrivalWindow['latencies'] {
    return {
      end_to_end_latency: this.#endToEnd.encode(),
      rule_latency: this.#rule.encode(),
      transit: this.#transit.encode(),
    };
  }
}

/** What one batch saw of one run. */
class RunArrivals {
  readonly runId: string;
  redelivered = 0;
  #arrivals = 0;
  /** By `streamIndexOf`. */
  readonly #seen = new Map<number, StreamArrivals>();
  readonly #bySecond = new Map<number, number>();
  readonly #all = new ArrivalLatencies();
  /** By number; of a run without groups none. */
  readonly #groups = new Map<number, ArrivalLatencies>();
  readonly #endToEndSeconds = new LatencySeconds();

  constructor(runId: string) {
    this.runId = runId;
  }

  /** @param arrivedAt a stamp: epoch milliseconds, whole */
  add(record: RuleRecord, arrivedAt: number): void {
    const { n, at, sent, rule } = record;
    const stream = streamIndexOf(record);
    this.#arrivals++;
    let seen = this.#seen.get(stream);
    if (seen === undefined) {
      seen = { numbers: new IntervalSet(), leastTransitMs: Number.POSITIVE_INFINITY };
      this.#seen.set(stream, seen);
    }
    seen.numbers.add(n);
    seen.leastTransitMs = Math.min(seen.leastTransitMs, arrivedAt - sent, rule - sent);
    // Both ends of the lag are the device's, to the microsecond; only what follows ends at a stamp.
    const lagMs = sent - at;
    const transitMs = stampedLatencyMs(sent, arrivedAt);
    const ruleMs = lagMs + stampedLatencyMs(sent, rule);
    this.#all.record(lagMs + transitMs, ruleMs, transitMs);
    if (record.deviceGroup > 0)
      this.#groupOf(record.deviceGroup).record(lagMs + transitMs, ruleMs, transitMs);
    this.#endToEndSeconds.record(arrivedAt, lagMs + transitMs);
    const second = Math.floor(arrivedAt / 1000);
    this.#bySecond.set(second, (this.#bySecond.get(second) ?? 0) + 1);
  }

  window(window: string, unrelated: UnrelatedCounts): ArrivalWindow {
    const seconds = [...this.#bySecond.keys()];
    const startSecond = Math.min(...seconds);
    const arrivals: number[] = new Array(Math.max(...seconds) - startSecond + 1).fill(0);
    for (const [second, count] of this.#bySecond) arrivals[second - startSecond] = count;
    return {
      version: 2,
      runId: this.runId,
      observer: ruleObserver,
      window,
      arrivals: this.#arrivals,
      seen: Object.fromEntries(
        [...this.#seen].map(([index, { numbers }]) => [formatStreamKey(streamAt(index)), numbers.encode()]),
      ),
      leastTransitUs: this.#leastTransitUs(),
      latencies: this.#all.encode(),
      ...(this.#groups.size > 0 && {
        groups: Object.fromEntries(
          [...this.#groups].map(([number, latencies]) => [
            number,
            { arrivals: latencies.count, latencies: latencies.encode() },
          ]),
        ),
      }),
      perSecond: { startSecond, arrivals },
      latencyPerSecond: { end_to_end_latency: this.#endToEndSeconds.encode() },
      ...(this.redelivered > 0 && { redelivered: this.redelivered }),
      unrelated,
    };
  }

  #groupOf(number: number): ArrivalLatencies {
    let latencies = this.#groups.get(number);
    if (latencies === undefined) {
      latencies = new ArrivalLatencies();
      this.#groups.set(number, latencies);
    }
    return latencies;
  }

  /** By slice: the streams of a slice share its clock. */
  #leastTransitUs(): Record<string, number> {
    const least: Record<string, number> = {};
    for (const [index, { leastTransitMs }] of this.#seen) {
      const { slice } = streamAt(index);
      const us = Math.round(leastTransitMs * 1_000);
      least[slice] = Math.min(us, least[slice] ?? us);
    }
    return least;
  }
}
