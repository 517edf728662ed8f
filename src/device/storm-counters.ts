import { LatencyHistogram } from '../measure/latency-histogram.ts';
import type { ConnectSeries, SliceResult, StormResult } from '../measure/slice-result.ts';

/** A disconnect of some of the slice's devices, while it is being counted. */
interface StormCount {
  readonly at: number;
  readonly devices: number;
  readonly disconnected: number;
  /** By device: 1 until it is back. */
  readonly disconnectedDevices: Uint8Array;
  readonly recovery: LatencyHistogram;
  attempts: number;
  delayed: number;
  dropped: number;
}

type PreparedStorm = Omit<StormCount, 'disconnected'>;

/** Counts what disconnects did to the slice's devices, and attempts to connect by second. */
export class StormCounters {
  readonly #devices: number;
  readonly #storms: StormCount[] = [];
  readonly #seconds: ConnectSeconds;
  /** Made for the first storm. By device: when it was last back from one, epoch milliseconds, and from which. */
  #backAt: Float64Array | undefined;
  #backFrom: Uint16Array | undefined;

  /** @param devices of the slice @param startMs epoch milliseconds; attempts before it count in its second */
  constructor(devices: number, startMs: number) {
    this.#devices = devices;
    this.#seconds = new ConnectSeconds(startMs);
  }

  /** Whether a disconnect at this instant has been counted. */
  has(at: number): boolean {
    return this.#storms.some((storm) => storm.at === at);
  }

  /** @param chosen devices that it is for @returns a storm that has not begun */
  prepare(at: number, chosen: readonly number[]): PreparedStorm {
    const disconnectedDevices = new Uint8Array(this.#devices);
    for (const device of chosen) disconnectedDevices[device] = 1;
    const counts = { attempts: 0, delayed: 0, dropped: 0 };
    this.#backAt ??= new Float64Array(this.#devices);
    this.#backFrom ??= new Uint16Array(this.#devices);
    return { at, devices: chosen.length, disconnectedDevices, recovery: new LatencyHistogram(), ...counts };
  }

  /** @param disconnected how many of its devices were connected */
  began(storm: PreparedStorm, disconnected: number): void {
    this.#storms.push({ ...storm, disconnected });
  }

  attempted(device: number, nowMs: number): void {
    this.#seconds.offered(nowMs);
    for (const storm of this.#storms) storm.attempts += storm.disconnectedDevices[device]!;
  }

  /** @returns whether a storm had disconnected the device */
  connected(device: number, nowMs: number): boolean {
    this.#seconds.granted(nowMs);
    let wasDisconnected = false;
    for (const [i, storm] of this.#storms.entries()) {
      if (storm.disconnectedDevices[device] === 0) continue;
      storm.disconnectedDevices[device] = 0;
      wasDisconnected = true;
      storm.recovery.record(nowMs - storm.at);
      this.#backAt![device] = nowMs;
      this.#backFrom![device] = i;
    }
    return wasDisconnected;
  }

  /** @param intendedMs when the message was due, epoch milliseconds */
  sent(device: number, intendedMs: number): void {
    if (this.#backAt !== undefined && intendedMs < this.#backAt[device]!)
      this.#storms[this.#backFrom![device]!]!.delayed++;
  }

  /** A message of the device was dropped because it was not connected. */
  dropped(device: number): void {
    const storm = this.#storms.findLast(({ disconnectedDevices }) => disconnectedDevices[device] === 1);
    if (storm !== undefined) storm.dropped++;
  }

  /** @param nowMs epoch milliseconds: the instant of the record */
  result(nowMs: number): Pick<SliceResult, 'storms' | 'connects'> {
    const connects = this.#seconds.series(nowMs);
    if (this.#storms.length === 0) return connects === undefined ? {} : { connects };
    return {
      storms: this.#storms.map(
        ({ disconnectedDevices: _, recovery, ...counts }): StormResult => ({
          ...counts,
          recovery: recovery.encode(),
        }),
      ),
      ...(connects && { connects }),
    };
  }
}

/** Attempts to connect, and those that succeeded, by second. */
class ConnectSeconds {
  readonly #startSecond: number;
  readonly #offered: number[] = [];
  readonly #granted: number[] = [];

  constructor(startMs: number) {
    this.#startSecond = Math.floor(startMs / 1_000);
  }

  offered(nowMs: number): void {
    const second = this.#secondOf(nowMs);
    this.#offered[second] = this.#offered[second]! + 1;
  }

  granted(nowMs: number): void {
    const second = this.#secondOf(nowMs);
    this.#granted[second] = this.#granted[second]! + 1;
  }

  /** Undefined: there were none. */
  series(nowMs: number): ConnectSeries | undefined {
    if (this.#offered.length === 0) return undefined;
    this.#secondOf(nowMs);
    return {
      startSecond: this.#startSecond,
      offered: this.#offered.slice(),
      granted: this.#granted.slice(),
    };
  }

  #secondOf(nowMs: number): number {
    const second = Math.max(0, Math.floor(nowMs / 1_000) - this.#startSecond);
    while (second >= this.#offered.length) {
      this.#offered.push(0);
      this.#granted.push(0);
    }
    return second;
  }
}
