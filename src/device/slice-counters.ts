import type { EncodedHistogram } from '../measure/latency-histogram.ts';
import type { LatencyRecord, SliceLatencyName } from '../measure/latency-names.ts';
import type {
  DeviceCounts,
  DropReason,
  PublishCounts,
  QuickestEcho,
  SliceMessageCounts,
  StreamResult,
} from '../measure/slice-result.ts';
import { echoObserver } from '../plan/observers.ts';
import { sumBy, sumFields, sumOf } from '../shared/counts.ts';
import { AcknowledgementTimes } from './acknowledgement-times.ts';
import type { CountedResult } from './counted-result.ts';
import type { CountedStreams } from './counted-streams.ts';
import { IntervalHistogram } from './interval-histogram.ts';
import type { TakenMessage } from './outgoing-stream.ts';
import type { EchoedMessage } from './payload.ts';
import type { RequestCounters } from './request-counters.ts';
import { SecondCounts } from './second-counts.ts';
import { SendLags } from './send-lags.ts';
import { StormCounters } from './storm-counters.ts';
import { nothingUndecided, StreamCounters, type Undecided } from './stream-counters.ts';
import type { Refusal } from './transport.ts';

/**
 * The counters of a slice. Each event is counted once; what is undecided at the instant of a snapshot counts as if the slice
 * ended there (waiting: dropped; in flight: unacknowledged), so that the ledger's equations hold at every instant and a
 * slice that is killed leaves counters that balance.
 */
export class SliceCounters {
  readonly perSecond: SecondCounts;
  /** Set where messages are requests to a web service. */
  requests: RequestCounters | undefined;
  readonly storms: StormCounters;
  readonly #devicesPlanned: number;
  readonly #everConnected: Uint8Array;
  #connected = 0;
  #reconnects = 0;
  /** By number. */
  readonly #streams: readonly StreamCounters[];
  readonly #counted: CountedStreams;
  #incomplete = 0;
  #echoed = 0;
  /** How often own messages were back at their devices. */
  #echoArrivals = 0;
  readonly #connectFailedBy = new Map<string, number>();
  readonly #failedBy = new Map<string, number>();
  readonly #disconnectedBy = new Map<string, number>();
  readonly #echoRefusedBy = new Map<string, number>();
  #lastSentMs = 0;
  #quickestEcho: QuickestEcho | undefined;
  readonly #connect = new IntervalHistogram();
  readonly #acknowledgements: AcknowledgementTimes;
  readonly #echo = new IntervalHistogram();
  readonly #sendLags: SendLags;

  /** @param devices of the slice @param startMs epoch milliseconds */
  constructor(devices: number, startMs: number, counted: CountedStreams) {
    this.#acknowledgements = new AcknowledgementTimes(counted.acknowledgement);
    this.#streams = Array.from({ length: counted.streams }, () => new StreamCounters());
    this.#counted = counted;
    this.#devicesPlanned = devices;
    this.#everConnected = new Uint8Array(devices);
    this.perSecond = new SecondCounts(startMs);
    this.storms = new StormCounters(devices, startMs);
    this.#sendLags = new SendLags(devices);
  }

  intended(intendedMs: number, stream = 0): void {
    this.#streams[stream]!.intended++;
    this.perSecond.intended(intendedMs);
  }

