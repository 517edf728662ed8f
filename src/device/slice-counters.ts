import { IntervalSet } from '../measure/interval-set.ts';
import type { EncodedHistogram } from '../measure/latency-histogram.ts';
import type { LatencyRecord, SliceLatencyName } from '../measure/latency-names.ts';
import type {
  DeviceCounts,
  DropReason,
  QuickestEcho,
  SliceMessageCounts,
  SliceResult,
  UndecidedCounts,
} from '../measure/slice-result.ts';
import { echoObserver } from '../plan/observers.ts';
import { sumBy, sumOf } from '../shared/counts.ts';
import { AcknowledgementTimes } from './acknowledgement-times.ts';
import type { CountedResult } from './counted-result.ts';
import type { CountedStreams } from './counted-streams.ts';
import { IntervalHistogram } from './interval-histogram.ts';
import type { EchoedMessage } from './payload.ts';
import type { RequestCounters } from './request-counters.ts';
import { SecondCounts } from './second-counts.ts';
import type { Refusal } from './transport.ts';

/** What is due or in flight at an instant, and so not decided yet. */
export type Undecided = UndecidedCounts;

/** For the live view: messages that wait or are in flight are not counted as problems, because most end well. */
export const nothingUndecided: Undecided = { waiting: { 'not-connected': 0, backlog: 0 }, inFlight: 0 };

export function isDecided({ waiting, inFlight }: Undecided): boolean {
  return inFlight + waiting.backlog + waiting['not-connected'] === 0;
}

/**
 * The counters of a slice. Each event is counted once; what is undecided at the instant of a snapshot counts as if the slice
 * ended there (waiting: dropped; in flight: unacknowledged), so that the ledger's equations hold at every instant and a
 * slice that is killed leaves counters that balance.
 */
export class SliceCounters {
  readonly perSecond: SecondCounts;
  /** Set where messages are requests to a web service. */
  requests: RequestCounters | undefined;
  readonly #devicesPlanned: number;
  readonly #everConnected: Uint8Array;
  #connected = 0;
  #reconnects = 0;
  /** By stream, as are the sets of sent messages. */
  readonly #intended: number[];
  #acked = 0;
  #throttled = 0;
  #failed = 0;
  #unacknowledged = 0;
  #incomplete = 0;
  #echoed = 0;
  /** Of a message of stream 0, its place among those that come back. */
  readonly #echoRankOf: ((n: number) => number) | undefined;
  /** Ranks of own messages that were back at their devices, and how often they were. */
  readonly #echoes = new IntervalSet();
  #echoArrivals = 0;
  readonly #dropped: Record<DropReason, number> = { 'not-connected': 0, backlog: 0, stopped: 0 };
  readonly #connectFailedBy = new Map<string, number>();
  readonly #failedBy = new Map<string, number>();
  readonly #disconnectedBy = new Map<string, number>();
  readonly #echoRefusedBy = new Map<string, number>();
  readonly #sent: readonly IntervalSet[];
  /** By stream: what was intended by the end of each stage that is over. */
  readonly #stageEnds: readonly number[][] | undefined;
  #lastSentMs = 0;
  #quickestEcho: QuickestEcho | undefined;
  readonly #connect = new IntervalHistogram();
  readonly #acknowledgements: AcknowledgementTimes;
  readonly #echo = new IntervalHistogram();
  readonly #sendLag = new IntervalHistogram();

  /** @param devices of the slice @param startMs epoch milliseconds */
  constructor(devices: number, startMs: number, counted: CountedStreams) {
    const { streams, echoRankOf, hasUsers } = counted;
    this.#acknowledgements = new AcknowledgementTimes(counted.acknowledgement);
    this.#intended = Array.from({ length: streams }, () => 0);
    this.#sent = Array.from({ length: streams }, () => new IntervalSet());
    this.#stageEnds = hasUsers ? Array.from({ length: streams }, () => []) : undefined;
    this.#echoRankOf = echoRankOf;
    this.#devicesPlanned = devices;
    this.#everConnected = new Uint8Array(devices);
    this.perSecond = new SecondCounts(startMs);
  }

