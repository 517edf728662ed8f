import { type EncodedHistogram, LatencyHistogram } from '../measure/latency-histogram.ts';
import { IntervalHistogram } from './interval-histogram.ts';

/**
 * Send lags of a slice. Those of messages that were due while their device was asleep, disconnected by a storm or held up by the injected
 * network say nothing of the generator: once there are any, the others are kept apart.
 */
export class SendLags {
  readonly #devices: number;
  readonly #all = new IntervalHistogram();
  /** Both made when a device first returns. */
  #connected: LatencyHistogram | undefined;
  /** By device: when it last returned, epoch milliseconds. */
  #returnedAt: Float64Array | undefined;

  /** @param devices of the slice */
  constructor(devices: number) {
    this.#devices = devices;
  }

  /**
   * @param atMs when the message was due @param sentMs both epoch milliseconds
   * @returns whether it says something of the generator
   */
  record(device: number, atMs: number, sentMs: number): boolean {
    const lagMs = sentMs - atMs;
    this.#all.record(lagMs);
    if (this.#connected === undefined) return true;
    if (atMs < this.#returnedAt![device]!) return false;
    this.#connected.record(lagMs);
    return true;
  }

  /** A device can send that slept, or that a storm had disconnected, or the injected network held up. */
  returned(device: number, nowMs: number): void {
    this.#connected ??= LatencyHistogram.decode(this.#all.encodeAll());
    this.#returnedAt ??= new Float64Array(this.#devices);
    this.#returnedAt[device] = nowMs;
  }

  /** The samples since the last call. */
  closeInterval(): EncodedHistogram {
    return this.#all.closeInterval();
  }

  /** All samples. */
  encodeAll(): EncodedHistogram {
    return this.#all.encodeAll();
  }

  /** Samples of messages whose devices were neither asleep, nor disconnected by a storm, nor held up; undefined: those are all. */
  encodeConnected(): EncodedHistogram | undefined {
    return this.#connected?.encode();
  }
}
