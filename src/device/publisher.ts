import type { SliceSchedule } from '../plan/schedule.ts';
import type { Clock } from '../shared/clock.ts';
import { InFlight, type InFlightMessage } from './in-flight.ts';
import { type PacedWork, Pacer } from './pacer.ts';
import type { PayloadWriter } from './payload.ts';
import { Backlog, nothingWaits } from './publish-backlog.ts';
import type { SliceCounters, Undecided } from './slice-counters.ts';
import type { SliceDevices } from './slice-devices.ts';
import type { OutgoingMessage, Qos, Refusal, Transport } from './transport.ts';

export interface PublisherSettings {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly writer: PayloadWriter;
  readonly tally: SliceCounters;
  readonly devices: SliceDevices;
  /** Epoch milliseconds of the schedule's zero. */
  readonly publishAt: number;
  readonly schedule: SliceSchedule;
  readonly qos: Qos;
  /** Whether publishes are answered: QoS 1, and HTTPS. */
  readonly acknowledged: boolean;
  /** For an answer; and the longest that a due publish waits to be sent. */
  readonly ackTimeoutMs: number;
  /** Publishes that a device may have on the way. */
  readonly maxUnacknowledged: number;
  /** Called with the device for each message that was sent. */
  readonly onSent: (device: number) => void;
}

/** The token of a message that is not answered. */
const noToken = -1;

/**
 * The open model: publish n is sent when it is due, whatever became of those before it.
 *
 * - A device that cannot send when a publish is due (no connection, `maxUnacknowledged` on the way, a full socket) sends
 *   it as soon as it can, which the send lag shows. What waited longer than the ack timeout is dropped: `not-connected`
 *   or `backlog`, by what it was waiting for.
 * - A publish that was not answered within the ack timeout is unacknowledged, and no longer counts as on the way. An
 *   answer after that changes nothing: the books say what a device with that timeout would have seen.
 * - A connection that is gone takes its unanswered publishes with it: they are unacknowledged at once and not sent again,
 *   for the copy would be a duplicate of a message that may well have arrived.
 */
export class Publisher implements PacedWork {
  readonly #clock: Clock;
  readonly #settings: PublisherSettings;
  readonly #transport: Transport;
  readonly #writer: PayloadWriter;
  readonly #tally: SliceCounters;
  readonly #topics: readonly string[];
  readonly #message: OutgoingMessage;
  readonly #pacer: Pacer;
  readonly #backlog: Backlog;
  readonly #inFlight: InFlight;
  /** By device: publishes on the way, and how many there may be; 0 while there is no connection. */
  readonly #inFlightOf: Uint16Array;
  readonly #limitOf: Uint16Array;
  /** By device: 1 while the transport cannot take more. */
  readonly #full: Uint8Array;
  /** Publishes due so far. */
  #due = 0;

