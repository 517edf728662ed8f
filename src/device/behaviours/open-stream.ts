import type { DueMessage } from '../outgoing-stream.ts';
import type { Sender } from '../sender.ts';
import type { SliceCounters } from '../slice-counters.ts';
import { Backlog, nothingWaits } from './backlog.ts';
import type { DueStream } from './due-order.ts';

export interface OpenStreamSettings {
  readonly schedule: DueStream;
  /** Its number in the slice. */
  readonly stream: number;
  readonly devices: number;
  /** Epoch milliseconds of the schedule's zero. */
  readonly publishAt: number;
  readonly sender: Sender;
  readonly onWaiting: (device: number) => void;
  readonly counters: SliceCounters;
}

/** One stream of the open model: what is due of it, and the messages that are due and could not be sent yet. */
export class OpenStream {
  readonly #settings: OpenStreamSettings;
  readonly #backlog: Backlog;
  readonly #message: DueMessage;
  /** Messages due so far. */
  #due = 0;
  /** No message that waits was due before, epoch milliseconds. */
  #earliestAt = Number.POSITIVE_INFINITY;

  constructor(settings: OpenStreamSettings) {
    this.#settings = settings;
    this.#backlog = new Backlog(settings.devices, settings.schedule.turns, (n) => this.#dueAt(n));
    this.#message = { device: 0, stream: settings.stream, n: 0, k: 0, atMs: 0 };
  }

  /** How many devices have a message that waits. */
  get devicesWaiting(): number {
    return this.#backlog.devicesWaiting;
  }

  isWaitedFor(device: number): boolean {
    return this.#backlog.first(device) !== nothingWaits;
  }

  /** Message n is due: it is sent, unless its device cannot send or has messages that wait. */
  due(n: number, atMs: number): void {
    const device = this.#intend(n, atMs);
    if (this.#backlog.first(device) !== nothingWaits) return;
    if (this.#settings.sender.canSend(device) && this.#send(n, device, atMs)) return;
    this.#wait(device, n, atMs);
  }

  /** What came due until an instant, epoch milliseconds, waits like the rest. */
  countDueUntil(untilMs: number): void {
    const { held, messages } = this.#settings.schedule;
    for (let n = Math.max(this.#due, held?.first ?? 0); n < messages; n++) {
      if (held?.has(n) === false) continue;
      const atMs = this.#dueAt(n);
      if (atMs > untilMs) return;
      const device = this.#intend(n, atMs);
      if (this.#backlog.first(device) === nothingWaits) this.#wait(device, n, atMs);
    }
  }

  sendWaiting(device: number): void {
    const { sender } = this.#settings;
    const backlog = this.#backlog;
    let n = backlog.first(device);
    while (
      n !== nothingWaits &&
      sender.canSend(device) &&
      this.#send(n, device, backlog.firstDueAt(device))
    ) {
      n = backlog.advance(device, this.#due);
    }
  }

  /** Drops what waits and was due by an instant, epoch milliseconds. */
  dropExpired(beforeMs: number): void {
    if (this.#earliestAt > beforeMs) return;
    const backlog = this.#backlog;
    let earliestAt = Number.POSITIVE_INFINITY;
    for (let i = backlog.devicesWaiting - 1; i >= 0; i--) {
      const device = backlog.deviceAt(i);
      if (!this.#dropExpiredOf(device, beforeMs)) continue;
      earliestAt = Math.min(earliestAt, backlog.firstDueAt(device));
    }
    this.#earliestAt = earliestAt;
  }

  /** Drops what waits of devices that another leg has. */
  dropOfLeft(hasLeft: (device: number) => boolean): void {
    const { counters, stream } = this.#settings;
    const backlog = this.#backlog;
    for (let i = backlog.devicesWaiting - 1; i >= 0; i--) {
      const device = backlog.deviceAt(i);
      if (!hasLeft(device)) continue;
      for (let n = backlog.first(device); n !== nothingWaits; n = backlog.advance(device, this.#due))
        counters.dropped('not-connected', stream, n, device);
    }
  }

  /** Everything that waits is dropped: the slice stops. */
  dropWaiting(): void {
    const { counters, stream } = this.#settings;
    const backlog = this.#backlog;
    while (backlog.devicesWaiting > 0) {
      const device = backlog.deviceAt(backlog.devicesWaiting - 1);
      for (let n = backlog.first(device); n !== nothingWaits; n = backlog.advance(device, this.#due))
        counters.dropped('stopped', stream, n);
    }
  }

  /** What waits, by what it waits for. */
  waiting(): Record<'not-connected' | 'backlog', number> {
    const waiting = { 'not-connected': 0, backlog: 0 };
    for (let i = 0; i < this.#backlog.devicesWaiting; i++) {
      const device = this.#backlog.deviceAt(i);
      waiting[this.#waitsFor(device)] += this.#backlog.length(device, this.#due);
    }
    return waiting;
  }

  /** @returns the device that sends it */
  #intend(n: number, atMs: number): number {
    this.#due = n + 1;
    this.#settings.counters.intended(atMs, this.#settings.stream, n);
    return this.#settings.schedule.turns.deviceOf(n);
  }

  #wait(device: number, n: number, atMs: number): void {
    this.#backlog.begin(device, n, atMs);
    this.#earliestAt = Math.min(this.#earliestAt, atMs);
    this.#settings.onWaiting(device);
  }

  #dueAt(n: number): number {
    return this.#settings.publishAt + this.#settings.schedule.offsetMs(n);
  }

  #waitsFor(device: number): 'not-connected' | 'backlog' {
    return this.#settings.sender.isConnected(device) ? 'backlog' : 'not-connected';
  }

  #send(n: number, device: number, atMs: number): boolean {
    const message = this.#message;
    message.device = device;
    message.n = n;
    message.k = this.#settings.schedule.turns.messageOf(n);
    message.atMs = atMs;
    return this.#settings.sender.send(message);
  }

  /** @returns whether the device still has messages that wait */
  #dropExpiredOf(device: number, beforeMs: number): boolean {
    const backlog = this.#backlog;
    while (backlog.firstDueAt(device) <= beforeMs) {
      const n = backlog.first(device);
      this.#settings.counters.dropped(this.#waitsFor(device), this.#settings.stream, n, device);
      if (backlog.advance(device, this.#due) === nothingWaits) return false;
    }
    return true;
  }
}
