import { LatencyHistogram } from './latency-histogram.ts';
import { type CountsByReason, ReasonCounts } from './reason-counts.ts';
import type { RequestResult, RequestTraffic } from './slice-result.ts';

/** What the requests of a run came to, over the slices that left a result or a checkpoint. */
export interface RunRequests extends RequestTraffic {
  /** By status of the answer, in ascending order. */
  readonly statuses: ReadonlyMap<number, LatencyHistogram>;
  /** Why requests were never answered, where their connection says so; the others took too long. */
  readonly unansweredBy: CountsByReason;
}

/** Adds up what slices requested. */
export class RequestTotals {
  readonly #statuses = new Map<number, LatencyHistogram>();
  readonly #unansweredBy = new ReasonCounts();
  #traffic: RequestTraffic | undefined;

  /** @throws {CorruptMeasurementError} */
  add({ statuses, unansweredBy, connections, bytesOut, bytesIn }: RequestResult): void {
    for (const [key, encoded] of Object.entries(statuses)) {
      const status = Number(key);
      let times = this.#statuses.get(status);
      if (times === undefined) {
        times = new LatencyHistogram();
        this.#statuses.set(status, times);
      }
      times.mergeEncoded(encoded);
    }
    this.#unansweredBy.addAll(unansweredBy);
    const before = this.#traffic ?? { connections: 0, bytesOut: 0, bytesIn: 0 };
    this.#traffic = {
      connections: before.connections + connections,
      bytesOut: before.bytesOut + bytesOut,
      bytesIn: before.bytesIn + bytesIn,
    };
  }

  /** Undefined: no slice requested anything. */
  totals(): RunRequests | undefined {
    return (
      this.#traffic && {
        ...this.#traffic,
        statuses: new Map([...this.#statuses].sort(([a], [b]) => a - b)),
        unansweredBy: this.#unansweredBy.counts(),
      }
    );
  }
}
