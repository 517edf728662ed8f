import type { DeviceTurns } from '../../plan/device-turns.ts';
import { makeSliceSchedule, type SliceSchedule } from '../../plan/schedule.ts';
import type { InFlightMessage } from '../in-flight.ts';
import { type PacedWork, Pacer } from '../pacer.ts';
import type { Answer, DueMessage, Sender } from '../sender.ts';
import type { SliceCounters, Undecided } from '../slice-counters.ts';
import { Backlog, nothingWaits } from './backlog.ts';
import type { Behaviour, BehaviourContext } from './behaviour.ts';

export function makeOpenModel(context: BehaviourContext): Behaviour {
  return new OpenModel(context);
}

/**
 * The open model: message n is sent when it is due, whatever became of those before it. A device that cannot send when a message
 * is due (no connection, `maxUnacknowledged` in flight, a full socket) sends it as soon as it can, which the send lag shows.
 * A message that waited longer than the ack timeout is dropped, with the reason `not-connected` or `backlog`.
 */
class OpenModel implements Behaviour, PacedWork {
  readonly #context: BehaviourContext;
  readonly #sender: Sender;
  readonly #counters: SliceCounters;
  readonly #schedule: SliceSchedule;
  readonly #turns: DeviceTurns;
  readonly #pacer: Pacer;
  readonly #backlog: Backlog;
  readonly #message: DueMessage = { device: 0, stream: 0, n: 0, k: 0, atMs: 0 };
  /** Messages due so far. */
  #due = 0;

  constructor(context: BehaviourContext) {
    this.#context = context;
    this.#sender = context.sender;
    this.#counters = context.counters;
    this.#schedule = makeSliceSchedule(context.slice);
    this.#turns = this.#schedule.turns;
    this.#backlog = new Backlog(context.slice.devices, this.#turns);
    this.#pacer = new Pacer(context.clock, this);
  }

  get count(): number {
    return this.#schedule.messages;
  }

  get sentAll(): boolean {
    return this.#pacer.done && this.#backlog.devicesWaiting === 0;
  }

  start(): void {
    this.#pacer.start();
  }

  stop(fromMs: number): void {
    if (!this.#pacer.done) this.#countDueUntil(fromMs);
    this.#pacer.stop();
    while (this.#backlog.devicesWaiting > 0) {
      this.#counters.dropped('stopped');
      this.#backlog.advance(this.#backlog.deviceAt(0), this.#due);
    }
  }

  dueAt(n: number): number {
    return this.#context.publishAt + this.#schedule.offsetMs(n);
  }

  due(n: number, atMs: number): void {
    this.#due = n + 1;
    this.#counters.intended(atMs);
    const device = this.#turns.deviceOf(n);
    if (this.#backlog.first(device) !== nothingWaits) return;
    if (this.#sender.canSend(device) && this.#send(n, device, atMs)) return;
    this.#backlog.begin(device, n);
  }

  tickEnd(): void {
    this.#sender.flush();
  }

  ready(device: number): void {
    this.#sendWaiting(device);
  }

  disconnected(): void {}

  answered({ device }: InFlightMessage, answer: Answer, nowMs: number): void {
    // A message that was given up frees its place. The next tick uses it, after it has dropped what waited too long.
    if (answer === 'unacknowledged') return;
    if (this.#backlog.devicesWaiting > 0) this.#sendWaiting(device);
    this.#pacer.poke(nowMs);
  }

  tick(nowMs: number): void {
    if (this.#backlog.devicesWaiting === 0) return;
    for (let i = this.#backlog.devicesWaiting - 1; i >= 0; i--) {
      const device = this.#backlog.deviceAt(i);
      this.#dropExpired(device, nowMs - this.#context.waitTimeoutMs);
      this.#sendWaiting(device);
    }
    this.#sender.flush();
  }

  waiting(): Undecided['waiting'] {
    const waiting = { 'not-connected': 0, backlog: 0 };
    for (let i = 0; i < this.#backlog.devicesWaiting; i++) {
      const device = this.#backlog.deviceAt(i);
      waiting[this.#waitsFor(device)] += this.#backlog.length(device, this.#due);
    }
    return waiting;
  }

  #waitsFor(device: number): 'not-connected' | 'backlog' {
    return this.#sender.isConnected(device) ? 'backlog' : 'not-connected';
  }

  #send(n: number, device: number, atMs: number): boolean {
    const message = this.#message;
    message.device = device;
    message.n = n;
    message.k = this.#turns.messageOf(n);
    message.atMs = atMs;
    return this.#sender.send(message);
  }

  #sendWaiting(device: number): void {
    let n = this.#backlog.first(device);
    while (n !== nothingWaits && this.#sender.canSend(device) && this.#send(n, device, this.dueAt(n))) {
      n = this.#backlog.advance(device, this.#due);
    }
  }

  #dropExpired(device: number, beforeMs: number): void {
    let n = this.#backlog.first(device);
    while (n !== nothingWaits && this.dueAt(n) <= beforeMs) {
      this.#counters.dropped(this.#waitsFor(device));
      n = this.#backlog.advance(device, this.#due);
    }
  }

  #countDueUntil(untilMs: number): void {
    for (let n = this.#due; n < this.count; n++) {
      const atMs = this.dueAt(n);
      if (atMs > untilMs) return;
      this.#due = n + 1;
      this.#counters.intended(atMs);
      const device = this.#turns.deviceOf(n);
      if (this.#backlog.first(device) === nothingWaits) this.#backlog.begin(device, n);
    }
  }
}
