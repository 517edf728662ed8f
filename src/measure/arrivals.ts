import type { ArrivalWindow, ForeignCounts } from './arrival-window.ts';
import { BatchKey } from './batch-key.ts';
import type { RuleRecord } from './envelope.ts';
import { IntervalSet } from './intervals.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { LatencySeconds } from './latency-seconds.ts';
import { checkRuleRecord, parseRuleRecord } from './rule-record.ts';
import { stampedLatencyMs } from './stamped-latency.ts';

/** A batch from the queue, as Lambda hands it over; only what is read here. */
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
  readonly foreign: ForeignCounts;
}

/**
 * A queue keeps a message for 14 days at most: a stamp further away is none.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const maxQueuedMs = 14 * 24 * 3_600_000;

/**
 * What a batch of arrivals says, whatever is in it: what is not a record of the rule's is counted and never fatal.
 * @param event a batch from the queue, or one record of the rule's when it invokes the function directly
 * @param receivedAt epoch milliseconds; the arrival where the queue does not stamp one
 */
export function measureArrivals(event: unknown, receivedAt: number): MeasuredArrivals {
  return isBatch(event) ? measureBatch(event, receivedAt) : measureRecord(event, receivedAt);
}

function isBatch(event: unknown): event is ArrivalBatch {
  return typeof event === 'object' && event !== null && 'Records' in event && Array.isArray(event.Records);
}

function measureBatch(batch: ArrivalBatch, receivedAt: number): MeasuredArrivals {
  const runs = new RunArrivalsByRun();
  const key = new BatchKey();
  const foreign = { notJson: 0, noEnvelope: 0 };
  for (const message of batch.Records) {
    key.add(String(message.messageId));
    const record = parseRuleRecord(message.body);
    if (typeof record === 'string') {
      foreign[record]++;
      continue;
    }
    const stamp = Number(message.attributes?.SentTimestamp);
    const plausible = Math.abs(receivedAt - stamp) <= maxQueuedMs;
    const run = runs.of(record.run);
    run.add(record, plausible ? stamp : receivedAt);
    if (Number(message.attributes?.ApproximateReceiveCount) > 1) run.redelivered++;
  }
  return runs.measured(key.toString(), foreign);
}

function measureRecord(event: unknown, receivedAt: number): MeasuredArrivals {
  const record = checkRuleRecord(event);
  if (record === 'noEnvelope') return { windows: [], foreign: { notJson: 0, noEnvelope: 1 } };
  const runs = new RunArrivalsByRun();
  runs.of(record.run).add(record, receivedAt);
  // The rules engine's instant tells a duplicate, which has its own, from the same invocation tried again.
  const key = new BatchKey();
  key.add(`${record.slice}/${record.n}/${record.sent}/${record.rule}`);
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

  measured(window: string, foreign: ForeignCounts): MeasuredArrivals {
    const windows = [...this.#runs.values()].map((run) => run.window(window, foreign));
    return { windows, foreign };
  }
}

/** What one batch saw of one slice. */
interface SliceArrivals {
  readonly numbers: IntervalSet;
  /** As stamped: neither estimated nor corrected. */
  leastTransitMs: number;
}

/** What one batch saw of one run. */
class RunArrivals {
  readonly runId: string;
  redelivered = 0;
  #arrivals = 0;
  readonly #seen = new Map<number, SliceArrivals>();
  readonly #bySecond = new Map<number, number>();
  readonly #endToEnd = new LatencyHistogram();
  readonly #rule = new LatencyHistogram();
  readonly #transit = new LatencyHistogram();
  readonly #endToEndSeconds = new LatencySeconds();

  constructor(runId: string) {
    this.runId = runId;
  }

  /** @param arrivedAt a stamp: epoch milliseconds, whole */
  add({ slice, n, at, sent, rule }: RuleRecord, arrivedAt: number): void {
    this.#arrivals++;
    let seen = this.#seen.get(slice);
    if (seen === undefined) {
      seen = { numbers: new IntervalSet(), leastTransitMs: Number.POSITIVE_INFINITY };
      this.#seen.set(slice, seen);
    }
    seen.numbers.add(n);
    seen.leastTransitMs = Math.min(seen.leastTransitMs, arrivedAt - sent, rule - sent);
    // Both ends of the lag are the device's, to the microsecond; only what follows ends at a stamp.
    const lagMs = sent - at;
    const transitMs = stampedLatencyMs(sent, arrivedAt);
    this.#endToEnd.record(lagMs + transitMs);
    this.#endToEndSeconds.record(arrivedAt, lagMs + transitMs);
    this.#rule.record(lagMs + stampedLatencyMs(sent, rule));
    this.#transit.record(transitMs);
    const second = Math.floor(arrivedAt / 1000);
    this.#bySecond.set(second, (this.#bySecond.get(second) ?? 0) + 1);
  }

  window(window: string, foreign: ForeignCounts): ArrivalWindow {
    const seconds = [...this.#bySecond.keys()];
    const startSecond = Math.min(...seconds);
    const arrivals: number[] = new Array(Math.max(...seconds) - startSecond + 1).fill(0);
    for (const [second, count] of this.#bySecond) arrivals[second - startSecond] = count;
    return {
      version: 1,
      runId: this.runId,
      window,
      arrivals: this.#arrivals,
      seen: Object.fromEntries([...this.#seen].map(([slice, { numbers }]) => [slice, numbers.encode()])),
      leastTransitUs: Object.fromEntries(
        [...this.#seen].map(([slice, { leastTransitMs }]) => [slice, Math.round(leastTransitMs * 1_000)]),
      ),
      latencies: {
        end_to_end_latency: this.#endToEnd.encode(),
        rule_latency: this.#rule.encode(),
        transit: this.#transit.encode(),
      },
      perSecond: { startSecond, arrivals },
      latencyPerSecond: { end_to_end_latency: this.#endToEndSeconds.encode() },
      ...(this.redelivered > 0 && { redelivered: this.redelivered }),
      foreign,
    };
  }
}
