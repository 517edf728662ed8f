import { IntervalSet } from '../measure/interval-set.ts';
import { LatencyHistogram } from '../measure/latency-histogram.ts';
import type { ConnectSeries, SliceResult, StormResult } from '../measure/slice-result.ts';
import { isSameMove } from '../plan/failovers.ts';
import type { RegionMove } from '../profile/planned-action.ts';
import type { ConnectLatencies } from './connect-latencies.ts';

/** A disconnect of some of the slice's devices, while it is being counted. */
interface StormCount {
  readonly at: number;
  /** Of a failover. */
  readonly moves: RegionMove | undefined;
  /** Of a failover, by stream: messages that were in flight when their device lost its connection. */
  readonly unacknowledged: IntervalSet[];
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
type StormId = Pick<StormCount, 'at' | 'moves'>;

/** Counts what disconnects did to the slice's devices, and attempts to connect by second. */
export class StormCounters {
  readonly #devices: number;
  readonly #storms: StormCount[] = [];
  readonly #seconds: ConnectSeconds;
  readonly #latencies: Pick<ConnectLatencies, 'record'>;
  /** Made for the first storm. By device: when it was last back from one, epoch milliseconds, and from which. */
  #backAt: Float64Array | undefined;
  #backFrom: Uint16Array | undefined;

  /** @param devices of the slice @param startMs epoch milliseconds; attempts before it count in its second */
  constructor(devices: number, startMs: number, latencies: Pick<ConnectLatencies, 'record'>) {
    this.#devices = devices;
    this.#seconds = new ConnectSeconds(startMs);
    this.#latencies = latencies;
  }

  /** Whether this disconnect, or this failover, has been counted. */
  has({ at, moves }: StormId): boolean {
    return this.#storms.some((storm) => storm.at === at && isSameMove(storm.moves, moves));
  }

  /** @param chosen devices that it is for @returns a storm that has not begun */
  prepare({ at, moves }: StormId, chosen: readonly number[]): PreparedStorm {
    const disconnectedDevices = new Uint8Array(this.#devices);
    for (const device of chosen) disconnectedDevices[device] = 1;
    const counts = { attempts: 0, delayed: 0, dropped: 0 };
    this.#backAt ??= new Float64Array(this.#devices);
    this.#backFrom ??= new Uint16Array(this.#devices);
    return {
      at,
      moves,
      unacknowledged: [],
      devices: chosen.length,
      disconnectedDevices,
      recovery: new LatencyHistogram(),
      ...counts,
    };
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
      if (storm.moves !== undefined) this.#latencies.record('failover_time', nowMs - storm.at);
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

  /** A message of the device will not be answered any more. */
  unacknowledged(device: number, stream: number, n: number): void {
    for (const { moves, disconnectedDevices, unacknowledged } of this.#storms) {
      if (moves === undefined || disconnectedDevices[device] === 0) continue;
      unacknowledged[stream] ??= new IntervalSet();
      unacknowledged[stream].add(n);
    }
  }

  /** @param nowMs epoch milliseconds: the instant of the record */
  result(nowMs: number): Pick<SliceResult, 'storms' | 'connects'> {
    const connects = this.#seconds.series(nowMs);
    if (this.#storms.length === 0) return connects === undefined ? {} : { connects };
    return {
      storms: this.#storms.map(
        ({ disconnectedDevices: _, recovery, moves, unacknowledged, ...counts }): StormResult => ({
          ...counts,
          recovery: recovery.encode(),
          ...(moves && {
            moves,
            unacknowledged: Array.from(unacknowledged, (numbers) => numbers?.encode() ?? []),
          }),
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
