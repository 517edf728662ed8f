import type { FleetCounts } from '../live/live-fleet.ts';
import type { CatchUpResult } from '../measure/catch-up-result.ts';
import type { DownlinkResult } from '../measure/downlink-result.ts';
import { underWayMs } from '../measure/late-sends.ts';
import { MessageSets } from '../measure/message-sets.ts';
import { OfflineTimesRecord } from '../measure/offline-times.ts';
import { readEnvelope } from '../measure/rule-record.ts';
import { commandFilters, downlinksTo, isCommandTopic, isDueAt, rankOf } from '../plan/downlinks.ts';
import { keepsSessions } from '../plan/groups.ts';
import { CatchUps } from './catch-ups.ts';
import { CommandReplies } from './command-replies.ts';
import type { DeviceSubscription, DeviceSubscriptionSettings } from './device-subscription.ts';
import { DueCommands } from './due-commands.ts';
import { IntervalHistogram } from './interval-histogram.ts';
import { SubscriptionAttempts } from './subscription-attempts.ts';
import type { IncomingMessage, Qos } from './transport.ts';

/** Devices that receive commands: they subscribe, note what comes and when they were not subscribed, and reply. */
export class CommandReceiver implements DeviceSubscription {
  readonly #settings: DeviceSubscriptionSettings;
  readonly #commands: DueCommands;
  readonly #attempts: SubscriptionAttempts;
  /** By device: since when it has not been subscribed, epoch milliseconds; NaN: it is. */
  readonly #offlineSince: Float64Array;
  /** By device, epoch milliseconds: what was due from then on may be stored, and by when what had expired of it was last noted. */
  readonly #awaySince: Float64Array;
  readonly #judgedAt: Float64Array;
  /** By device: when a stored command came last, epoch milliseconds. */
  readonly #storedAt: Float64Array;
  readonly #isConnected: Uint8Array;
  /** By device: 1 once all filters were granted in the session that it has. */
  readonly #hasSession: Uint8Array;
  /** Undefined: no session of its devices outlives a connection. */
  readonly #catchUps: CatchUps | undefined;
  readonly #seen = new MessageSets();
  readonly #offline = new MessageSets();
  /** Of those, the ones that a session was to keep. */
  readonly #kept = new MessageSets();
  /** What expired before its device was subscribed again and had received what was stored. */
  readonly #expired = new MessageSets();
  readonly #offlineTimes: OfflineTimesRecord;
  readonly #keptTimes: OfflineTimesRecord;
  readonly #latency = new IntervalHistogram();
  readonly #replies: CommandReplies;
  #arrivals = 0;
  #unrelated = 0;

