import type { Slice } from '../../plan/plan.ts';
import { streamOfUsers } from '../../plan/streams.ts';
import { makeUserActivity, type UserActivity } from '../../plan/user-activity.ts';
import type { UserLoad } from '../../profile/load-profile.ts';
import type { CancelTimer } from '../../shared/clock.ts';
import type { InFlightMessage } from '../in-flight.ts';
import type { Answer, DueMessage } from '../outgoing-stream.ts';
import type { Sender } from '../sender.ts';
import type { SliceCounters } from '../slice-counters.ts';
import type { Undecided } from '../stream-counters.ts';
import type { Behaviour, BehaviourContext } from './behaviour.ts';
import { makeThinkTimes } from './think-times.ts';
import { UserQueue } from './user-queue.ts';

/** @throws {RangeError} for a slice whose profile has no users */
export function makeClosedModel(context: BehaviourContext): Behaviour {
  const { users } = context.slice.group.profile;
  if (users === undefined) throw new RangeError('a profile without users');
  return new ClosedModel(context, users);
}

/** Not spawned, or ended, and to be spawned later. */
const idle = 0;
const thinks = 1;
/** Has a message that could not be sent yet. */
const wants = 2;
/** Has a message in flight. */
const waits = 3;
/** Active until an instant that comes before the next message. */
const leaves = 4;
/** Never active again. */
const done = 5;

/** A tick that caught up with a stall gives way to what has been received in the meantime after this many. */
const maxPerTick = 4_096;

/**
 * The closed model: each user sends a message, waits until it is answered or given up, thinks, and goes on; at QoS 0 sending it is
 * all there is. A message's number is its place in the order in which users wanted to send, over the slice's stream; its
 * intended time is that instant. A user whose turn comes while its device has no connection, or whose socket is full, waits for
 * at most the ack timeout; the message is then dropped, and the user goes on.
 *
 * All instants within are milliseconds after publishing began, so that those of the plan are met exactly.
 */
class ClosedModel implements Behaviour {
  readonly #context: BehaviourContext;
  readonly #sender: Sender;
  readonly #counters: SliceCounters;
  readonly #devices: number;
  #activity: UserActivity;
  readonly #thinkMs: (deviceIndex: number, k: number) => number;
  readonly #pacingMs: number;
  readonly #streamOf: (device: number) => number;
  /** Where stages end; those before `#stage` are over. */
  readonly #stageEnds: readonly number[];
  #stage = 0;
  readonly #queue: UserQueue;
  /** By user: state, instant of its message, number of that in the stream, and messages that it wanted to send so far. */
  readonly #state: Uint8Array;
  readonly #wantedAt: Float64Array;
  readonly #number: Float64Array;
  readonly #startedOf: Uint32Array;
  /** When the user is through with thinking. */
  readonly #wakesOf: Float64Array;
  /** By stream. */
  readonly #started: number[];
  readonly #message: DueMessage = { device: 0, stream: 0, n: 0, k: 0, atMs: 0 };
  #active = 0;
  #wanting = 0;
  #done = 0;
  #wakesAt = Number.POSITIVE_INFINITY;
  #cancel: CancelTimer = () => {};
  #stopped = false;
  /** Actions change the number of users. */
  #isAmended: boolean;

