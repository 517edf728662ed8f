import type { SliceSnapshot } from '../live/live-slice.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import { isAcknowledged } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { checkpointEveryMs } from '../plan/poll-intervals.ts';
import { connectSettleMs, makeSliceSchedule } from '../plan/schedule.ts';
import { sliceOf } from '../plan/slices.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';
import type { Random } from '../shared/random.ts';
import { CheckpointTimer } from './checkpoint-timer.ts';
import { Connections } from './connections.ts';
import { Echoes } from './echoes.ts';
import { type HealthMonitor, watchGeneratorHealth } from './generator-health.ts';
import { PayloadWriter } from './payload.ts';
import { Publisher } from './publisher.ts';
import {
  echoNumbersOf,
  isDecided,
  nothingUndecided,
  SliceCounters,
  type Undecided,
} from './slice-counters.ts';
import { describeDevices } from './slice-devices.ts';
import { describeStop, type StopSignal } from './stop-signal.ts';
import type { IncomingMessage, MakeTransport, Refusal, Transport, TransportListener } from './transport.ts';

export interface SliceRun {
  readonly plan: Plan;
  readonly slice: number;
  readonly leg?: number;
  readonly transport: MakeTransport;
  readonly clock: Clock;
  /** For reconnect delays. */
  readonly random: Random;
  /** The record so far. The next one waits until this one is stored; a failure to store it is passed over. */
  readonly onCheckpoint: (result: SliceResult) => Promise<void>;
  /** The live view. */
  readonly onSnapshot: (snapshot: SliceSnapshot) => void;
  /** Ends the slice within a second. */
  readonly stop: StopSignal;
  readonly checkpointEveryMs?: number;
}

/** How exact timeouts are, and how soon the end is noticed. */
const beatEveryMs = 20;
/** After a stop, for answers on the way; then, in any case, for disconnecting. Together below a second. */
const stopGraceMs = 350;
const closeTimeoutMs = 500;
/** Kept free before the deadline, for disconnecting and storing the result. */
const deadlineReserveMs = 2_000;

/**
 * Runs one slice of virtual devices from its start to its end, and resolves with its books: when every publish was
 * answered or timed out, within a second of `stop`, or before the plan's deadline.
 *
 * @throws {RangeError} for a slice that the plan does not have
 * @throws {InvalidInputError} for a payload that cannot be compiled
 */
export async function runSlice(run: SliceRun): Promise<SliceResult> {
  const runner = new SliceRunner(run);
  return await runner.run();
}

interface Ending {
  readonly outcome: 'completed' | 'stopped' | 'failed';
  readonly reason?: string;
}

class SliceRunner implements TransportListener {
  readonly #run: SliceRun;
  readonly #clock: Clock;
  readonly #devices: number;
  readonly #tally: SliceCounters;
  readonly #transport: Transport;
  readonly #connections: Connections;
  readonly #publisher: Publisher;
  readonly #health: HealthMonitor;
  readonly #echoes: Echoes;
  readonly #end = Promise.withResolvers<Ending>();
  #cancelBeat: CancelTimer = () => {};
  /** The epoch second that the next snapshot speaks of. */
  #snapshotSecond: number;
  readonly #checkpoints: CheckpointTimer;
  #checkpoint: Promise<void> | undefined;
  /** Once stopping: why, and until when answers are waited for. */
  #stopping: { readonly reason: string; readonly untilMs: number } | undefined;
  /** When the last publish was answered. */
  #finishedAt: number | undefined;
  #done = false;