  /** Of users: a stage is over, and what is intended from now on is of later ones. */
  stageEnded(): void {
    for (const { stageEnds, intended } of this.#streams) stageEnds.push(intended);
  }

  sent({ device, stream, n, atMs }: TakenMessage, sentMs: number): void {
    this.#streams[stream]!.sent.add(n);
    this.#lastSentMs = Math.max(this.#lastSentMs, sentMs);
    this.perSecond.sent(sentMs);
    this.#sendLags.record(device, atMs, sentMs);
    this.storms.sent(device, atMs);
  }

  /** @param device that was to send it, where it is known */
  dropped(reason: DropReason, stream = 0, device?: number): void {
    this.#streams[stream]!.dropped[reason]++;
    if (device !== undefined && reason === 'not-connected') this.storms.dropped(device);
  }

  /** A request was answered with success: `requests` measures it. */
  succeeded(answeredMs: number, stream = 0): void {
    this.#streams[stream]!.acked++;
    this.perSecond.acked(answeredMs);
  }

  acked(sentMs: number, ackedMs: number, stream = 0): void {
    this.succeeded(ackedMs, stream);
    this.#acknowledgements.record(sentMs, ackedMs);
  }

  refused(why: Refusal, reason: string, stream = 0): void {
    if (why === 'throttled') {
      this.#streams[stream]!.throttled++;
    } else {
      this.#streams[stream]!.failed++;
      increment(this.#failedBy, reason);
    }
  }

  /** The connection of a request ended before its answer was whole. */
  unanswered(reason: string): void {
    if (this.requests === undefined) increment(this.#disconnectedBy, reason);
    else this.requests.unanswered(reason);
  }

  /** @param isAccepted at QoS 2: the PUBREC had come, and the PUBCOMP did not */
  unacknowledged(isAccepted: boolean, stream = 0): void {
    this.#streams[stream]!.unacknowledged++;
    if (isAccepted) this.#incomplete++;
  }

  /** @param deviceIndex of the device that received it, over the whole run */
  echoed(deviceIndex: number, { at, own }: EchoedMessage, arrivedMs: number): void {
    if (own !== undefined) {
      // On a shared topic devices receive each other's messages: those are no echoes.
      if (own.deviceIndex === deviceIndex) this.#observeEcho(own.stream, own.n);
      const us = Math.round((arrivedMs - own.sent) * 1_000);
      if (this.#quickestEcho === undefined || us < this.#quickestEcho.us) {
        const { stream, n } = own;
        this.#quickestEcho = { ...(stream > 0 && { stream }), n, us };
      }
    }
    this.#echoed++;
    this.perSecond.echoed(arrivedMs);
    this.#echo.record(arrivedMs - at);
  }

  #observeEcho(stream: number, n: number): void {
    const { sent, echoes } = this.#streams[stream]!;
    const rankOf = this.#counted.echoRanksOf?.(stream);
    if (rankOf === undefined || !sent.has(n)) return;
    const rank = rankOf(n);
    // Of a device that is not expected to receive it.
    if (rankOf(n + 1) === rank) return;
    this.#echoArrivals++;
    echoes.add(rank);
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

  /** A device is connected that slept, or that a storm had disconnected. */
  returned(device: number, nowMs: number): void {
    this.#sendLags.returned(device, nowMs);
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

  /** `: ECONNREFUSED (500 times)`, the reason most connects failed for; empty where none did. */
  get mostlyBecause(): string {
    const [most] = [...this.#connectFailedBy].sort(([, a], [, b]) => b - a);
    return most === undefined ? '' : `: ${most[0]} (${most[1]} times)`;
  }

  /** Devices that are connected now. */
  get connectedNow(): number {
    return this.perSecond.connectedNow;
  }

  /** Messages that were sent and are to come back to their devices, but are not back yet. */
  get echoesMissing(): number {
    return sumBy(this.#streams, (each, i) => each.echoesMissing(this.#counted.echoRanksOf?.(i)));
  }

  devices(): DeviceCounts {
    return {
      planned: this.#devicesPlanned,
      connected: this.#connected,
      connectFailed: sumOf([...this.#connectFailedBy.values()]),
      reconnects: this.#reconnects,
    };
  }

  /** @param undecided by stream; absent: nothing counts as dropped or unacknowledged for being undecided */
  messages(undecided: readonly Undecided[] = []): SliceMessageCounts {
    const counts = this.#streams.map((stream, i) => stream.messages(undecided[i] ?? nothingUndecided));
    return { ...counts.reduce(sumFields), echoed: this.#echoed };
  }

  /** By stream, where kinds of message have names; undefined: they have none. @param undecided as of `messages` */
  kinds(undecided: readonly Undecided[] = []): readonly PublishCounts[] | undefined {
    if (!this.#counted.haveNames) return undefined;
    return this.#streams.map((stream, i) => stream.messages(undecided[i] ?? nothingUndecided));
  }

  /** Latencies of the interval since the last call. */
  closeInterval(): LatencyRecord<EncodedHistogram, SliceLatencyName> {
    return {
      connect: this.#connect.closeInterval(),
      ...this.#acknowledgements.closeInterval(),
      echo_latency: this.#echo.closeInterval(),
      send_lag: this.#sendLags.closeInterval(),
    };
  }

  /** @param undecided by stream */
  result(nowMs: number, undecided: readonly Undecided[]): CountedResult {
    const { echoRanksOf } = this.#counted;
    return {
      devices: this.devices(),
      messages: this.messages(undecided),
      droppedBy: this.#streams
        .map((stream, i) => stream.droppedBy(undecided[i] ?? nothingUndecided))
        .reduce(addCounts),
      connectFailedBy: Object.fromEntries(this.#connectFailedBy),
      failedBy: Object.fromEntries(this.#failedBy),
      disconnectedBy: Object.fromEntries(this.#disconnectedBy),
      echoRefusedBy: Object.fromEntries(this.#echoRefusedBy),
      ...(this.#incomplete > 0 && { incomplete: this.#incomplete }),
      streams: this.#streams.map((stream, i) => this.#streamResult(stream, undecided[i] ?? nothingUndecided)),
      ...(echoRanksOf && {
        observed: {
          [echoObserver]: {
            arrivals: this.#echoArrivals,
            seen: this.#streams.map(({ echoes }) => echoes.encode()),
          },
        },
      }),
      ...(this.#lastSentMs > 0 ? { lastSentAt: this.#lastSentMs } : {}),
      perSecond: this.perSecond.snapshot(nowMs),
      latencies: {
        connect: this.#connect.encodeAll(),
        ...this.#acknowledgements.encodeAll(),
        echo_latency: this.#echo.encodeAll(),
        send_lag: this.#sendLags.encodeAll(),
      },
      connectedSendLag: this.#sendLags.encodeConnected(),
      ...(this.#quickestEcho === undefined ? {} : { quickestEcho: this.#quickestEcho }),
      latencyPerSecond: this.#acknowledgements.perSecond(),
      ...(this.requests && { requests: this.requests.result() }),
      ...this.storms.result(nowMs),
    };
  }

  #streamResult(stream: StreamCounters, undecided: Undecided): StreamResult {
    const { hasUsers, haveNames } = this.#counted;
    return {
      intended: stream.intended,
      sent: stream.sent.encode(),
      ...(hasUsers && { stageEnds: stream.stageEnds.slice() }),
      ...(haveNames && {
        counts: { messages: stream.messages(undecided), droppedBy: stream.droppedBy(undecided), undecided },
      }),
    };
  }
}

function addCounts<Key extends string>(
  a: Partial<Record<Key, number>>,
  b: Partial<Record<Key, number>>,
): Partial<Record<Key, number>> {
  const sum = { ...a };
  for (const [key, count] of Object.entries<number | undefined>(b) as [Key, number][])
    sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

function increment(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
