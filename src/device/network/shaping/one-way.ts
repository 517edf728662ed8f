import type { NetworkDraws } from '../../../plan/network/network-draws.ts';
import type { NetworkConditions } from '../../../profile/network-presets.ts';
import { meanMsOf } from '../../../profile/time-distribution.ts';
import { CongestionWindow } from './congestion-window.ts';
import type { DirectionCounters } from './network-counters.ts';
import { RoundTripTime } from './round-trip-time.ts';
import { passesAt } from './stalls.ts';
import type { Sleeper, WakeHeap } from './wake-heap.ts';

/** Bytes of a segment over Ethernet with TCP's timestamps, and what is around them as `tc` counts it: 14 + 20 + 32. */
export const segmentBytes = 1_448;
export const headerBytes = 66;
/** Around what TLS encrypts: record header, content type and tag, once a segment. */
export const recordBytes = 22;
/** Of a packet in ten million, at 30 % loss. */
const mostLosses = 15;
/** RFC 8985: later segments that show a loss at once, and how long fewer of them take to. */
const laterSegments = 3;
const reorderingShare = 0.25;

/** What one direction of a connection needs. */
export interface OneWaySettings {
  readonly heap: WakeHeap;
  readonly draws: NetworkDraws;
  readonly counters: DirectionCounters;
  /** Read for each packet. */
  readonly conditions: () => NetworkConditions;
  readonly direction: 'up' | 'down';
  /** Where in their period a device's stalls begin: [0, 1). */
  readonly phase: number;
  readonly overheadBytes: number;
  /** @param bytes undefined: the end of the stream */
  readonly deliver: (bytes: Buffer | undefined, nowMs: number) => void;
}

interface Segment {
  /** Empty: the end of the stream. */
  readonly bytes: Buffer;
  readonly givenAtMs: number;
  /** When its first bit goes out, and its last one. */
  readonly startsAtMs: number;
  readonly sentAtMs: number;
  /** From its last transmission, which is not lost. */
  readonly delayMs: number;
  arrivesAtMs: number;
  readonly losses: number;
  readonly isStalled: boolean;
  /** Of one that was lost: when its sender notices, how, and how many later ones have shown it. */
  noticedAtMs: number;
  isTimeout: boolean;
  later: number;
}

/**
 * One direction of a device's connection: a link with a rate and a delay, and a TCP sender in front of it that repeats what is lost.
 * Bytes come out in the order in which they went in.
 */
export class OneWay implements Sleeper {
  readonly #settings: OneWaySettings;
  readonly #window = new CongestionWindow();
  readonly #roundTrip = new RoundTripTime();
  /** What the window has not let out yet, and when it was given. */
  readonly #backlog: { bytes: Buffer; readonly givenAtMs: number }[] = [];
  /** Sent and not delivered, in order; sent and not acknowledged. */
  readonly #undelivered: Segment[] = [];
  #flying: Segment[] = [];
  #linkFreeAtMs = 0;
  #lastSentAtMs = 0;
  /** Nothing is sent before this instant. */
  #blockedUntilMs = 0;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #bytes = 0;

  constructor(settings: OneWaySettings) {
    this.#settings = settings;
  }

  /** Bytes that are in it. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#undelivered.length === 0 && this.#backlog.length === 0;
  }

  /** A round trip that its sender has measured, such as that of the handshake. */
  measured(roundTripMs: number): void {
    this.#roundTrip.measured(roundTripMs);
  }

  /** @param bytes kept until they are delivered; empty: the end of the stream */
  give(bytes: Buffer, nowMs: number): void {
    this.#bytes += bytes.length;
    this.#backlog.push({ bytes, givenAtMs: nowMs });
    this.#send(nowMs);
    this.#sleep(nowMs);
  }