  constructor(settings: PublisherSettings) {
    const devices = settings.devices.count;
    this.#clock = settings.clock;
    this.#settings = settings;
    this.#transport = settings.transport;
    this.#writer = settings.writer;
    this.#tally = settings.tally;
    this.#topics = Array.from({ length: devices }, (_, device) => settings.devices.topic(device));
    this.#message = {
      token: noToken,
      topic: '',
      payload: Buffer.alloc(0),
      qos: settings.qos,
      retain: false,
    };
    this.#backlog = new Backlog(devices, settings.schedule.turns);
    this.#inFlight = new InFlight(devices);
    this.#inFlightOf = new Uint16Array(devices);
    this.#limitOf = new Uint16Array(devices);
    this.#full = new Uint8Array(devices);
    this.#pacer = new Pacer(settings.clock, this);
  }

  get count(): number {
    return this.#settings.schedule.messages;
  }

  /** Nothing is to be sent any more, and nothing is on the way. */
  get finished(): boolean {
    return this.sentAll && this.#inFlight.size === 0;
  }

  get sentAll(): boolean {
    return this.#pacer.done && this.#backlog.devicesWaiting === 0;
  }

  start(): void {
    this.#pacer.start();
  }

  /** What is due and was not sent is dropped; what is due later was never intended. */
  stop(): void {
    if (!this.#pacer.done) this.#countDueUntil(this.#clock.now());
    this.#pacer.stop();
    this.#limitOf.fill(0);
    while (this.#backlog.devicesWaiting > 0) {
      this.#tally.dropped('stopped');
      this.#backlog.advance(this.#backlog.deviceAt(0), this.#due);
    }
  }

  dueAt(n: number): number {
    return this.#settings.publishAt + this.#settings.schedule.offsetMs(n);
  }

  due(n: number, intendedMs: number): void {
    this.#due = n + 1;
    this.#tally.intended(intendedMs);
    const device = this.#settings.schedule.turns.deviceOf(n);
    if (this.#backlog.first(device) !== nothingWaits) return;
    if (this.#canSend(device) && this.#send(n, device, intendedMs)) return;
    this.#backlog.begin(device, n);
  }

  tickEnd(): void {
    this.#transport.flush();
  }

  connected(device: number, receiveMaximum: number): void {
    this.#limitOf[device] = Math.min(this.#settings.maxUnacknowledged, receiveMaximum);
    this.#full[device] = 0;
    this.#sendWaiting(device);
  }

  disconnected(device: number): void {
    this.#limitOf[device] = 0;
    for (let lost = this.#inFlight.takeOf(device); lost !== undefined; lost = this.#inFlight.takeOf(device)) {
      this.#giveUp(lost);
    }
  }

  writable(device: number): void {
    this.#full[device] = 0;
    this.#sendWaiting(device);
  }

  acknowledged(device: number, token: number): void {
    const answered = this.#inFlight.take(token);
    if (answered === undefined) return;
    const { sentMs } = answered;
    this.#inFlightOf[device] = this.#inFlightOf[device]! - 1;
    const nowMs = this.#clock.now();
    if (nowMs - sentMs > this.#settings.ackTimeoutMs) this.#tally.unacknowledged();
    else this.#tally.acked(sentMs, nowMs);
    if (this.#backlog.devicesWaiting > 0) this.#sendWaiting(device);
    this.#pacer.poke(nowMs);
  }

  refused(device: number, token: number, why: Refusal, reason: string): void {
    if (this.#settings.acknowledged) {
      if (this.#inFlight.take(token) === undefined) return;
      this.#inFlightOf[device] = this.#inFlightOf[device]! - 1;
    }
    this.#tally.refused(why, reason);
    if (this.#backlog.devicesWaiting > 0) this.#sendWaiting(device);
  }

  /** Times out what has been on the way, or has waited, for too long. To be called every few milliseconds. */
  expire(nowMs: number): void {
    const beforeMs = nowMs - this.#settings.ackTimeoutMs;
    const inFlight = this.#inFlight;
    for (let late = inFlight.takeExpired(beforeMs); late; late = inFlight.takeExpired(beforeMs)) {
      this.#giveUp(late);
    }
    if (this.#backlog.devicesWaiting === 0) return;
    for (let i = this.#backlog.devicesWaiting - 1; i >= 0; i--) {
      const device = this.#backlog.deviceAt(i);
      this.#dropExpired(device, beforeMs);
      this.#sendWaiting(device);
    }
    this.#transport.flush();
  }

  undecided(): Undecided {
    const waiting = { 'not-connected': 0, backlog: 0 };
    for (let i = 0; i < this.#backlog.devicesWaiting; i++) {
      const device = this.#backlog.deviceAt(i);
      waiting[this.#waitsFor(device)] += this.#backlog.length(device, this.#due);
    }
    return { waiting, inFlight: this.#inFlight.size };
  }

  #giveUp({ device }: InFlightMessage): void {
    this.#inFlightOf[device] = this.#inFlightOf[device]! - 1;
    this.#tally.unacknowledged();
  }

  #waitsFor(device: number): 'not-connected' | 'backlog' {
    return this.#limitOf[device] === 0 ? 'not-connected' : 'backlog';
  }

  #canSend(device: number): boolean {
    return this.#inFlightOf[device]! < this.#limitOf[device]! && this.#full[device] === 0;
  }

  #send(n: number, device: number, intendedMs: number): boolean {
    const sentMs = this.#clock.now();
    const message = this.#message;
    message.token = this.#settings.acknowledged ? this.#inFlight.nextToken : noToken;
    message.topic = this.#topics[device]!;
    message.payload = this.#writer.write(n, device, intendedMs, sentMs);
    if (!this.#transport.send(device, message)) {
      this.#full[device] = 1;
      return false;
    }
    this.#tally.sent(n, intendedMs, sentMs);
    this.#settings.onSent(device);
    if (this.#settings.acknowledged) {
      this.#inFlight.add({ device, stream: 0, n }, sentMs);
      this.#inFlightOf[device] = this.#inFlightOf[device]! + 1;
    }
    return true;
  }

  #sendWaiting(device: number): void {
    let n = this.#backlog.first(device);
    while (n !== nothingWaits && this.#canSend(device) && this.#send(n, device, this.dueAt(n))) {
      n = this.#backlog.advance(device, this.#due);
    }
  }

  #dropExpired(device: number, beforeMs: number): void {
    let n = this.#backlog.first(device);
    while (n !== nothingWaits && this.dueAt(n) <= beforeMs) {
      this.#tally.dropped(this.#waitsFor(device));
      n = this.#backlog.advance(device, this.#due);
    }
  }

  #countDueUntil(nowMs: number): void {
    for (let n = this.#due; n < this.count; n++) {
      const intendedMs = this.dueAt(n);
      if (intendedMs > nowMs) return;
      this.#due = n + 1;
      this.#tally.intended(intendedMs);
      const device = this.#settings.schedule.turns.deviceOf(n);
      if (this.#backlog.first(device) === nothingWaits) this.#backlog.begin(device, n);
    }
  }
}