  intended(intendedMs: number, stream = 0): void {
    this.#intended[stream]!++;
    this.perSecond.intended(intendedMs);
  }

  /** Of users: a stage is over, and what is intended from now on is of later ones. */
  stageEnded(): void {
    for (const [stream, ends] of this.#stageEnds?.entries() ?? []) ends.push(this.#intended[stream]!);
  }

  sent(n: number, intendedMs: number, sentMs: number, stream = 0): void {
    this.#sent[stream]!.add(n);
    this.#lastSentMs = Math.max(this.#lastSentMs, sentMs);
    this.perSecond.sent(sentMs);
    this.#sendLag.record(sentMs - intendedMs);
  }

  dropped(reason: DropReason): void {
    this.#dropped[reason]++;
  }

  /** A request was answered with success: `requests` measures it. */
  succeeded(answeredMs: number): void {
    this.#acked++;
    this.perSecond.acked(answeredMs);
  }

  acked(sentMs: number, ackedMs: number): void {
    this.succeeded(ackedMs);
    this.#acknowledgements.record(sentMs, ackedMs);
  }

  refused(why: Refusal, reason: string): void {
    if (why === 'throttled') {
      this.#throttled++;
    } else {
      this.#failed++;
      increment(this.#failedBy, reason);
    }
  }

  /** The connection of a request ended before its answer was whole. */
  unanswered(reason: string): void {
    if (this.requests === undefined) increment(this.#disconnectedBy, reason);
    else this.requests.unanswered(reason);
  }

  /** @param isAccepted at QoS 2: the PUBREC had come, and the PUBCOMP did not */
  unacknowledged(isAccepted: boolean): void {
    this.#unacknowledged++;
    if (isAccepted) this.#incomplete++;
  }

  /** @param deviceIndex of the device that received it, over the whole run */
  echoed(deviceIndex: number, { at, own }: EchoedMessage, arrivedMs: number): void {
    if (own !== undefined) {
      // On a shared topic devices receive each other's messages: those are no echoes.
      if (own.deviceIndex === deviceIndex) this.#observeEcho(own.n);
      const us = Math.round((arrivedMs - own.sent) * 1_000);
      if (this.#quickestEcho === undefined || us < this.#quickestEcho.us) {
        this.#quickestEcho = { n: own.n, us };
      }
    }
    this.#echoed++;
    this.perSecond.echoed(arrivedMs);
    this.#echo.record(arrivedMs - at);
  }

  #observeEcho(n: number): void {
    if (this.#echoRankOf === undefined || !this.#sent[0]!.has(n)) return;
    this.#echoArrivals++;
    this.#echoes.add(this.#echoRankOf(n));
  }

  /** A connection for requests was opened. Of publishes to AWS IoT Core it is not measured: no device connects for itself. */
  opened(connectMs: number): void {
    if (this.requests !== undefined) this.#connect.record(connectMs);
  }

  /** @param connectMs undefined if the transport has no connect to measure */
  connected(device: number, nowMs: number, connectMs: number | undefined): void {
    if (this.#everConnected[device] === 1) {
      this.#reconnects++;
    } else {
      this.#everConnected[device] = 1;
      this.#connected++;
    }
    this.perSecond.connectedChanged(nowMs, 1);
    if (connectMs !== undefined) this.#connect.record(connectMs);
  }

  connectFailed(reason: string): void {
    increment(this.#connectFailedBy, reason);
  }

  disconnected(nowMs: number, reason: string): void {
    this.perSecond.connectedChanged(nowMs, -1);
    increment(this.#disconnectedBy, reason);
  }

  echoRefused(reason: string): void {
    increment(this.#echoRefusedBy, reason);
  }

  /** Devices that have been connected at least once. */
  get devicesConnected(): number {
    return this.#connected;
  }

  /** `: ECONNREFUSED (500 times)`, the reason most connects failed for; empty where none did. */
  get mostlyBecause(): string {
    const [most] = [...this.#connectFailedBy].sort(([, a], [, b]) => b - a);
    return most === undefined ? '' : `: ${most[0]} (${most[1]} times)`;
  }

  /** Devices that are connected now. */
  get connectedNow(): number {
    return this.perSecond.connectedNow;
  }

  /** Distinct messages that were back at the devices that sent them. */
  get echoesSeen(): number {
    return this.#echoes.count;
  }

  devices(): DeviceCounts {
    return {
      planned: this.#devicesPlanned,
      connected: this.#connected,
      connectFailed: sumOf([...this.#connectFailedBy.values()]),
      reconnects: this.#reconnects,
    };
  }

  messages({ waiting, inFlight }: Undecided): SliceMessageCounts {
    const { stopped, backlog, 'not-connected': notConnected } = this.#dropped;
    return {
      intended: sumOf(this.#intended),
      sent: sumBy(this.#sent, ({ count }) => count),
      dropped: stopped + backlog + notConnected + waiting.backlog + waiting['not-connected'],
      acked: this.#acked,
      throttled: this.#throttled,
      failed: this.#failed,
      unacknowledged: this.#unacknowledged + inFlight,
      echoed: this.#echoed,
    };
  }

  /** Latencies of the interval since the last call. */
  closeInterval(): LatencyRecord<EncodedHistogram, SliceLatencyName> {
    return {
      connect: this.#connect.closeInterval(),
      ...this.#acknowledgements.closeInterval(),
      echo_latency: this.#echo.closeInterval(),
      send_lag: this.#sendLag.closeInterval(),
    };
  }

  result(nowMs: number, undecided: Undecided): CountedResult {
    return {
      devices: this.devices(),
      messages: this.messages(undecided),
      droppedBy: this.#droppedBy(undecided),
      connectFailedBy: Object.fromEntries(this.#connectFailedBy),
      failedBy: Object.fromEntries(this.#failedBy),
      disconnectedBy: Object.fromEntries(this.#disconnectedBy),
      echoRefusedBy: Object.fromEntries(this.#echoRefusedBy),
      ...(this.#incomplete > 0 && { incomplete: this.#incomplete }),
      streams: this.#sent.map((sent, stream) => ({
        intended: this.#intended[stream]!,
        sent: sent.encode(),
        ...(this.#stageEnds && { stageEnds: this.#stageEnds[stream]!.slice() }),
      })),
      ...(this.#echoRankOf && {
        observed: { [echoObserver]: { arrivals: this.#echoArrivals, seen: [this.#echoes.encode()] } },
      }),
      ...(this.#lastSentMs > 0 ? { lastSentAt: this.#lastSentMs } : {}),
      perSecond: this.perSecond.snapshot(nowMs),
      latencies: {
        connect: this.#connect.encodeAll(),
        ...this.#acknowledgements.encodeAll(),
        echo_latency: this.#echo.encodeAll(),
        send_lag: this.#sendLag.encodeAll(),
      },
      ...(this.#quickestEcho === undefined ? {} : { quickestEcho: this.#quickestEcho }),
      latencyPerSecond: this.#acknowledgements.perSecond(),
      ...(this.requests && { requests: this.requests.result() }),
    };
  }

  #droppedBy({ waiting }: Undecided): SliceResult['droppedBy'] {
    const all: [DropReason, number][] = [
      ['not-connected', this.#dropped['not-connected'] + waiting['not-connected']],
      ['backlog', this.#dropped.backlog + waiting.backlog],
      ['stopped', this.#dropped.stopped],
    ];
    return Object.fromEntries(all.filter(([, count]) => count > 0));
  }
}

function increment(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
