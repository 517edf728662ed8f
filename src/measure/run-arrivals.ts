import type { ArrivalWindow, DueArrivals, GroupArrivals, UnrelatedCounts } from './arrival-window.ts';
import type { Envelope, RuleRecord } from './envelope.ts';
import { IntervalSet } from './interval-set.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { LatencySeconds, openDueSeconds } from './latency-seconds.ts';
import { stampedLatencyMs } from './stamped-latency.ts';
import { formatStreamKey, kindIndexOf, kindKeyAt, streamAt, streamIndexOf } from './stream-key.ts';

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

  record(endToEndMs: number, ruleMs: number | undefined, transitMs: number): void {
    this.#endToEnd.record(endToEndMs);
    if (ruleMs !== undefined) this.#rule.record(ruleMs);
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

/** The same by the second in which messages were due. Late ones may be of many seconds. */
class DueLatencies {
  readonly #endToEnd = new LatencySeconds(openDueSeconds);
  readonly #rule = new LatencySeconds(openDueSeconds);
  readonly #transit = new LatencySeconds(openDueSeconds);

  /** @param dueAt epoch milliseconds, as of the envelope */
  record(dueAt: number, endToEndMs: number, ruleMs: number | undefined, transitMs: number): void {
    this.#endToEnd.record(dueAt, endToEndMs);
    if (ruleMs !== undefined) this.#rule.record(dueAt, ruleMs);
    this.#transit.record(dueAt, transitMs);
  }

  encode(): DueArrivals {
    return {
      end_to_end_latency: this.#endToEnd.encode(),
      rule_latency: this.#rule.encode(),
      transit: this.#transit.encode(),
    };
  }
}

type Sample = [dueAt: number, arrivedAt: number, endToEndMs: number, ruleMs: number, transitMs: number];

/**
 * The same of one kind of message, sample by sample: a batch may bring thousands of kinds in forged envelopes, and a histogram
 * takes the memory of thousands of samples.
 */
class ArrivalSamples {
  /** Five for each arrival; NaN: no rule saw it. */
  readonly #samples: number[] = [];

  record(
    dueAt: number,
    arrivedAt: number,
    endToEndMs: number,
    ruleMs: number | undefined,
    transitMs: number,
  ): void {
    this.#samples.push(dueAt, arrivedAt, endToEndMs, ruleMs ?? Number.NaN, transitMs);
  }

  encode(): GroupArrivals {
    const latencies = new ArrivalLatencies();
    const seconds = new LatencySeconds();
    const due = new DueLatencies();
    for (let i = 0; i < this.#samples.length; i += 5) {
      const [dueAt, arrivedAt, endToEndMs, stamp, transitMs] = this.#samples.slice(i, i + 5) as Sample;
      const ruleMs = Number.isNaN(stamp) ? undefined : stamp;
      latencies.record(endToEndMs, ruleMs, transitMs);
      seconds.record(arrivedAt, endToEndMs);
      due.record(dueAt, endToEndMs, ruleMs, transitMs);
    }
    return {
      arrivals: this.#samples.length / 5,
      latencies: latencies.encode(),
      endToEndPerSecond: seconds.encode(),
      dueSeconds: due.encode(),
    };
  }
}

/** What one observer saw of one run within one batch, or within one interval. */
export class RunArrivals {
  readonly runId: string;
  readonly #observer: string;
  redelivered = 0;
  /** Wills of the run's devices. */
  wills = 0;
  #arrivals = 0;
  /** By `streamIndexOf`. */
  readonly #seen = new Map<number, StreamArrivals>();
  readonly #bySecond = new Map<number, number>();
  readonly #all = new ArrivalLatencies();
  /** By `kindIndexOf`; of a run without groups and kinds none. */
  readonly #kinds = new Map<number, ArrivalSamples>();
  readonly #endToEndSeconds = new LatencySeconds();
  /** Of what is in none of `#kinds`. */
  readonly #due = new DueLatencies();

  constructor(runId: string, observer: string) {
    this.runId = runId;
    this.#observer = observer;
  }

  get arrivals(): number {
    return this.#arrivals;
  }

  /** @param arrivedAt a stamp of the service's: epoch milliseconds, whole */
  addStamped(record: RuleRecord, arrivedAt: number): void {
    const { at, sent, rule } = record;
    // Both ends of the lag are the device's, to the microsecond; only what follows ends at a stamp.
    const lagMs = sent - at;
    this.#count(record, arrivedAt, Math.min(arrivedAt - sent, rule - sent));
    this.#record(record, arrivedAt, stampedLatencyMs(sent, arrivedAt), lagMs + stampedLatencyMs(sent, rule));
  }

  /** @param arrivedAt of the reader's own clock: epoch milliseconds, fractional */
  addReceived(envelope: Envelope, arrivedAt: number): void {
    const transitMs = arrivedAt - envelope.sent;
    this.#count(envelope, arrivedAt, transitMs);
    this.#record(envelope, arrivedAt, transitMs, undefined);
  }

  #count(envelope: Envelope, arrivedAt: number, leastTransitMs: number): void {
    const stream = streamIndexOf(envelope);
    this.#arrivals++;
    let seen = this.#seen.get(stream);
    if (seen === undefined) {
      seen = { numbers: new IntervalSet(), leastTransitMs: Number.POSITIVE_INFINITY };
      this.#seen.set(stream, seen);
    }
    seen.numbers.add(envelope.n);
    seen.leastTransitMs = Math.min(seen.leastTransitMs, leastTransitMs);
    const second = Math.floor(arrivedAt / 1000);
    this.#bySecond.set(second, (this.#bySecond.get(second) ?? 0) + 1);
  }

  #record(
    { at, sent, deviceGroup, stream }: Envelope,
    arrivedAt: number,
    transitMs: number,
    ruleMs: number | undefined,
  ): void {
    const endToEndMs = sent - at + transitMs;
    this.#all.record(endToEndMs, ruleMs, transitMs);
    if (deviceGroup + stream > 0)
      this.#kindOf(deviceGroup, stream).record(at, arrivedAt, endToEndMs, ruleMs, transitMs);
    else this.#due.record(at, endToEndMs, ruleMs, transitMs);
    this.#endToEndSeconds.record(arrivedAt, endToEndMs);
  }

  window(window: string, unrelated: UnrelatedCounts): ArrivalWindow {
    const seconds = [...this.#bySecond.keys()];
    // A window of what is not the run's alone.
    const startSecond = seconds.length === 0 ? 0 : Math.min(...seconds);
    const length = seconds.length === 0 ? 0 : Math.max(...seconds) - startSecond + 1;
    const arrivals: number[] = new Array(length).fill(0);
    for (const [second, count] of this.#bySecond) arrivals[second - startSecond] = count;
    return {
      version: 2,
      runId: this.runId,
      observer: this.#observer,
      window,
      arrivals: this.#arrivals,
      seen: Object.fromEntries(
        [...this.#seen].map(([index, { numbers }]) => [formatStreamKey(streamAt(index)), numbers.encode()]),
      ),
      leastTransitUs: this.#leastTransitUs(),
      latencies: this.#all.encode(),
      ...(this.#kinds.size > 0 && {
        groups: Object.fromEntries(
          [...this.#kinds].map(([index, samples]) => [kindKeyAt(index), samples.encode()]),
        ),
      }),
      perSecond: { startSecond, arrivals },
      latencyPerSecond: { end_to_end_latency: this.#endToEndSeconds.encode() },
      dueSeconds: this.#due.encode(),
      ...(this.redelivered > 0 && { redelivered: this.redelivered }),
      ...(this.wills > 0 && { wills: this.wills }),
      unrelated,
    };
  }

  #kindOf(group: number, stream: number): ArrivalSamples {
    const index = kindIndexOf(group, stream);
    let samples = this.#kinds.get(index);
    if (samples === undefined) {
      samples = new ArrivalSamples();
      this.#kinds.set(index, samples);
    }
    return samples;
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
