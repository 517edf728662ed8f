import { type EncodedHistogram, LatencyHistogram } from '../measure/latency-histogram.ts';

/** Latencies of the interval that is open and of all before it: one record a sample, two readings of it. */
export class IntervalHistogram {
  readonly #open = new LatencyHistogram();
  readonly #before = new LatencyHistogram();

  record(latencyMs: number): void {
    this.#open.record(latencyMs);
  }

  /** The samples since the last call: every sample is in exactly one interval. */
  closeInterval(): EncodedHistogram {
    const interval = this.#open.encode();
    if (interval.count === 0) return interval;
    this.#before.merge(this.#open);
    this.#open.reset();
    return interval;
  }

  /** All samples; the interval stays open. */
  encodeAll(): EncodedHistogram {
    if (this.#open.count === 0) return this.#before.encode();
    const all = new LatencyHistogram();
    all.merge(this.#before);
    all.merge(this.#open);
    return all.encode();
  }
}
