import type { Clock } from '../shared/clock.ts';
import { type Departures, makeDepartures } from './departures.ts';
import { DeviceBirths } from './device-births.ts';
import { InFlight, type InFlightMessage } from './in-flight.ts';
import type { Answer, DueMessage, OutgoingStream, SenderListener } from './outgoing-stream.ts';
import type { SenderSettings } from './sender-settings.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { Undecided } from './stream-counters.ts';
import type { OutgoingMessage, Refusal, RequestListener, Transport } from './transport.ts';

/** The token of a message that is not answered says which stream it is of: the complement, −1 − stream, is below every other. */
const tokenOfStream = (stream: number): number => ~stream;

/**
 * What all behaviours share: sends messages, tracks those in flight and how many a device may have, and counts what became of
 * them.
 *
 * - A message that was not answered within the ack timeout is unacknowledged, and no longer counts as in flight. An answer
 *   after that changes nothing: the counts say what a device with that timeout would have seen.
 * - A connection that is closed takes its unanswered messages with it: they are unacknowledged at once and not sent again,
 *   for the copy would be a duplicate of a message that may well have arrived. At QoS 2 there is no duplicate: where the next
 *   connection resumes the session, the transport goes on with them, and they stay in flight until then.
 */
export class Sender implements RequestListener {
  readonly #settings: SenderSettings;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #counters: SliceCounters;
  readonly #departures: Departures;
  readonly #streams: readonly OutgoingStream[];
  readonly #inFlight: InFlight;
  /** By device: messages in flight, and how many there may be; 0 while there is no connection. */
  readonly #inFlightOf: Uint16Array;
  readonly #limitOf: Uint16Array;
  readonly #inFlightOfStream: Uint32Array;
  /** By stream. */
  readonly #births: readonly (DeviceBirths | undefined)[];
  /** By device: 1 while the transport cannot take more. */
  readonly #full: Uint8Array;
  /** By stream: the message that is sent, filled anew each time. */
  readonly #messages: readonly OutgoingMessage[];
  #listener!: SenderListener;

