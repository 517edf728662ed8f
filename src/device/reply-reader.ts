import type { FleetCounts } from '../live/live-fleet.ts';
import type { ReplyResult } from '../measure/downlink-result.ts';
import { IntervalSet } from '../measure/interval-set.ts';
import { underWayMs } from '../measure/late-sends.ts';
import { OfflineTimesRecord } from '../measure/offline-times.ts';
import { readEnvelope } from '../measure/rule-record.ts';
import {
  type CommandStream,
  commandStreamOf,
  countReplies,
  type Downlink,
  isCommandTopic,
  isDueAt,
  placeOf,
  rankOf,
  replyTopic,
} from '../plan/downlinks.ts';
import { plannedStreamsOf } from '../plan/streams.ts';
import type { DeviceSubscription, DeviceSubscriptionSettings } from './device-subscription.ts';
import { IntervalHistogram } from './interval-histogram.ts';
import { ReplyDeadlines } from './reply-deadlines.ts';
import { SubscriptionAttempts } from './subscription-attempts.ts';
import type { IncomingMessage } from './transport.ts';

export interface ReplyReaderSettings extends DeviceSubscriptionSettings {
  readonly downlink: Downlink;
}

/** The clients of a backend receive replies to their commands, and measure round trips on one clock. */
export class ReplyReader implements DeviceSubscription {
  readonly #settings: ReplyReaderSettings;
  readonly #stream: CommandStream;
  /** How many there are in the stream. */
  readonly #commands: number;
  readonly #timeoutMs: number;
  readonly #replied = new IntervalSet();
  readonly #roundTrip = new IntervalHistogram();
  readonly #attempts: SubscriptionAttempts;
  readonly #deadlines: ReplyDeadlines;
  readonly #offlineTimes: OfflineTimesRecord;
  /** By client: since when it has not been subscribed, epoch milliseconds; NaN: it is. */
  readonly #offlineSince: Float64Array;
  #late = 0;
  #duplicates = 0;
  #unrelated = 0;

  constructor(settings: ReplyReaderSettings) {
    const { downlink, slice } = settings;
    this.#settings = settings;
    this.#stream = commandStreamOf(downlink, slice.slice);
    this.#commands = plannedStreamsOf(slice)[0]!.messages;
    this.#timeoutMs = downlink.sender.profile.command?.replyTimeoutMs ?? 0;
    this.#deadlines = new ReplyDeadlines(this.#stream, this.#timeoutMs);
    const { createdAt } = settings.plan.timeline;
    this.#offlineTimes = new OfflineTimesRecord(slice.devices, createdAt);
    this.#offlineSince = new Float64Array(slice.devices).fill(createdAt);
    // A reply only measures: QoS 0 spares its PUBACK.
    this.#attempts = new SubscriptionAttempts({ ...settings, qos: 0 });
  }

  takes(topic: string): boolean {
    return isCommandTopic(topic);
  }

  connected(device: number): void {
    this.#attempts.connected(device, [this.#topicOf(device)]);
  }

  disconnected(device: number): void {
    this.#attempts.disconnected(device);
    if (Number.isNaN(this.#offlineSince[device]))
      this.#offlineSince[device] = this.#settings.clock.now() - underWayMs;
  }

  subscribed(device: number, filter: string): void {
    if (!this.#attempts.granted(device, filter)) return;
    this.#noteOffline(device, this.#settings.clock.now());
    this.#offlineSince[device] = Number.NaN;
  }

  subscribeRefused(device: number, filter: string, reason: string): void {
    this.#attempts.subscribeRefused(device, filter, reason);
  }

  received(_device: number, { payload }: IncomingMessage): void {
    const nowMs = this.#settings.clock.now();
    const { downlink, slice } = this.#settings;
    const reply = readEnvelope(payload);
    const place = typeof reply === 'string' ? undefined : placeOf(downlink, reply.device);
    if (
      typeof reply === 'string' ||
      place === undefined ||
      reply.run !== slice.group.runId ||
      reply.slice !== slice.slice ||
      reply.n >= this.#commands ||
      !isDueAt(this.#stream, reply.n, place)
    ) {
      this.#unrelated++;
      return;
    }
    // A reply that comes after the timeout changes nothing: its command has timed out.
    if (nowMs - reply.sent > this.#timeoutMs) this.#late++;
    else if (this.#replied.add(rankOf(this.#stream, reply.n, place)))
      this.#roundTrip.record(nowMs - reply.sent);
    else this.#duplicates++;
  }

  /** Commands that were dropped have no replies: how many are due is then an estimate, and the timeout decides. */
  isComplete(nowMs: number, finishedAt: number): boolean {
    const { sent } = this.#settings.counters.messages();
    return this.#replied.count >= countReplies(this.#stream, sent) || nowMs > finishedAt + this.#timeoutMs;
  }

  stop(): void {
    this.#attempts.stop();
  }

  soFar(nowMs: number, isOver: boolean): FleetCounts {
    const { sent } = this.#settings.counters.streams[0]!;
    const timed_out = this.#deadlines.timedOut(
      sent,
      this.#replied,
      isOver ? Number.POSITIVE_INFINITY : nowMs,
    );
    return { commands: { replied: this.#replied.count, timed_out } };
  }

  result(nowMs: number): { replies: ReplyResult } {
    for (const device of this.#offlineSince.keys()) this.#noteOffline(device, nowMs);
    return {
      replies: {
        replied: this.#replied.encode(),
        late: this.#late,
        duplicates: this.#duplicates,
        unrelated: this.#unrelated,
        offlineTimes: this.#offlineTimes.encode(),
        roundTrip: this.#roundTrip.encodeAll(),
        subscribeRefusedBy: this.#attempts.refusedBy,
      },
    };
  }

  /** A stretch that goes on is noted anew each time, as far as it came. */
  #noteOffline(client: number, untilMs: number): void {
    const sinceMs = this.#offlineSince[client]!;
    if (!Number.isNaN(sinceMs)) this.#offlineTimes.add(client, sinceMs, untilMs);
  }

  #topicOf(device: number): string {
    const { slice } = this.#settings;
    return replyTopic(slice.group, slice.firstDevice + device);
  }
}