  wake(nowMs: number): void {
    if (nowMs >= this.#wakesAtMs) this.#wakesAtMs = Number.POSITIVE_INFINITY;
    for (let first = this.#undelivered[0]; first !== undefined; first = this.#undelivered[0]) {
      if (first.arrivesAtMs > nowMs) break;
      this.#undelivered.shift();
      this.#bytes -= first.bytes.length;
      if (first.bytes.length > 0)
        this.#settings.counters.delivered({
          bytes: first.bytes.length,
          delayMs: nowMs - first.givenAtMs,
          losses: first.losses,
          isStalled: first.isStalled,
        });
      this.#settings.deliver(first.bytes.length === 0 ? undefined : first.bytes, nowMs);
    }
    if (this.#backlog.length > 0) this.#send(nowMs);
    this.#sleep(nowMs);
  }

  /** The conditions have changed: they hold for what is not being sent yet. */
  changed(nowMs: number): void {
    this.#takeBack((segment) => segment.startsAtMs > nowMs);
    this.#linkFreeAtMs = 0;
    this.wake(nowMs);
  }

  /** Nothing passes until `release`: what is in flight is lost. */
  hold(): void {
    this.#takeBack(() => true);
    this.#blockedUntilMs = Number.POSITIVE_INFINITY;
  }

  /** The sender's next retransmission passes. @param heldSinceMs epoch milliseconds */
  release(heldSinceMs: number, nowMs: number): void {
    const first = this.#backlog[0];
    this.#blockedUntilMs = nowMs;
    if (first !== undefined) {
      const sinceMs = Math.max(first.givenAtMs, heldSinceMs);
      let k = 1;
      while (sinceMs + this.#roundTrip.retransmissionMs(k) < nowMs) k++;
      this.#blockedUntilMs = sinceMs + this.#roundTrip.retransmissionMs(k);
    }
    this.wake(nowMs);
  }

  /** What is in it is discarded. */
  clear(): void {
    this.#backlog.length = 0;
    this.#undelivered.length = 0;
    this.#flying = [];
    this.#bytes = 0;
  }

  #takeBack(isBack: (segment: Segment) => boolean): void {
    const first = this.#undelivered.findIndex(isBack);
    if (first < 0) return;
    const back = this.#undelivered.splice(first);
    this.#backlog.unshift(...back);
    this.#flying = this.#flying.filter((segment) => !back.includes(segment));
  }