  constructor(settings: SenderSettings) {
    this.#settings = settings;
    this.#clock = settings.clock;
    this.#transport = settings.transport;
    this.#counters = settings.counters;
    this.#departures = makeDepartures(settings.transport, settings.counters);
    this.#streams = settings.streams;
    this.#inFlight = new InFlight(settings.devices);
    this.#inFlightOf = new Uint16Array(settings.devices);
    this.#limitOf = new Uint16Array(settings.devices);
    this.#inFlightOfStream = new Uint32Array(settings.streams.length);
    this.#births = settings.streams.map(({ hasFirst }) =>
      hasFirst ? new DeviceBirths(settings.devices) : undefined,
    );
    this.#full = new Uint8Array(settings.devices);
    this.#messages = settings.streams.map(({ qos, retain, isAliased }, stream) => ({
      token: tokenOfStream(stream),
      topic: '',
      payload: Buffer.alloc(0),
      qos,
      retain,
      properties: undefined,
      isAliased,
      head: undefined,
    }));
  }

  /** Sets what events are reported to. Called once, before anything is sent. */
  serve(listener: SenderListener): void {
    this.#listener = listener;
  }

  /** Messages that were sent and are neither answered nor given up. */
  get inFlight(): number {
    return this.#inFlight.size - this.#departures.waitingInFlight;
  }

  /** No message is in flight or waits for its connection. */
  get isIdle(): boolean {
    return this.#inFlight.size + this.#departures.waiting === 0;
  }

  /** @param waiting by stream: what is due and was not given to the transport yet */
  undecided(waiting: readonly Undecided['waiting'][]): Undecided[] {
    return waiting.map((each, stream) => {
      const { waiting: departing, waitingInFlight } = this.#departures.of(stream);
      return {
        waiting: { ...each, 'not-connected': each['not-connected'] + departing },
        inFlight: this.#inFlightOfStream[stream]! - waitingInFlight,
      };
    });
  }

  /** Requests of a slice go to one place: while all of them wait for connections, no device has one. */
  isConnected(device: number): boolean {
    return this.#limitOf[device] !== 0 && (this.#departures.waiting === 0 || this.inFlight > 0);
  }

  isAnswered(stream: number): boolean {
    return this.#streams[stream]!.isAnswered;
  }

  /** No message of the device is in flight. */
  isAnsweredAll(device: number): boolean {
    return this.#inFlightOf[device] === 0;
  }

  canSend(device: number): boolean {
    return this.#inFlightOf[device]! < this.#limitOf[device]! && this.#full[device] === 0;
  }

  /**
   * Sends a message of a device that can send.
   * @returns false: the transport cannot take it now, and `ready` follows
   */
  send(due: DueMessage): boolean {
    const { device, stream } = due;
    const outgoing = this.#streams[stream]!;
    const { writer, isAnswered } = outgoing;
    const sentMs = this.#clock.now();
    const births = this.#births[stream];
    const birth = births?.of(device);
    const message = this.#messages[stream]!;
    if (isAnswered) message.token = this.#inFlight.nextToken;
    message.topic = outgoing.topicOf(due, birth?.since === 0);
    const payload = writer.write(due, sentMs, birth);
    if (payload === undefined) {
      this.#full[device] = 1;
      return false;
    }
    message.payload = payload;
    message.properties = writer.properties;
    message.head = writer.head;
    if (!this.#transport.send(device, message)) {
      this.#full[device] = 1;
      return false;
    }
    births?.sent(device);
    this.#departures.taken(due, message.token, sentMs);
    if (isAnswered) {
      this.#inFlight.add(due, sentMs);
      this.#inFlightOf[device] = this.#inFlightOf[device]! + 1;
      this.#inFlightOfStream[stream]!++;
    }
    if (this.#settings.onServed !== undefined) this.#limitOf[device] = 0;
    return true;
  }

  /** What was sent must go out: the end of a tick. */
  flush(): void {
    this.#transport.flush();
  }

  /** No device can send any more; what is in flight is waited for. */
  stop(): void {
    this.#limitOf.fill(0);
  }

  /** The transport is closed: what waited for its connection was not sent. */
  end(): void {
    for (const token of this.#departures.end()) {
      const message = this.#inFlight.take(token);
      if (message !== undefined) this.#inFlightOfStream[message.stream]!--;
    }
  }

  connected(device: number, receiveMaximum: number, isResumed: boolean): void {
    if (!isResumed) this.#giveUpAllOf(device);
    this.#limitOf[device] = Math.min(this.#settings.maxUnacknowledged, receiveMaximum);
    this.#full[device] = 0;
    for (const births of this.#births) births?.connected(device);
    this.#listener.ready(device);
    this.#endIfServed(device);
  }

  #endIfServed(device: number): void {
    const { onServed } = this.#settings;
    if (onServed === undefined || this.#inFlightOf[device] !== 0 || this.#full[device] !== 0) return;
    this.#limitOf[device] = 0;
    onServed(device);
  }

  disconnected(device: number): void {
    this.#limitOf[device] = 0;
    if (!this.#settings.resumesSessions) this.#giveUpAllOf(device);
    this.#listener.disconnected(device);
  }

  /** A new device is in the place of this one. @param topics of the slice's kinds of message, in their order */
  replaced(device: number, topics: readonly string[]): void {
    for (const stream of this.#streams) stream.renew(device, topics);
    for (const births of this.#births) births?.replaced(device);
  }

  writable(device: number): void {
    this.#full[device] = 0;
    this.#listener.ready(device);
    this.#endIfServed(device);
  }

  accepted(token: number): void {
    this.#inFlight.accept(token);
  }

  acknowledged(token: number): void {
    const nowMs = this.#clock.now();
    const message = this.#takeInTime(token, nowMs);
    if (message === undefined) return;
    this.#counters.acked(message, nowMs);
    this.#answered(message, 'acknowledged', nowMs);
  }

  refused(token: number, why: Refusal, reason: string): void {
    if (token < 0) {
      this.#counters.refused(why, reason, ~token);
      return;
    }
    const message = this.#inFlight.take(token);
    if (message === undefined) return;
    this.#counters.refused(why, reason, message.stream, message.n);
    this.#answered(message, 'refused', this.#clock.now());
  }

  /** The answer to a request: it is measured whatever its status, and counted by what that means. */
  answered(_device: number, token: number, status: number, refusal?: Refusal): void {
    const nowMs = this.#clock.now();
    const message = this.#takeInTime(token, nowMs);
    if (message === undefined) return;
    this.#counters.answered(message, status, nowMs, refusal);
    this.#answered(message, refusal === undefined ? 'acknowledged' : 'refused', nowMs);
  }

  unanswered(_device: number, token: number, reason: string): void {
    const message = this.#inFlight.take(token);
    if (message === undefined) return;
    this.#counters.unanswered(reason);
    this.#giveUp(message, this.#clock.now());
  }

  left(_device: number, token: number): void {
    this.#departures.left(token);
  }

  notSent(_device: number, token: number): void {
    this.#departures.notSent(token);
    const message = this.#inFlight.take(token);
    if (message !== undefined) this.#answered(message, 'unacknowledged', this.#clock.now());
  }

  openFailed(reason: string): void {
    this.#counters.connectFailed(reason, this.#clock.now());
  }

  opened(connectMs: number): void {
    this.#counters.opened(connectMs);
  }

  /** Gives up what has been in flight for too long. To be called every few milliseconds. */
  expire(nowMs: number): void {
    const beforeMs = nowMs - this.#settings.ackTimeoutMs;
    const inFlight = this.#inFlight;
    for (let late = inFlight.takeExpired(beforeMs); late; late = inFlight.takeExpired(beforeMs)) {
      this.#giveUp(late, nowMs);
    }
  }

  #giveUpAllOf(device: number): void {
    const nowMs = this.#clock.now();
    const inFlight = this.#inFlight;
    for (let lost = inFlight.takeOf(device); lost; lost = inFlight.takeOf(device)) this.#giveUp(lost, nowMs);
  }

  /** The message, if its answer comes within the ack timeout; later it is given up, which changes nothing if it was before. */
  #takeInTime(token: number, nowMs: number): InFlightMessage | undefined {
    const message = this.#inFlight.take(token);
    if (message === undefined || nowMs - message.sentMs <= this.#settings.ackTimeoutMs) return message;
    this.#giveUp(message, nowMs);
    return undefined;
  }

  #giveUp(message: InFlightMessage, nowMs: number): void {
    this.#departures.givenUp(message);
    this.#answered(message, 'unacknowledged', nowMs);
  }

  #answered(message: InFlightMessage, answer: Answer, nowMs: number): void {
    const { device, stream } = message;
    this.#inFlightOf[device] = this.#inFlightOf[device]! - 1;
    this.#inFlightOfStream[stream]!--;
    this.#listener.answered(message, answer, nowMs);
    this.#endIfServed(device);
  }
}
