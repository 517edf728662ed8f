import type { EncodedHistogram } from '../measure/latency-histogram.ts';
import { LatencyHistogram } from '../measure/latency-histogram.ts';
import type { AcknowledgementLatencyName, LatencyRecord } from '../measure/latency-names.ts';
import { type EncodedLatencySeconds, LatencySeconds } from '../measure/latency-seconds.ts';
import { IntervalHistogram } from './interval-histogram.ts';

type Acknowledgements<Value> = LatencyRecord<Value, AcknowledgementLatencyName>;

const none = new LatencyHistogram().encode();

/** How long a slice's messages took from sent to acknowledged, under the name that its quality of service gives that. */
export class AcknowledgementTimes {
  readonly #name: AcknowledgementLatencyName;
  readonly #all = new IntervalHistogram();
  readonly #seconds = new LatencySeconds();

  constructor(name: AcknowledgementLatencyName) {
    this.#name = name;
  }

  record(sentMs: number, ackedMs: number): void {
    this.#all.record(ackedMs - sentMs);
    this.#seconds.record(ackedMs, ackedMs - sentMs);
  }

  closeInterval(): Acknowledgements<EncodedHistogram> {
    return this.#named(this.#all.closeInterval(), none);
  }

  encodeAll(): Acknowledgements<EncodedHistogram> {
    return this.#named(this.#all.encodeAll(), none);
  }

  perSecond(): Acknowledgements<EncodedLatencySeconds> {
    return this.#named(this.#seconds.encode(), {});
  }

  #named<Value>(value: Value, empty: Value): Acknowledgements<Value> {
    return { puback_round_trip: empty, [this.#name]: value };
  }
}
