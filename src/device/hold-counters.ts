import type { HoldSeconds, SliceHoldLatencyName } from '../measure/hold-seconds.ts';
import { LatencySeconds, openDueSeconds } from '../measure/latency-seconds.ts';
import { ofEach } from '../shared/counts.ts';
import type { TakenMessage } from './outgoing-stream.ts';
import { SecondTally } from './second-counts.ts';
import type { StreamCounters } from './stream-counters.ts';

const latencyNames = ['connect', 'reconnect', 'echo_latency'] as const satisfies SliceHoldLatencyName[];

/** What a slice counts by second so that the holds of a search can be judged. Only runs with a search have it. */
export class HoldCounters {
  readonly #streams: readonly StreamCounters[];
  readonly #latencies = ofEach(latencyNames, () => new LatencySeconds(openDueSeconds));
  readonly #connectedSendLag = new LatencySeconds(openDueSeconds);
  readonly #connectsFailed: SecondTally;
  readonly #reconnects: SecondTally;
  readonly #turns: SecondTally;
  readonly #cpuShare = new Map<number, number>();
  readonly #loopDelay = new LatencySeconds();

  /** @param streams of the slice, by number @param startMs epoch milliseconds */
  constructor(streams: readonly StreamCounters[], startMs: number) {
    this.#streams = streams;
    this.#connectsFailed = new SecondTally(startMs);
    this.#reconnects = new SecondTally(startMs);
    this.#turns = new SecondTally(startMs);
  }

  /** @param isConnected whether its lateness says something of the generator */
  sent({ stream, n, atMs }: TakenMessage, sentMs: number, isConnected: boolean): void {
    this.#streams[stream]!.due!.measured('send_lag', n, sentMs - atMs);
    if (isConnected) this.#connectedSendLag.record(atMs, sentMs - atMs);
  }

  /** @param endedMs epoch milliseconds @param tookMs it belongs to the second in which it began */
  measured(name: SliceHoldLatencyName, endedMs: number, tookMs: number): void {
    this.#latencies[name].record(endedMs - tookMs, tookMs);
  }

  connectFailed(nowMs: number): void {
    this.#connectsFailed.add(nowMs);
  }

  reconnected(nowMs: number): void {
    this.#reconnects.add(nowMs);
  }

  /** A device ends its connection to connect again. @param dueAt its turn, epoch milliseconds */
  tookTurn(dueAt: number): void {
    this.#turns.add(dueAt);
  }

  /** @param second epoch seconds @param cpuShare of one vCPU */
  used(second: number, cpuShare: number): void {
    this.#cpuShare.set(second, cpuShare);
  }

  /** A timer fired so late. */
  delayed(nowMs: number, delayMs: number): void {
    this.#loopDelay.record(nowMs, delayMs);
  }

  encode(): HoldSeconds {
    return {
      streams: this.#streams.map(({ due }) => due!.encode()),
      latencies: ofEach(latencyNames, (name) => this.#latencies[name].encode()),
      connectedSendLag: this.#connectedSendLag.encode(),
      connectsFailed: this.#connectsFailed.encode(),
      reconnects: this.#reconnects.encode(),
      turns: this.#turns.encode(),
      cpuShare: Object.fromEntries(this.#cpuShare),
      loopDelay: this.#loopDelay.encode(),
    };
  }
}
