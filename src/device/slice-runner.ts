import type { SliceSnapshot } from '../live/live-slice.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import { commandStreamIn } from '../plan/downlinks.ts';
import { isExactlyOnce } from '../plan/groups.ts';
import { type LegTimeline, timelineOfLeg } from '../plan/legs.ts';
import { longestSleepMs } from '../plan/lifecycle.ts';
import { checkpointEveryMs } from '../plan/poll-intervals.ts';
import { sliceOf } from '../plan/slices.ts';
import { connectsEachMessage } from '../profile/lifecycle-kinds.ts';
import { loadShapeOf } from '../profile/load-shapes/resolved-load.ts';
import { type CancelTimer, type Clock, settledWithin } from '../shared/clock.ts';
import { AmendableStreams } from './amendable-streams.ts';
import type { Behaviour } from './behaviours/behaviour.ts';
import { behaviourOf } from './behaviours/behaviour-of.ts';
import { CheckpointTimer } from './checkpoint-timer.ts';
import { connectTurnsOf } from './connect-turns.ts';
import { Connections } from './connections.ts';
import { countedStreamsOf } from './counted-streams.ts';
import { DeviceStorms } from './device-storms.ts';
import { watchGeneratorHealth } from './generator-health.ts';
import { RateChanges } from './rate-changes.ts';
import { Reconnects } from './reconnects.ts';
import { RequestCounters } from './request-counters.ts';
import { Sender } from './sender.ts';
import { SliceCounters } from './slice-counters.ts';
import { describeDevices } from './slice-devices.ts';
import { type Ending, SliceRecords } from './slice-records.ts';
import type { SliceRun } from './slice-run.ts';
import { streamsOfSlice } from './slice-streams.ts';
import { SliceSubscriptions } from './slice-subscriptions.ts';
import { describeStop, StopRequest } from './stop-signal.ts';
import { nothingUndecided } from './stream-counters.ts';
import type { IncomingMessage, Refusal, RequestListener, Transport, TransportListener } from './transport.ts';

/** How exact timeouts are, and how soon the end is noticed. */
const tickEveryMs = 20;
/** After a stop, for messages in flight; then, in any case, for disconnecting. Together below a second. */
const stopGraceMs = 350;
const closeTimeoutMs = 500;
/** Kept free before the deadline, for disconnecting and storing the result. */
const deadlineReserveMs = 2_000;

/**
 * Runs one slice of virtual devices from its start to its end, and resolves with its counts: when every message was
 * answered or timed out, within a second of `stop`, or before the plan's deadline.
 *
 * @throws {RangeError} for a slice that the plan does not have @throws {InvalidInputError} for a payload that cannot be compiled
 */
export async function runSlice(run: SliceRun): Promise<SliceResult> {
  return await new SliceRunner(run).run();
}

/** Composes a slice: connections, behaviour, sender, echoes, counters and records. */
class SliceRunner implements TransportListener {
  readonly #run: SliceRun;
  /** Of its leg. */
  readonly #timeline: LegTimeline;
  readonly #clock: Clock;
  readonly #counters: SliceCounters;
  readonly #transport: Transport;
  readonly #connections: Connections;
  readonly #storms: DeviceStorms;
  readonly #sender: Sender;
  readonly #behaviour: Behaviour;
  readonly #reconnects: Reconnects;
  readonly #rates: RateChanges;
  readonly #records: SliceRecords;
  readonly #subscriptions: SliceSubscriptions;
  readonly #end = Promise.withResolvers<Ending>();
  #cancelTick: CancelTimer = () => {};
  /** Once stopping: why, from when nothing is due, and until when answers are waited for. */
  #stopping: { readonly reason: string; readonly fromMs: number; readonly untilMs: number } | undefined;
  /** When the last message was answered. */
  #finishedAt: number | undefined;
  #done = false;