  constructor(context: BehaviourContext, { thinkTime, throughputPerUser }: UserLoad) {
    const { slice } = context;
    const { profile } = slice.group;
    this.#context = context;
    this.#sender = context.sender;
    this.#counters = context.counters;
    this.#devices = slice.devices;
    this.#activity = makeUserActivity(slice);
    this.#isAmended = profile.userSteps !== undefined;
    this.#thinkMs = makeThinkTimes(thinkTime, profile.seed);
    this.#pacingMs = throughputPerUser === undefined ? 0 : 1_000 / throughputPerUser;
    this.#streamOf = streamOfUsers(slice);
    this.#started = context.streams.map(() => 0);
    let endMs = 0;
    this.#stageEnds = profile.stages.map(({ durationMs }) => {
      endMs += durationMs;
      return endMs;
    });
    this.#queue = new UserQueue(slice.devices);
    this.#state = new Uint8Array(slice.devices);
    this.#wantedAt = new Float64Array(slice.devices);
    this.#number = new Float64Array(slice.devices);
    this.#startedOf = new Uint32Array(slice.devices);
    this.#wakesOf = new Float64Array(slice.devices);
  }

  get sentAll(): boolean {
    return this.#stopped || (this.#done === this.#devices && !this.#mayCome());
  }

  start(): void {
    for (let device = 0; device < this.#devices; device++) this.#rest(device, 0);
    this.#wake();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancel();
    for (const [device, state] of this.#state.entries())
      if (state === wants) this.#counters.dropped('stopped', this.#streamOf(device), this.#number[device]!);
    this.#wanting = 0;
    this.#counters.perSecond.usersChanged(this.#context.clock.now(), -this.#active);
    this.#active = 0;
    this.#state.fill(done);
    this.#queue.clear();
  }

  ready(device: number): void {
    if (this.#state[device] !== wants) return;
    this.#trySend(device);
    this.#sender.flush();
    this.#wake();
  }

  disconnected(): void {}

  answered({ device }: InFlightMessage, _answer: Answer, nowMs: number): void {
    if (this.#state[device] !== waits) return;
    this.#think(device, nowMs);
    this.#wake();
  }

  tick(nowMs: number): void {
    if (this.#wanting === 0) return;
    const before = nowMs - this.#context.publishAt - this.#context.waitTimeoutMs;
    for (let device = 0; device < this.#devices; device++) {
      if (this.#state[device] !== wants || this.#wantedAt[device]! > before) continue;
      const number = this.#number[device]!;
      this.#counters.dropped(this.#waitsFor(device), this.#streamOf(device), number, device);
      this.#wanting--;
      this.#think(device, nowMs);
    }
    this.#wake();
  }

  /** Users decide when they send; an action decides how many of them are active. */
  amended(slice: Slice): void {
    if (this.#stopped) return;
    this.#isAmended = slice.group.profile.userSteps !== undefined;
    this.#activity = makeUserActivity(slice);
    const now = this.#context.clock.now() - this.#context.publishAt;
    // Those who want to send or wait for an answer are in no queue, and find it out by themselves.
    this.#queue.clear();
    for (let device = 0; device < this.#devices; device++) this.#revise(device, Math.max(0, now));
    this.#wake();
  }

  get dueUntil(): number {
    return this.#context.clock.now();
  }

  isWaitedFor(device: number): boolean {
    return this.#state[device] === wants;
  }

  waiting(): readonly Undecided['waiting'][] {
    const waiting = this.#started.map(() => ({ 'not-connected': 0, backlog: 0 }));
    if (this.#wanting === 0) return waiting;
    for (let device = 0; device < this.#devices; device++) {
      if (this.#state[device] === wants) waiting[this.#streamOf(device)]![this.#waitsFor(device)]++;
    }
    return waiting;
  }

  #waitsFor(device: number): 'not-connected' | 'backlog' {
    return this.#sender.isConnected(device) ? 'backlog' : 'not-connected';
  }

  /** Sets the timer for the user who is due first, unless it is set for that already. */
  #wake(): void {
    const at = this.#queue.firstAtMs;
    if (this.#stopped || at >= this.#wakesAt) return;
    this.#cancel();
    this.#wakesAt = at;
    const { clock, publishAt } = this.#context;
    // Of what is due already, the answers that came together are gathered: 0 is after they are read.
    this.#cancel = clock.setTimer(Math.max(0, publishAt + at - clock.now()), this.#wakeUp);
  }

  readonly #wakeUp = (): void => {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    const { clock, publishAt } = this.#context;
    const nowMs = clock.now();
    // Compared as the timer was set: a difference of epoch milliseconds is rounded.
    for (let i = 0; i < maxPerTick && publishAt + this.#queue.firstAtMs <= nowMs; i++)
      this.#turn(this.#queue.take(), nowMs);
    this.#sender.flush();
    this.#wake();
  };

  /** The user is due. */
  #turn(device: number, nowMs: number): void {
    const at = this.#queue.atMs(device);
    switch (this.#state[device]) {
      case leaves:
        this.#changeUsers(nowMs, -1);
        this.#rest(device, at);
        break;
      case idle:
        this.#changeUsers(nowMs, 1);
        this.#want(device, at);
        break;
      default:
        this.#want(device, at);
    }
  }

  #changeUsers(nowMs: number, by: 1 | -1): void {
    this.#active += by;
    this.#counters.perSecond.usersChanged(nowMs, by);
  }

  /** Whether an action may make users active again. */
  #mayCome(): boolean {
    return this.#isAmended && this.#context.clock.now() < this.#context.slice.group.timeline.publishEndAt;
  }

  /** Puts a user into the queue whose activity was amended. */
  #revise(device: number, now: number): void {
    const state = this.#state[device];
    if (state === wants || state === waits) return;
    if (state === done) this.#done--;
    if (state === idle || state === done) this.#rest(device, now);
    else this.#stay(device, this.#wakesOf[device]!, now);
  }

  /** The user thinks until it wakes, unless it ends before. */
  #stay(device: number, wakes: number, now: number): void {
    this.#wakesOf[device] = wakes;
    if (this.#activity.activeFrom(device, wakes) === wakes) {
      this.#state[device] = thinks;
      this.#queue.add(device, wakes);
    } else {
      this.#state[device] = leaves;
      this.#queue.add(device, Math.max(now, this.#activity.activeUntil(device, this.#wantedAt[device]!)));
    }
  }

  /** The user is not active, and comes at its next instant from `from` on. */
  #rest(device: number, from: number): void {
    const next = this.#activity.activeFrom(device, from);
    if (next === Number.POSITIVE_INFINITY) {
      this.#state[device] = done;
      this.#done++;
      return;
    }
    this.#state[device] = idle;
    this.#queue.add(device, next);
  }

  #want(device: number, at: number): void {
    while (this.#stage < this.#stageEnds.length && at >= this.#stageEnds[this.#stage]!) {
      this.#stage++;
      this.#counters.stageEnded();
    }
    const stream = this.#streamOf(device);
    const n = this.#started[stream]!++;
    this.#counters.intended(this.#context.publishAt + at, stream, n);
    this.#state[device] = wants;
    this.#wantedAt[device] = at;
    this.#number[device] = n;
    this.#wanting++;
    this.#trySend(device);
  }

  #trySend(device: number): void {
    if (!this.#sender.canSend(device)) return;
    const message = this.#message;
    message.device = device;
    message.stream = this.#streamOf(device);
    message.n = this.#number[device]!;
    message.k = this.#startedOf[device]!;
    message.atMs = this.#context.publishAt + this.#wantedAt[device]!;
    if (!this.#sender.send(message)) return;
    this.#wanting--;
    this.#state[device] = waits;
    if (!this.#sender.isAnswered(message.stream)) this.#think(device, this.#context.clock.now());
  }

  /** The user is through with its message: it thinks, and keeps its pacing. */
  #think(device: number, nowMs: number): void {
    const now = nowMs - this.#context.publishAt;
    const wanted = this.#wantedAt[device]!;
    const k = this.#startedOf[device]!++;
    const thinkMs = this.#thinkMs(this.#context.slice.firstDevice + device, k);
    const wakes = Math.max(now + thinkMs, wanted + this.#pacingMs);
    this.#stay(device, wakes, now);
  }
}
