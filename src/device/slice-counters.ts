import { IntervalSet } from '../measure/interval-set.ts';
import type { EncodedHistogram } from '../measure/latency-histogram.ts';
import type { SliceLatencyName } from '../measure/latency-names.ts';
import { LatencySeconds } from '../measure/latency-seconds.ts';
import type {
  DeviceCounts,
  DropReason,
  QuickestEcho,
  SliceMessageCounts,
  SliceResult,
  UndecidedCounts,
} from '../measure/slice-result.ts';
import { echoObserver } from '../plan/observers.ts';
import type { EchoNumbers } from './echo-numbers.ts';
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

/** The parts of a slice's result that are counted while it runs. */
export type CountedResult = Pick<
  SliceResult,
  | 'devices'
  | 'messages'
  | 'droppedBy'
  | 'connectFailedBy'
  | 'failedBy'
  | 'disconnectedBy'
  | 'echoRefusedBy'
  | 'streams'
  | 'observed'
  | 'lastSentAt'
  | 'perSecond'
  | 'latencies'
  | 'quickestEcho'
  | 'latencyPerSecond'
  | 'requests'
>;

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
  #intended = 0;
  #acked = 0;
  #throttled = 0;
  #failed = 0;
  #unacknowledged = 0;
  #echoed = 0;
  readonly #echoNumbers: EchoNumbers | undefined;
  /** Ranks of own messages that were back at their devices, and how often they were. */
  readonly #echoes = new IntervalSet();
  #echoArrivals = 0;
  readonly #dropped: Record<DropReason, number> = { 'not-connected': 0, backlog: 0, stopped: 0 };
  readonly #connectFailedBy = new Map<string, number>();
  readonly #failedBy = new Map<string, number>();
  readonly #disconnectedBy = new Map<string, number>();
  readonly #echoRefusedBy = new Map<string, number>();
  readonly #sent = new IntervalSet();
  #lastSentMs = 0;
  #quickestEcho: QuickestEcho | undefined;
  readonly #connect = new IntervalHistogram();
  readonly #pubackRoundTrip = new IntervalHistogram();
  readonly #echo = new IntervalHistogram();
  readonly #sendLag = new IntervalHistogram();
  readonly #pubackRoundTripSeconds = new LatencySeconds();

  /** @param echo absent where no message comes back to its device */
  constructor(devices: number, startMs: number, echo?: EchoNumbers) {
    this.#echoNumbers = echo;
    this.#devicesPlanned = devices;
    this.#everConnected = new Uint8Array(devices);
    this.perSecond = new SecondCounts(startMs);
  }

  intended(intendedMs: number): void {
    this.#intended++;
    this.perSecond.intended(intendedMs);
  }

  sent(n: number, intendedMs: number, sentMs: number): void {
    this.#sent.add(n);
    this.#lastSentMs = sentMs;
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
    this.#pubackRoundTrip.record(ackedMs - sentMs);
    this.#pubackRoundTripSeconds.record(ackedMs, ackedMs - sentMs);
  }

  refused(why: Refusal, reason: string): void {
    if (why === 'throttled') {
      this.#throttled++;
    } else {
      this.#failed++;
      increment(this.#failedBy, reason);
    }
  }

  unacknowledged(): void {
    this.#unacknowledged++;
  }

  /** @param device that received it */
  echoed(device: number, { at, own }: EchoedMessage, arrivedMs: number): void {
    if (own !== undefined) {
      this.#observeEcho(device, own.n);
      const us = Math.round((arrivedMs - own.sent) * 1_000);
      if (this.#quickestEcho === undefined || us < this.#quickestEcho.us) {
        this.#quickestEcho = { n: own.n, us };
      }
    }
    this.#echoed++;
    this.perSecond.echoed(arrivedMs);
    this.#echo.record(arrivedMs - at);
  }

  /** On a shared topic devices receive each other's messages: those are no echoes. */
  #observeEcho(device: number, n: number): void {
    if (this.#echoNumbers?.deviceOf(n) !== device || !this.#sent.has(n)) return;
    this.#echoArrivals++;
    this.#echoes.add(this.#echoNumbers.rankOf(n));
  }

  /** A connection for requests was opened. */
  opened(connectMs: number): void {
    this.#connect.record(connectMs);
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
      connectFailed: total(this.#connectFailedBy),
      reconnects: this.#reconnects,
    };
  }

  messages({ waiting, inFlight }: Undecided): SliceMessageCounts {
    const { stopped, backlog, 'not-connected': notConnected } = this.#dropped;
    return {
      intended: this.#intended,
      sent: this.#sent.count,
      dropped: stopped + backlog + notConnected + waiting.backlog + waiting['not-connected'],
      acked: this.#acked,
      throttled: this.#throttled,
      failed: this.#failed,
      unacknowledged: this.#unacknowledged + inFlight,
      echoed: this.#echoed,
    };
  }

  /** Latencies of the interval since the last call. */
  closeInterval(): Readonly<Record<SliceLatencyName, EncodedHistogram>> {
    return {
      connect: this.#connect.closeInterval(),
      puback_round_trip: this.#pubackRoundTrip.closeInterval(),
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
      streams: [{ intended: this.#intended, sent: this.#sent.encode() }],
      ...(this.#echoNumbers && {
        observed: { [echoObserver]: { arrivals: this.#echoArrivals, seen: [this.#echoes.encode()] } },
      }),
      ...(this.#lastSentMs > 0 ? { lastSentAt: this.#lastSentMs } : {}),
      perSecond: this.perSecond.snapshot(nowMs),
      latencies: {
        connect: this.#connect.encodeAll(),
        puback_round_trip: this.#pubackRoundTrip.encodeAll(),
        echo_latency: this.#echo.encodeAll(),
        send_lag: this.#sendLag.encodeAll(),
      },
      ...(this.#quickestEcho === undefined ? {} : { quickestEcho: this.#quickestEcho }),
      latencyPerSecond: { puback_round_trip: this.#pubackRoundTripSeconds.encode() },
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

function total(counts: Map<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
