import type { EncodedHistogram } from '../measure/latency-histogram.ts';
import type { LatencyRecord } from '../measure/latency-names.ts';
import { IntervalHistogram } from './interval-histogram.ts';

type ConnectLatencyName = 'connect' | 'reconnect' | 'handover' | 'failover_time';

/** How long connects of a slice took: first ones and others, from where each began. */
export class ConnectLatencies {
  readonly #all: { connect: IntervalHistogram } & Partial<Record<ConnectLatencyName, IntervalHistogram>> = {
    connect: new IntervalHistogram(),
  };

  record(name: ConnectLatencyName, ms: number): void {
    this.#all[name] ??= new IntervalHistogram();
    this.#all[name].record(ms);
  }

  /** Since the last call. */
  closeInterval(): LatencyRecord<EncodedHistogram, ConnectLatencyName> {
    return this.#each((histogram) => histogram.closeInterval());
  }

  encodeAll(): LatencyRecord<EncodedHistogram, ConnectLatencyName> {
    return this.#each((histogram) => histogram.encodeAll());
  }

  #each(
    encode: (histogram: IntervalHistogram) => EncodedHistogram,
  ): LatencyRecord<EncodedHistogram, ConnectLatencyName> {
    const { connect, reconnect, handover, failover_time } = this.#all;
    return {
      connect: encode(connect),
      ...(reconnect && { reconnect: encode(reconnect) }),
      ...(handover && { handover: encode(handover) }),
      ...(failover_time && { failover_time: encode(failover_time) }),
    };
  }
}
