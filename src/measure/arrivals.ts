import { ruleObserver } from '../plan/observers.ts';
import type { ArrivalWindow, StreamPosition, UnrelatedCounts } from './arrival-window.ts';
import { BatchKey } from './batch-key.ts';
import { checkRuleRecord, parseRuleRecord } from './rule-record.ts';
import { RunArrivals } from './run-arrivals.ts';
import { arrivedAtOf, positionOf, recordTextOf, type StreamBatch } from './stream-batch.ts';
import { formatStreamKey } from './stream-key.ts';
import { runOfWill } from './will-record.ts';

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
      const run = runOfWill(message.body);
      if (run === undefined) unrelated[record]++;
      else runs.of(run).wills++;
      continue;
    }
    const stamp = Number(message.attributes?.SentTimestamp);
    const plausible = Math.abs(receivedAt - stamp) <= maxKeptMs;
    const run = runs.of(record.run);
    run.addStamped(record, plausible ? stamp : receivedAt);
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
    const text = recordTextOf(kinesis);
    const record = parseRuleRecord(text);
    const runId = typeof record === 'string' ? runOfWill(text) : record.run;
    if (runId !== undefined && !keys.has(runId)) keys.set(runId, eventID.replace(':', '-'));
    if (typeof record === 'string') {
      if (runId === undefined) unrelated[record]++;
      else runs.of(runId).wills++;
      continue;
    }
    const stamp = arrivedAtOf(kinesis);
    const plausible = Math.abs(receivedAt - stamp) <= maxKeptMs;
    runs.of(record.run).addStamped(record, plausible ? stamp : receivedAt);
  }
  const last = Records.at(-1);
  return runs.measured((run) => keys.get(run) ?? '', unrelated, last && positionOf(last));
}

function measureRecord(event: unknown, receivedAt: number): MeasuredArrivals {
  const record = checkRuleRecord(event);
  const runs = new RunArrivalsByRun();
  if (record === 'noEnvelope') {
    const run = runOfWill(event);
    if (run === undefined) return { windows: [], unrelated: { notJson: 0, noEnvelope: 1 } };
    runs.of(run).wills++;
    const willKey = new BatchKey();
    willKey.add(`will/${JSON.stringify(event)}`);
    return runs.measured(willKey.toString(), { notJson: 0, noEnvelope: 0 });
  }
  runs.of(record.run).addStamped(record, receivedAt);
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
      arrivals = new RunArrivals(run, ruleObserver);
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