  #send(nowMs: number): void {
    if (nowMs < this.#blockedUntilMs) return;
    this.#acknowledge(nowMs);
    if (this.#flying.length === 0 && nowMs - this.#lastSentAtMs > this.#roundTrip.timeoutMs)
      this.#window.idle();
    while (this.#backlog.length > 0 && this.#flying.length < this.#window.segments)
      this.#transmit(this.#nextSegment(), nowMs);
  }

  /** Writes that wait become full segments. */
  #nextSegment(): { bytes: Buffer; givenAtMs: number } {
    const backlog = this.#backlog;
    const first = backlog[0]!;
    if (first.bytes.length > segmentBytes) {
      const bytes = first.bytes.subarray(0, segmentBytes);
      first.bytes = first.bytes.subarray(segmentBytes);
      return { bytes, givenAtMs: first.givenAtMs };
    }
    let [count, length] = [1, first.bytes.length];
    // The end of the stream stands alone.
    while (length > 0 && count < backlog.length) {
      const next = backlog[count]!.bytes.length;
      if (next === 0 || length + next > segmentBytes) break;
      length += next;
      count++;
    }
    const taken = backlog.splice(0, count);
    return count === 1
      ? first
      : { bytes: Buffer.concat(taken.map(({ bytes }) => bytes)), givenAtMs: first.givenAtMs };
  }

  #transmit({ bytes, givenAtMs }: { bytes: Buffer; givenAtMs: number }, nowMs: number): void {
    const { conditions, draws, direction, phase, overheadBytes } = this.#settings;
    const network = conditions();
    const bitsPerSecond = network.bandwidth?.[direction];
    const readyAtMs = Math.max(nowMs, this.#linkFreeAtMs);
    const startsAtMs = passesAt(readyAtMs, network.stall, phase);
    const wireBits = (bytes.length + overheadBytes) * 8;
    const sentAtMs = startsAtMs + (bitsPerSecond === undefined ? 0 : (wireBits / bitsPerSecond) * 1_000);
    this.#linkFreeAtMs = sentAtMs;
    this.#lastSentAtMs = nowMs;
    let losses = 0;
    while (losses < mostLosses && draws.happens(network.loss)) losses++;
    const delayMs = draws.delayMs(network);
    const repeatedMs = losses === 0 ? 0 : this.#roundTrip.retransmissionMs(losses);
    const segment: Segment = {
      bytes,
      givenAtMs,
      startsAtMs,
      sentAtMs,
      delayMs,
      losses,
      isStalled: startsAtMs > readyAtMs,
      arrivesAtMs: sentAtMs + repeatedMs + delayMs,
      noticedAtMs: losses === 0 ? Number.POSITIVE_INFINITY : sentAtMs + this.#roundTrip.timeoutMs,
      isTimeout: losses > 0,
      later: 0,
    };
    if (losses === 0 && network.loss !== undefined) this.#showLosses(segment);
    this.#undelivered.push(segment);
    this.#flying.push(segment);
  }

  /** A segment that arrives shows its sender that earlier ones did not (RFC 8985), sooner than the timeout would. */
  #showLosses({ sentAtMs, delayMs }: Segment): void {
    const roundTripMs = this.#roundTrip.smoothedMs;
    for (const lost of this.#flying) {
      if (lost.losses === 0 || lost.noticedAtMs < sentAtMs) continue;
      lost.later++;
      if (lost.later > laterSegments) continue;
      const waitMs = lost.later === laterSegments ? 0 : roundTripMs * reorderingShare;
      const noticedAtMs = sentAtMs + delayMs + this.#returnMs + waitMs;
      if (noticedAtMs >= lost.noticedAtMs) continue;
      lost.noticedAtMs = noticedAtMs;
      lost.isTimeout = false;
      const againMs = lost.losses === 1 ? 0 : this.#roundTrip.retransmissionMs(lost.losses - 1);
      lost.arrivesAtMs = Math.min(lost.arrivesAtMs, noticedAtMs + againMs + lost.delayMs);
    }
  }

  /** Of an acknowledgement, milliseconds. */
  get #returnMs(): number {
    const { delay } = this.#settings.conditions();
    return delay === undefined ? 0 : meanMsOf(delay);
  }

  /** What was acknowledged by now leaves the window, and losses that were noticed reduce it. */
  #acknowledge(nowMs: number): void {
    const returnMs = this.#returnMs;
    const wasFull = this.#backlog.length > 1 || this.#flying.length >= this.#window.segments;
    for (const segment of this.#flying) {
      const ackedAtMs = segment.arrivesAtMs + returnMs;
      if (segment.noticedAtMs <= nowMs) {
        this.#window.lost(segment.sentAtMs, segment.noticedAtMs, segment.isTimeout);
        segment.noticedAtMs = Number.POSITIVE_INFINITY;
      }
      if (ackedAtMs > nowMs) continue;
      // Karn's algorithm: of a repeated segment it is not known which one was acknowledged.
      if (segment.losses === 0) this.#roundTrip.measured(ackedAtMs - segment.startsAtMs);
      if (wasFull) this.#window.acknowledged(ackedAtMs);
    }
    this.#flying = this.#flying.filter(({ arrivesAtMs }) => arrivesAtMs + returnMs > nowMs);
  }

  #sleep(nowMs: number): void {
    let atMs = this.#undelivered[0]?.arrivesAtMs ?? Number.POSITIVE_INFINITY;
    if (this.#blockedUntilMs > nowMs) atMs = Math.min(atMs, this.#blockedUntilMs);
    else if (this.#backlog.length > 0) {
      const returnMs = this.#returnMs;
      for (const { arrivesAtMs, noticedAtMs } of this.#flying)
        atMs = Math.min(atMs, arrivesAtMs + returnMs, noticedAtMs);
    }
    if (atMs >= this.#wakesAtMs || atMs === Number.POSITIVE_INFINITY) return;
    this.#wakesAtMs = atMs;
    this.#settings.heap.add(atMs, this);
  }
}