  constructor(run: SliceRun) {
    const { plan, clock } = run;
    const { publishAt } = plan.timeline;
    const slice = sliceOf(plan, run.slice);
    const { profile } = slice.group;
    const devices = describeDevices(slice, clock);
    const timeline = timelineOfLeg(plan, run.slice, run.leg ?? 0);
    const streams = new AmendableStreams(slice, timeline);
    const counted = countedStreamsOf(slice, streams.all);
    const readyAt = clock.now();
    const everyMs = run.checkpointEveryMs ?? checkpointEveryMs(plan);
    this.#run = run;
    this.#timeline = timeline;
    this.#clock = clock;
    const turns = connectTurnsOf(plan, slice, timeline, readyAt);
    this.#counters = new SliceCounters(slice.devices, Math.min(readyAt, timeline.from), counted);
    this.#transport = run.transport(this, devices);
    const { traffic } = this.#transport;
    if (traffic !== undefined && profile.http !== undefined)
      this.#counters.requests = new RequestCounters(traffic);
    const parts = { clock, plan, slice, transport: this.#transport, counters: this.#counters };
    this.#connections = new Connections({
      ...parts,
      random: run.random,
      ...turns,
      ...timeline,
      isWaitedFor: (device) => this.#behaviour.isWaitedFor(device),
      isAnswered: (device) => this.#sender.isAnsweredAll(device),
      onReplaced: (device, life) => {
        devices.replace(device, life);
        this.#sender.replaced(device, devices.topics(device));
      },
    });
    this.#storms = new DeviceStorms({ ...parts, timeline, connections: this.#connections });
    this.#subscriptions = new SliceSubscriptions({
      ...run,
      ...parts,
      devices,
      streams: counted.streams,
    });
    this.#sender = new Sender({
      ...parts,
      devices: slice.devices,
      streams: streamsOfSlice(slice, devices, commandStreamIn(plan, slice), run.ownPayloads, streams.all),
      ...profile.publish,
      resumesSessions: isExactlyOnce(slice.group) && !profile.connect.cleanStart,
      onServed: connectsEachMessage(profile) ? (device) => this.#connections.served(device) : undefined,
    });
    this.#behaviour = behaviourOf[loadShapeOf(profile)]({
      clock,
      sender: this.#sender,
      counters: this.#counters,
      slice,
      streams: streams.held,
      publishAt,
      letsGo: timeline.letsGo,
      hasLeft: (device) => this.#connections.cycles.hasLeft(device),
      onWaiting: (device) => this.#connections.messageWaits(device),
      waitTimeoutMs: longestSleepMs(profile) + profile.publish.ackTimeoutMs,
    });
    this.#sender.serve(this.#behaviour);
    this.#reconnects = new Reconnects({ clock, slice, publishAt, connections: this.#connections });
    const followers = [this.#behaviour, this.#reconnects, this.#connections];
    this.#rates = new RateChanges({ clock, plan, slice: run.slice, leg: timeline, streams, followers });
    this.#records = new SliceRecords({
      ...run,
      runId: plan.runId,
      leg: run.leg ?? 0,
      devices: slice.devices,
      counters: this.#counters,
      health: watchGeneratorHealth(Math.max(0, readyAt - timeline.from)),
      checkpoints: new CheckpointTimer(readyAt, turns.overAt, everyMs),
      undecided: () => this.#sender.undecided(this.#behaviour.waiting()),
      phaseAt: (nowMs) => this.#phaseAt(nowMs),
      subscriptions: this.#subscriptions,
    });
  }

  async run(): Promise<SliceResult> {
    const { stop } = this.#run;
    const onStop = (): void => this.#stop(stop.reason);
    stop.addEventListener('abort', onStop);
    this.#connections.start();
    this.#run.actions?.serve({
      prepareDisconnect: (disconnect, at) => this.#storms.prepareDisconnect(disconnect, at),
      prepareFailover: (failover, at) => this.#storms.prepareFailover(failover, at),
      changeLoad: (action) => this.#rates.change(action),
    });
    this.#reconnects.start();
    this.#behaviour.start();
    if (stop.aborted) onStop();
    this.#tick();

    const ending = await this.#end.promise;
    // Closing the connections decides what is in flight: as unacknowledged, though the stop did not wait for it.
    const cutOff = this.#sender
      .undecided(this.#behaviour.waiting())
      .map(({ inFlight }) => ({ ...nothingUndecided, inFlight }));
    stop.removeEventListener('abort', onStop);
    this.#cancelTick();
    this.#stopSending();
    await settledWithin(this.#clock, closeTimeoutMs, [this.#transport.close(), this.#records.storing]);
    this.#sender.end();
    // The service may have let in devices that were stopped before they had their answer.
    this.#connections.giveUp();
    this.#done = true;
    return this.#records.end(ending, cutOff);
  }

  connected(device: number, receiveMaximum: number, isResumed: boolean): void {
    if (!this.#connections.connected(device)) return;
    this.#releasedByNetwork(device);
    this.#subscriptions.connected(device, isResumed);
    this.#sender.connected(device, receiveMaximum, isResumed);
  }

  connectFailed(device: number, reason: string): void {
    this.#connections.connectFailed(device, reason);
  }

  disconnected(device: number, reason: string): void {
    this.#sender.disconnected(device);
    this.#subscriptions.disconnected(device);
    this.#connections.disconnected(device, reason);
  }

  accepted(_device: number, token: number): void {
    this.#sender.accepted(token);
  }

  acknowledged(device: number, token: number): void {
    // A device with as many unanswered messages as it may have waited for this.
    if (!this.#sender.canSend(device)) this.#releasedByNetwork(device);
    this.#sender.acknowledged(token);
  }

  refused(_device: number, token: number, why: Refusal, reason: string): void {
    if (!this.#subscriptions.refused(token)) this.#sender.refused(token, why, reason);
  }

  get requests(): RequestListener {
    return this.#sender;
  }

  writable(device: number): void {
    this.#releasedByNetwork(device);
    this.#sender.writable(device);
  }

  /** What was due while the injected network ended a device's connection, or held it up, says nothing of the generator. */
  #releasedByNetwork(device: number): void {
    if (this.#run.network?.hasShaped === true) this.#counters.returned(device, this.#clock.now());
  }

  received(device: number, message: IncomingMessage): void {
    this.#subscriptions.received(device, message);
  }

  subscribed(device: number, filter: string): void {
    this.#subscriptions.subscribed(device, filter);
  }

  subscribeRefused(device: number, filter: string, reason: string): void {
    this.#subscriptions.subscribeRefused(device, filter, reason);
  }

  /** Everything that is not done for a message: one timer for the whole slice. */
  #tick(): void {
    const nowMs = this.#clock.now();
    this.#sender.expire(nowMs);
    this.#behaviour.tick(nowMs);
    this.#records.tick(nowMs, tickEveryMs);
    const ending = this.#endingAt(nowMs);
    if (ending === undefined) this.#cancelTick = this.#clock.setTimer(tickEveryMs, () => this.#tick());
    else this.#end.resolve(ending);
  }

  #endingAt(nowMs: number): Ending | undefined {
    if (this.#stopping !== undefined) {
      const { reason, untilMs } = this.#stopping;
      return this.#finished || nowMs >= untilMs ? { outcome: 'stopped', reason } : undefined;
    }
    if (nowMs >= this.#timeline.until - deadlineReserveMs) {
      return { outcome: 'stopped', reason: "the plan's deadline came" };
    }
    if (!this.#finished) return undefined;
    this.#finishedAt ??= nowMs;
    if (!this.#subscriptions.isComplete(nowMs, this.#finishedAt)) return undefined;
    this.#connections.giveUp();
    const { connected, connectFailed } = this.#counters.devices();
    // Devices that sleep through the whole run do not try.
    if (connected > 0 || connectFailed === 0) return { outcome: 'completed' };
    return { outcome: 'failed', reason: `no device connected${this.#counters.mostlyBecause}` };
  }

  #stop(reason: unknown): void {
    if (this.#stopping !== undefined) return;
    const nowMs = this.#clock.now();
    // A slice that learns late of it, or was not ready yet, had nothing to send from that instant on.
    const fromMs = reason instanceof StopRequest ? Math.min(reason.at, nowMs) : nowMs;
    this.#stopping = { reason: describeStop(reason), fromMs, untilMs: nowMs + stopGraceMs };
    this.#stopSending();
  }

  #stopSending(): void {
    for (const part of [this.#reconnects, this.#storms, this.#connections, this.#subscriptions, this.#sender])
      part.stop();
    this.#behaviour.stop(this.#stopping?.fromMs ?? this.#clock.now());
  }

  /** Nothing is to be sent any more, and nothing is in flight. */
  get #finished(): boolean {
    return this.#behaviour.sentAll && this.#sender.isIdle && this.#connections.cycles.isOver;
  }

  #phaseAt(nowMs: number): SliceSnapshot['phase'] {
    if (this.#done) return 'done';
    if (this.#behaviour.sentAll) return 'draining';
    if (nowMs < this.#timeline.from) return 'waiting';
    return nowMs < this.#run.plan.timeline.publishAt ? 'connecting' : 'publishing';
  }
}