  constructor(run: SliceRun) {
    const { plan, clock } = run;
    const { timeline } = plan;
    const slice = sliceOf(plan, run.slice);
    const { profile } = slice.group;
    const schedule = makeSliceSchedule(slice);
    const devices = describeDevices(slice);
    const isMqtt = profile.connect.protocol === 'mqtt';
    const readyAt = clock.now();

    this.#run = run;
    this.#clock = clock;
    this.#devices = slice.devices;
    // The second before is reported at once, so that a slice is visible as soon as it runs.
    this.#snapshotSecond = Math.floor(readyAt / 1_000) - 1;
    // A slice that comes late still connects at its own rate, not all at once.
    const connectAt = Math.max(timeline.startAt, readyAt);
    const turnsOverAt = connectAt + schedule.connectOffsetMs(slice.devices - 1) + connectSettleMs;
    this.#checkpoints = new CheckpointTimer(
      readyAt,
      turnsOverAt,
      run.checkpointEveryMs ?? checkpointEveryMs(profile),
    );
    const echoNumbers = echoNumbersOf(slice, schedule);
    this.#tally = new SliceCounters(slice.devices, Math.min(readyAt, timeline.startAt), echoNumbers);
    const writer = new PayloadWriter({
      ...profile.publish,
      runId: plan.runId,
      slice: run.slice,
      firstDevice: slice.firstDevice,
      devices: slice.devices,
      seed: profile.seed,
      offsetMsOf: schedule.offsetMs,
    });
    this.#health = watchGeneratorHealth(Math.max(0, readyAt - timeline.startAt));
    this.#transport = run.transport(this, devices);
    this.#connections = new Connections({
      clock,
      transport: this.#transport,
      random: run.random,
      tally: this.#tally,
      devices: slice.devices,
      startAt: connectAt,
      connectOffsetMs: schedule.connectOffsetMs,
      measured: isMqtt,
    });
    this.#echoes = new Echoes({
      runId: plan.runId,
      slice: run.slice,
      devices,
      transport: this.#transport,
      counters: this.#tally,
      clock,
    });
    this.#publisher = new Publisher({
      clock,
      transport: this.#transport,
      writer,
      tally: this.#tally,
      devices,
      schedule,
      publishAt: timeline.publishAt,
      qos: profile.publish.qos,
      acknowledged: isAcknowledged(slice.group),
      ackTimeoutMs: profile.publish.ackTimeoutMs,
      maxUnacknowledged: profile.publish.maxUnacknowledged,
      onSent: (device) => this.#echoes.sent(device),
    });
  }

  async run(): Promise<SliceResult> {
    const { stop } = this.#run;
    const onStop = (): void => this.#stop(describeStop(stop.reason));
    stop.addEventListener('abort', onStop);
    this.#connections.start();
    this.#publisher.start();
    if (stop.aborted) onStop();
    this.#beat();

    const ending = await this.#end.promise;
    // Closing the connections decides what is on the way: as unacknowledged, though the stop did not wait for it.
    const cutOff = { ...nothingUndecided, inFlight: this.#publisher.undecided().inFlight };
    stop.removeEventListener('abort', onStop);
    this.#cancelBeat();
    this.#connections.stop();
    this.#publisher.stop();
    await this.#atMost(closeTimeoutMs, Promise.all([this.#transport.close(), this.#checkpoint]));
    this.#done = true;
    this.#health.stop();
    const endedAt = this.#clock.now();
    this.#run.onSnapshot(this.#snapshot(Math.floor(endedAt / 1_000), endedAt, this.#publisher.undecided()));
    return this.#result(ending, cutOff);
  }

  connected(device: number, receiveMaximum: number): void {
    this.#connections.connected(device);
    this.#echoes.connected(device);
    this.#publisher.connected(device, receiveMaximum);
  }

  connectFailed(device: number, reason: string): void {
    this.#connections.connectFailed(device, reason);
  }

  disconnected(device: number, reason: string): void {
    this.#publisher.disconnected(device);
    this.#connections.disconnected(device, reason);
  }

  acknowledged(device: number, token: number): void {
    this.#publisher.acknowledged(device, token);
  }

  refused(device: number, token: number, why: Refusal, reason: string): void {
    this.#publisher.refused(device, token, why, reason);
  }

  writable(device: number): void {
    this.#publisher.writable(device);
  }

  received(device: number, message: IncomingMessage): void {
    this.#echoes.received(device, message);
  }

  subscribed(): void {}

  subscribeRefused(_device: number, _filter: string, reason: string): void {
    this.#tally.echoRefused(reason);
  }

  /** Everything that is not done for a message: one timer for the whole slice. */
  #beat(): void {
    const nowMs = this.#clock.now();
    this.#publisher.expire(nowMs);
    if (nowMs >= (this.#snapshotSecond + 1) * 1_000) {
      this.#run.onSnapshot(this.#snapshot(this.#snapshotSecond, nowMs, nothingUndecided));
      this.#snapshotSecond++;
    }
    const allConnected = this.#tally.connectedNow === this.#devices;
    if (this.#checkpoint === undefined && this.#checkpoints.isDue(nowMs, allConnected)) {
      this.#storeCheckpoint();
    }
    const ending = this.#endingAt(nowMs);
    if (ending === undefined) this.#cancelBeat = this.#clock.setTimer(beatEveryMs, () => this.#beat());
    else this.#end.resolve(ending);
  }

  #endingAt(nowMs: number): Ending | undefined {
    if (this.#stopping !== undefined) {
      const { reason, untilMs } = this.#stopping;
      return this.#publisher.finished || nowMs >= untilMs ? { outcome: 'stopped', reason } : undefined;
    }
    if (nowMs >= this.#run.plan.timeline.deadlineAt - deadlineReserveMs) {
      return { outcome: 'stopped', reason: "the plan's deadline came" };
    }
    if (!this.#publisher.finished) return undefined;
    this.#finishedAt ??= nowMs;
    if (!this.#echoes.complete && nowMs < this.#finishedAt + this.#run.plan.profile.drainMs) return undefined;
    if (this.#tally.devicesConnected > 0) return { outcome: 'completed' };
    return { outcome: 'failed', reason: `no device connected${this.#tally.mostlyBecause}` };
  }

  #stop(reason: string): void {
    if (this.#stopping !== undefined) return;
    this.#stopping = { reason, untilMs: this.#clock.now() + stopGraceMs };
    this.#connections.stop();
    this.#publisher.stop();
  }

  #snapshot(second: number, nowMs: number, undecided: Undecided): SliceSnapshot {
    return {
      slice: this.#run.slice,
      second,
      phase: this.#phaseAt(nowMs),
      connectedNow: this.#tally.connectedNow,
      devices: this.#tally.devices(),
      messages: this.#tally.messages(undecided),
      latencies: this.#tally.closeInterval(),
      generator: this.#health.pulse(),
    };
  }

  #phaseAt(nowMs: number): SliceSnapshot['phase'] {
    const { startAt, publishAt } = this.#run.plan.timeline;
    if (this.#done) return 'done';
    if (this.#publisher.sentAll) return 'draining';
    if (nowMs < startAt) return 'waiting';
    return nowMs < publishAt ? 'connecting' : 'publishing';
  }

  #storeCheckpoint(): void {
    const stored = (): void => {
      this.#checkpoint = undefined;
    };
    const checkpoint = this.#result({ outcome: 'running' }, this.#publisher.undecided());
    this.#checkpoint = this.#run.onCheckpoint(checkpoint).then(stored, stored);
  }

  /** @param undecided what counts as dropped or unacknowledged only because it was not waited for */
  #result(ending: Ending | { readonly outcome: 'running' }, undecided: Undecided): SliceResult {
    const nowMs = this.#clock.now();
    return {
      version: 2,
      runId: this.#run.plan.runId,
      slice: this.#run.slice,
      leg: this.#run.leg ?? 0,
      ...ending,
      at: nowMs,
      ...this.#tally.result(nowMs, this.#publisher.undecided()),
      ...(isDecided(undecided) ? {} : { undecided }),
      generator: { ...this.#health.read(), clockBracketMs: this.#clock.bracketMs },
    };
  }

  async #atMost(limitMs: number, work: Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.setTimer(limitMs, resolve);
    await Promise.race([work, promise]);
    cancel();
  }
}
