import type { EncodedHistogram } from '../measure/latency-histogram.ts';
import { LatencySeconds } from '../measure/latency-seconds.ts';
import type { RequestResult, RequestTraffic } from '../measure/slice-result.ts';
import { IntervalHistogram } from './interval-histogram.ts';

/** Statuses have three digits (RFC 9110, 15); what else a server sends is counted as one of its kind. */
const mostStatuses = 100;

/** What a slice counts of requests beside the counters of all messages: answers by status, and what was below them. */
export class RequestCounters {
  readonly #traffic: () => RequestTraffic;
  readonly #statuses = new Map<number, IntervalHistogram>();
  readonly #all = new IntervalHistogram();
  readonly #seconds = new LatencySeconds();
  readonly #unansweredBy = new Map<string, number>();

  /** @param traffic what the connections came to so far */
  constructor(traffic: () => RequestTraffic) {
    this.#traffic = traffic;
  }

  /** @returns the status that it counts as */
  answered(status: number, sentMs: number, answeredMs: number): number {
    const tookMs = answeredMs - sentMs;
    const isKnown = this.#statuses.size < mostStatuses || this.#statuses.has(status);
    const known = isKnown ? status : 0;
    this.#ofStatus(known).record(tookMs);
    this.#all.record(tookMs);
    this.#seconds.record(answeredMs, tookMs);
    return known;
  }

  unanswered(reason: string): void {
    this.#unansweredBy.set(reason, (this.#unansweredBy.get(reason) ?? 0) + 1);
  }

  /** Response times since the last call. */
  closeInterval(): EncodedHistogram {
    return this.#all.closeInterval();
  }

  result(): RequestResult {
    return {
      ...this.#traffic(),
      statuses: Object.fromEntries([...this.#statuses].map(([status, times]) => [status, times.encodeAll()])),
      perSecond: this.#seconds.encode(),
      unansweredBy: Object.fromEntries(this.#unansweredBy),
    };
  }

  #ofStatus(status: number): IntervalHistogram {
    let times = this.#statuses.get(status);
    if (times === undefined) {
      times = new IntervalHistogram();
      this.#statuses.set(status, times);
    }
    return times;
  }
}
