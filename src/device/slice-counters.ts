import type { DropReason } from '../measure/hold-seconds.ts';
import type { EncodedHistogram } from '../measure/latency-histogram.ts';
import type { LatencyRecord, SliceLatencyName } from '../measure/latency-names.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import type { DeviceCounts, PublishCounts, SliceMessageCounts } from '../measure/slice-result.ts';
import { echoObserver } from '../plan/observers.ts';
import { sumFields, sumOf } from '../shared/counts.ts';
import { AcknowledgementTimes } from './acknowledgement-times.ts';
import { ConnectLatencies } from './connect-latencies.ts';
import type { CountedResult } from './counted-result.ts';
import type { CountedStreams } from './counted-streams.ts';
import { EchoCounters } from './echo-counters.ts';
import { HoldCounters } from './hold-counters.ts';
import type { InFlightMessage } from './in-flight.ts';
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
  /** Of requests to a web service. */
  requests: RequestCounters | undefined;
  readonly storms: StormCounters;
  /** Of a run with a search. */
  readonly holds: HoldCounters | undefined;
  readonly #devicesPlanned: number;
  readonly #everConnected: Uint8Array;
  #connected = 0;
  #reconnects = 0;
  /** By number. */
  readonly streams: readonly StreamCounters[];
  readonly #counted: CountedStreams;
  #incomplete = 0;
  readonly #connectFailedBy = new ReasonCounts();
  readonly #failedBy = new ReasonCounts();
  readonly #disconnectedBy = new ReasonCounts();
  readonly #echoRefusedBy = new ReasonCounts();
  #lastSentMs = 0;
  readonly #connects = new ConnectLatencies();
  readonly #acknowledgements: AcknowledgementTimes;
  readonly #echoes: EchoCounters;
  readonly #sendLags: SendLags;

  /** @param devices of the slice @param startMs epoch milliseconds */
  constructor(devices: number, startMs: number, counted: CountedStreams) {
    this.#acknowledgements = new AcknowledgementTimes(counted.acknowledgement);
    this.streams = Array.from({ length: counted.streams }, () => new StreamCounters(counted, startMs));
    this.#counted = counted;
    this.#echoes = new EchoCounters(counted, this.streams);
    if (counted.recordsHolds) this.holds = new HoldCounters(this.streams, startMs);
    this.#devicesPlanned = devices;
    this.#everConnected = new Uint8Array(devices);
    this.perSecond = new SecondCounts(startMs);
    this.storms = new StormCounters(devices, startMs, this.#connects);
    this.#sendLags = new SendLags(devices);
  }

  intended(intendedMs: number, stream: number, n: number): void {
    const counters = this.streams[stream]!;
    counters.intended++;
    counters.perSecond?.intended.add(intendedMs);
    counters.due?.intended(n, intendedMs);
    this.perSecond.intended(intendedMs);
  }

  /** Of users: a stage is over, and what is intended from now on is of later ones. */
  stageEnded(): void {
    for (const { stageEnds, intended } of this.streams) stageEnds.push(intended);
  }

  sent(message: TakenMessage, sentMs: number): void {
    const { device, stream, n, atMs } = message;
    const counters = this.streams[stream]!;
    counters.sent.add(n);
    counters.lateSends?.sent(n, atMs, sentMs);
    if (this.#counted.haveNames) counters.measured('send_lag', sentMs - atMs);
    counters.perSecond?.sent.add(sentMs);
    this.#lastSentMs = Math.max(this.#lastSentMs, sentMs);
    this.perSecond.sent(sentMs);
    const isConnected = this.#sendLags.record(device, atMs, sentMs);
    this.holds?.sent(message, sentMs, isConnected);
    this.storms.sent(device, atMs);
  }

  /** @param device that was to send it, where it is known */
  dropped(reason: DropReason, stream: number, n: number, device?: number): void {
    this.streams[stream]!.dropped[reason]++;
    this.streams[stream]!.due?.decided(reason, n);
    if (device !== undefined && reason === 'not-connected') this.storms.dropped(device);
  }

  /** A message was answered with success. */
  #succeeded({ stream, n }: InFlightMessage, answeredMs: number): void {
    this.streams[stream]!.acked++;
    this.perSecond.acked(answeredMs);
    this.streams[stream]!.due?.decided('acked', n);
  }

  acked(message: InFlightMessage, ackedMs: number): void {
    const { stream, n, sentMs } = message;
    const { haveNames, acknowledgement } = this.#counted;
    this.#succeeded(message, ackedMs);
    this.#acknowledgements.record(sentMs, ackedMs);
    this.streams[stream]!.due?.measured(acknowledgement, n, ackedMs - sentMs);
    if (haveNames) this.streams[stream]!.measured(acknowledgement, ackedMs - sentMs);
  }

  /** A request was answered. @param refusal absent: with success */
  answered(message: InFlightMessage, status: number, answeredMs: number, refusal?: Refusal): void {
    const { stream, n, sentMs } = message;
    const known = this.requests?.answered(status, sentMs, answeredMs);
    if (known !== undefined) this.streams[stream]!.due?.answered(known, n, answeredMs - sentMs);
    if (refusal === undefined) this.#succeeded(message, answeredMs);
    else this.refused(refusal, `HTTP ${status}`, stream, n);
  }

  /** @param n undefined: it is not known which message it was */
  refused(why: Refusal, reason: string, stream: number, n?: number): void {
    const { due } = this.streams[stream]!;
    due?.decided(why, n ?? due.last);
    if (why === 'throttled') {
      this.streams[stream]!.throttled++;
    } else {
      this.streams[stream]!.failed++;
      this.#failedBy.add(reason);
    }
  }

  /** The connection of a request ended before its answer was whole. */
  unanswered(reason: string): void {
    if (this.requests === undefined) this.#disconnectedBy.add(reason);
    else this.requests.unanswered(reason);
  }

  /** @param isAccepted at QoS 2: the PUBREC had come, and the PUBCOMP did not */
  unacknowledged(
    isAccepted: boolean,
    { device, stream, n }: Pick<InFlightMessage, 'device' | 'stream' | 'n'>,
  ): void {
    this.streams[stream]!.unacknowledged++;
    this.storms.unacknowledged(device, stream, n);
    this.streams[stream]!.due?.decided('unacknowledged', n);
    if (isAccepted) this.#incomplete++;
  }

  /** @param deviceIndex of the device that received it, over the whole run */
  echoed(deviceIndex: number, message: EchoedMessage, arrivedMs: number): void {
    this.#echoes.echoed(deviceIndex, message, arrivedMs);
    this.perSecond.echoed(arrivedMs);
    this.holds?.measured('echo_latency', arrivedMs, arrivedMs - message.at);
  }

  /** A connection for requests was opened. Of publishes to AWS IoT Core it is not measured: no device connects for itself. */
  opened(connectMs: number): void {
    if (this.requests !== undefined) this.#connects.record('connect', connectMs);
  }

  /** @param connectMs undefined if the transport has no connect to measure @returns whether it was connected before */
  connected(device: number, nowMs: number, connectMs: number | undefined): boolean {
    const isAgain = this.#everConnected[device] === 1;
    if (isAgain) this.#reconnects++;
    if (isAgain) this.holds?.reconnected(nowMs);
    else this.#connected++;
    this.#everConnected[device] = 1;
    this.perSecond.connectedChanged(nowMs, 1);
    if (connectMs === undefined) return isAgain;
    this.#connects.record('connect', connectMs);
    this.holds?.measured('connect', nowMs, connectMs);
    return isAgain;
  }

  /** A device is connected that slept, or that a storm had disconnected. */
  returned(device: number, nowMs: number): void {
    this.#sendLags.returned(device, nowMs);
  }

  /** @param reconnectMs from when a device missed its connection until it was connected again */
  reconnected(reconnectMs: number, nowMs: number): void {
    this.holds?.measured('reconnect', nowMs, reconnectMs);
    this.#connects.record('reconnect', reconnectMs);
  }

  connectFailed(reason: string, nowMs: number): void {
    this.#connectFailedBy.add(reason);
    this.holds?.connectFailed(nowMs);
  }

  /** A device is connected that another leg had. @param handoverMs from its instant on */
  tookOver(device: number, nowMs: number, handoverMs: number): void {
    this.#sendLags.returned(device, nowMs);
    this.#connects.record('handover', handoverMs);
  }

  /** @param reason undefined: another leg has the device now */
  disconnected(nowMs: number, reason: string | undefined): void {
    this.perSecond.connectedChanged(nowMs, -1);
    if (reason !== undefined) this.#disconnectedBy.add(reason);
  }

  echoRefused(reason: string): void {
    this.#echoRefusedBy.add(reason);
  }

  /** `: ECONNREFUSED (500 times)`, the reason most connects failed for; empty where none did. */
  get mostlyBecause(): string {
    const [most] = Object.entries(this.#connectFailedBy.counts()).sort(([, a], [, b]) => b - a);
    return most === undefined ? '' : `: ${most[0]} (${most[1]} times)`;
  }

  /** Devices that are connected now. */
  get connectedNow(): number {
    return this.perSecond.connectedNow;
  }

  /** Messages that were sent and are to come back to their devices, but are not back yet. */
  get echoesMissing(): number {
    return this.#echoes.missing;
  }

  devices(): DeviceCounts {
    return {
      planned: this.#devicesPlanned,
      connected: this.#connected,
      connectFailed: sumOf(Object.values(this.#connectFailedBy.counts())),
      reconnects: this.#reconnects,
    };
  }

  /** @param undecided by stream; absent: nothing counts as dropped or unacknowledged for being undecided */
  messages(undecided: readonly Undecided[] = []): SliceMessageCounts {
    const counts = this.streams.map((stream, i) => stream.messages(undecided[i] ?? nothingUndecided));
    return { ...counts.reduce(sumFields), echoed: this.#echoes.received };
  }

  /** By stream, where kinds of message have names; undefined: they have none. @param undecided as of `messages` */
  kinds(undecided: readonly Undecided[] = []): readonly PublishCounts[] | undefined {
    if (!this.#counted.haveNames) return undefined;
    return this.streams.map((stream, i) => stream.messages(undecided[i] ?? nothingUndecided));
  }

  /** Latencies of the interval since the last call. */
  closeInterval(): LatencyRecord<EncodedHistogram, SliceLatencyName> {
    return {
      ...this.#connects.closeInterval(),
      ...this.#acknowledgements.closeInterval(),
      echo_latency: this.#echoes.latency.closeInterval(),
      send_lag: this.#sendLags.closeInterval(),
    };
  }

  /** @param undecided by stream */
  result(nowMs: number, undecided: readonly Undecided[]): CountedResult {
    const observed = this.#echoes.observed();
    const { quickest } = this.#echoes;
    return {
      devices: this.devices(),
      messages: this.messages(undecided),
      droppedBy: this.#droppedBy(undecided),
      connectFailedBy: this.#connectFailedBy.counts(),
      failedBy: this.#failedBy.counts(),
      disconnectedBy: this.#disconnectedBy.counts(),
      echoRefusedBy: this.#echoRefusedBy.counts(),
      ...(this.#incomplete > 0 && { incomplete: this.#incomplete }),
      streams: this.streams.map((stream, i) =>
        stream.result(undecided[i] ?? nothingUndecided, this.#counted),
      ),
      ...(observed && { observed: { [echoObserver]: observed } }),
      ...(this.#lastSentMs > 0 ? { lastSentAt: this.#lastSentMs } : {}),
      perSecond: this.perSecond.snapshot(nowMs),
      latencies: {
        ...this.#connects.encodeAll(),
        ...this.#acknowledgements.encodeAll(),
        echo_latency: this.#echoes.latency.encodeAll(),
        send_lag: this.#sendLags.encodeAll(),
      },
      connectedSendLag: this.#sendLags.encodeConnected(),
      ...(quickest && { quickestEcho: quickest }),
      latencyPerSecond: this.#acknowledgements.perSecond(),
      ...(this.requests && { requests: this.requests.result() }),
      ...this.storms.result(nowMs),
      ...(this.holds && { holds: this.holds.encode() }),
    };
  }

  #droppedBy(undecided: readonly Undecided[]): Readonly<Record<string, number>> {
    const reasons = new ReasonCounts();
    for (const [i, stream] of this.streams.entries())
      reasons.addAll(stream.droppedBy(undecided[i] ?? nothingUndecided));
    return reasons.counts();
  }
}