  constructor(settings: DeviceSubscriptionSettings) {
    const { plan, slice } = settings;
    this.#settings = settings;
    const downlinks = downlinksTo(plan, slice.group);
    this.#commands = new DueCommands(plan, slice);
    const qos = Math.max(...downlinks.map(({ sender }) => sender.profile.publish.qos)) as Qos;
    this.#attempts = new SubscriptionAttempts({ ...settings, qos });
    this.#offlineSince = new Float64Array(slice.devices).fill(plan.timeline.createdAt);
    this.#offlineTimes = new OfflineTimesRecord(slice.devices, plan.timeline.createdAt);
    this.#keptTimes = new OfflineTimesRecord(slice.devices, plan.timeline.createdAt);
    this.#awaySince = this.#offlineSince.slice();
    this.#judgedAt = this.#offlineSince.slice();
    this.#storedAt = new Float64Array(slice.devices).fill(Number.NaN);
    this.#isConnected = new Uint8Array(slice.devices);
    this.#hasSession = new Uint8Array(slice.devices);
    this.#catchUps = keepsSessions(slice.group) ? new CatchUps(slice.devices) : undefined;
    this.#replies = new CommandReplies({
      ...settings,
      isConnected: (device) => this.#isConnected[device] === 1,
    });
  }

  takes(topic: string): boolean {
    return isCommandTopic(topic);
  }

  connected(device: number, isResumed: boolean): void {
    const { plan, slice, clock } = this.#settings;
    this.#isConnected[device] = 1;
    this.#catchUps?.connected(device, isResumed, clock.now());
    // What a session of an earlier run is subscribed to, that run's profile says.
    if (isResumed && this.#hasSession[device] === 1) {
      this.#online(device);
      this.#attempts.connected(device, []);
      return;
    }
    this.#hasSession[device] = 0;
    this.#attempts.connected(device, commandFilters(plan, slice.group, slice.firstDevice + device));
  }

  disconnected(device: number): void {
    this.#isConnected[device] = 0;
    this.#attempts.disconnected(device);
    if (!Number.isNaN(this.#offlineSince[device])) return;
    const sinceMs = this.#settings.clock.now() - underWayMs;
    this.#offlineSince[device] = sinceMs;
    // A device that still received stored commands has not caught up: more of them may wait.
    if (this.#storedAt[device]! >= sinceMs) return;
    this.#awaySince[device] = sinceMs;
    this.#judgedAt[device] = sinceMs;
  }

  subscribed(device: number, filter: string): void {
    if (!this.#attempts.granted(device, filter)) return;
    // What was due before is in no session.
    this.#online(device);
    this.#hasSession[device] = 1;
  }

  /** It is subscribed to all that it is to receive. */
  #online(device: number): void {
    if (Number.isNaN(this.#offlineSince[device])) return;
    const nowMs = this.#settings.clock.now();
    this.#noteOffline(device, nowMs);
    this.#offlineSince[device] = Number.NaN;
  }

  subscribeRefused(device: number, filter: string, reason: string): void {
    this.#attempts.subscribeRefused(device, filter, reason);
  }

  received(device: number, { payload, envelope: apart }: IncomingMessage): void {
    const nowMs = this.#settings.clock.now();
    const envelope = readEnvelope(apart ?? payload);
    const commands = typeof envelope === 'string' ? undefined : this.#commands.streams.get(envelope.slice);
    if (
      typeof envelope === 'string' ||
      envelope.run !== this.#settings.plan.runId ||
      commands === undefined
    ) {
      this.#unrelated++;
      return;
    }
    const { stream, schedule, firstPlace } = commands;
    const place = firstPlace + device;
    if (envelope.stream !== 0 || envelope.n >= schedule.messages || !isDueAt(stream, envelope.n, place)) {
      this.#unrelated++;
      return;
    }
    this.#arrivals++;
    this.#latency.record(nowMs - envelope.at);
    const isNew = this.#seen.add({ slice: stream.slice, stream: 0 }, rankOf(stream, envelope.n, place));
    const { slice, n, sent } = envelope;
    if (this.#catchUps?.received(device, { slice, n, sent, isNew }, nowMs)) {
      this.#storedAt[device] = nowMs;
      // What waited behind it may expire before the service sends the next one.
      this.#judge(device, nowMs + underWayMs);
    }
    if (stream.downlink.replying > 0) this.#replies.replyTo(device, envelope);
  }

  /** Where all has come, nothing more will; otherwise commands may come until the drain is over. */
  isComplete(nowMs: number): boolean {
    if (this.#replies.areWaiting) return false;
    return this.#seen.count >= this.#commands.deliveries || nowMs >= this.#settings.plan.timeline.drainEndAt;
  }

  refused(token: number): boolean {
    return this.#replies.refused(token);
  }

  stop(): void {
    this.#replies.stop();
    this.#attempts.stop();
  }

  /** What is due while a device is away counts once it is back, or with the next record. */
  soFar(): FleetCounts {
    const { count: delivered } = this.#seen;
    return { commands: { delivered, offline: this.#offline.without(this.#seen).count } };
  }

  result(nowMs: number): { downlink: DownlinkResult; catchUp?: CatchUpResult } {
    for (const [device, since] of this.#offlineSince.entries()) {
      if (Number.isNaN(since)) continue;
      this.#noteOffline(device, nowMs);
      this.#offlineSince[device] = nowMs;
    }
    return {
      downlink: {
        arrivals: this.#arrivals,
        unrelated: this.#unrelated,
        seen: this.#seen.encode(),
        offline: this.#offline.encode(),
        offlineTimes: this.#offlineTimes.encode(),
        ...(this.#catchUps && {
          kept: this.#kept.encode(),
          keptTimes: this.#keptTimes.encode(),
          expired: this.#expired.encode(),
        }),
        latency: this.#latency.encodeAll(),
        repliesSent: this.#replies.sent(),
        subscribeRefusedBy: this.#attempts.refusedBy,
      },
      ...(this.#catchUps && { catchUp: this.#catchUps.result() }),
    };
  }

  /** Commands that were due at a device while it was not subscribed. */
  #noteOffline(device: number, untilMs: number): void {
    const sinceMs = this.#offlineSince[device]!;
    const isKept = this.#catchUps !== undefined && this.#hasSession[device] === 1;
    const stretch = { fromMs: sinceMs, untilMs };
    this.#commands.addAll(this.#offline, device, stretch);
    this.#offlineTimes.add(device, sinceMs, untilMs);
    if (!isKept) return;
    this.#commands.addAll(this.#kept, device, stretch);
    this.#keptTimes.add(device, sinceMs, untilMs);
    this.#judge(device, untilMs);
  }

  /** Notes what a session of the device had stored, and what had expired by an instant, epoch milliseconds. */
  #judge(device: number, untilMs: number): void {
    const judgedAt = this.#judgedAt[device]!;
    if (untilMs <= judgedAt) return;
    this.#judgedAt[device] = untilMs;
    for (const due of this.#commands.streams.values()) {
      const { messageExpirySeconds } = due.stream.downlink.sender.profile.publish;
      if (messageExpirySeconds === undefined) continue;
      const expiryMs = messageExpirySeconds * 1_000;
      const fromMs = Math.max(this.#awaySince[device]!, judgedAt - expiryMs);
      this.#commands.add(this.#expired, due, device, { fromMs, untilMs: untilMs - expiryMs });
    }
  }
}
