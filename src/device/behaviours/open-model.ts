import { isScheduled } from '../../plan/streams.ts';
import { isIdle } from '../../profile/load-shapes/resolved-load.ts';
import type { InFlightMessage } from '../in-flight.ts';
import type { Answer } from '../outgoing-stream.ts';
import { type PacedWork, Pacer } from '../pacer.ts';
import type { Undecided } from '../stream-counters.ts';
import type { Behaviour, BehaviourContext } from './behaviour.ts';
import { DueOrder } from './due-order.ts';
import { OpenStream } from './open-stream.ts';

export function makeOpenModel(context: BehaviourContext): Behaviour {
  return new OpenModel(context);
}

/**
 * The open model: message n of a stream is sent when it is due, whatever became of those before it. A device that cannot send
 * when a message is due (no connection, `maxUnacknowledged` in flight, a full socket) sends it as soon as it can, which the send
 * lag shows. A message that waited longer than the ack timeout is dropped, with the reason `not-connected` or `backlog`.
 */
class OpenModel implements Behaviour, PacedWork {
  readonly #context: BehaviourContext;
  /** By number. */
  readonly #streams: readonly OpenStream[];
  readonly #order: DueOrder;
  readonly #pacer: Pacer;
  /** Devices with a message that was given up since the last tick: each may have a place for another. */
  readonly #freed: number[] = [];
  /** Until then devices that send nothing stay, epoch milliseconds; 0: they go when all is sent. */
  #staysUntil = 0;
  #dueUntil = Number.NEGATIVE_INFINITY;

  constructor(context: BehaviourContext) {
    const { slice, publishAt, sender, counters, onWaiting } = context;
    const schedules = context.streams.filter(isScheduled);
    this.#context = context;
    this.#streams = schedules.map(
      (schedule, stream) =>
        new OpenStream({ schedule, stream, devices: slice.devices, publishAt, sender, counters, onWaiting }),
    );
    this.#order = new DueOrder(schedules);
    this.#pacer = new Pacer(context.clock, this);
    const { profile } = slice.group;
    if (isIdle(profile) || (profile.rateSteps ?? profile.deviceSteps ?? profile.reconnects) !== undefined)
      this.#stay();
  }

  get count(): number {
    return this.#order.count;
  }

  get sentAll(): boolean {
    return this.#pacer.done && !this.#hasWaiting && this.#context.clock.now() >= this.#staysUntil;
  }

  get dueUntil(): number {
    return this.#dueUntil;
  }

  start(): void {
    this.#pacer.start();
  }

  amended(): void {
    if (this.#pacer.isStopped) return;
    // A rate of 0 is followed by another one, perhaps.
    this.#stay();
    this.#order.amended();
    this.#pacer.amended();
  }

  #stay(): void {
    const { slice, letsGo } = this.#context;
    this.#staysUntil = Math.min(slice.group.timeline.publishEndAt, letsGo?.until ?? Number.POSITIVE_INFINITY);
  }

  stop(fromMs: number): void {
    if (!this.#pacer.done) for (const stream of this.#streams) stream.countDueUntil(fromMs);
    this.#pacer.stop();
    this.#staysUntil = 0;
    for (const stream of this.#streams) stream.dropWaiting();
  }

  dueAt(): number {
    return this.#context.publishAt + this.#order.offsetMs;
  }

  due(_i: number, atMs: number): void {
    const { stream, n } = this.#order;
    this.#dueUntil = atMs;
    this.#order.advance();
    this.#streams[stream]!.due(n, atMs);
  }

  tickEnd(): void {
    this.#context.sender.flush();
  }

  ready(device: number): void {
    for (const stream of this.#streams) stream.sendWaiting(device);
  }

  disconnected(): void {}

  answered({ device }: InFlightMessage, answer: Answer, nowMs: number): void {
    // A message that was given up frees its place. The next tick uses it, after it has dropped what waited too long.
    if (answer === 'unacknowledged') {
      if (this.#hasWaiting) this.#freed.push(device);
      return;
    }
    for (const stream of this.#streams) if (stream.devicesWaiting > 0) stream.sendWaiting(device);
    this.#pacer.poke(nowMs);
  }

  tick(nowMs: number): void {
    const { waitTimeoutMs, letsGo, hasLeft } = this.#context;
    for (const stream of this.#streams) {
      stream.dropExpired(nowMs - waitTimeoutMs);
      if (letsGo !== undefined && hasLeft !== undefined) stream.dropOfLeft(hasLeft);
    }
    if (this.#freed.length === 0) return;
    for (const device of this.#freed) for (const stream of this.#streams) stream.sendWaiting(device);
    this.#freed.length = 0;
    this.#context.sender.flush();
  }

  isWaitedFor(device: number): boolean {
    for (const stream of this.#streams) if (stream.isWaitedFor(device)) return true;
    return false;
  }

  waiting(): readonly Undecided['waiting'][] {
    return this.#streams.map((stream) => stream.waiting());
  }

  get #hasWaiting(): boolean {
    for (const stream of this.#streams) if (stream.devicesWaiting > 0) return true;
    return false;
  }
}
