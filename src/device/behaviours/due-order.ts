import type { HeldMessages } from '../../plan/held-messages.ts';
import type { ScheduledStream } from '../../plan/streams.ts';
import type { HeldStream } from '../held-stream.ts';

/** A stream, or the part of one that a leg sends. */
export type DueStream = ScheduledStream & Partial<Pick<HeldStream, 'held'>>;

/** The first of the messages from n on that is held; past the last one: there is none. */
function nextHeld(held: HeldMessages, n: number): number {
  let next = Math.max(n, held.first);
  while (next < held.end && !held.has(next)) next++;
  return next;
}

/**
 * The messages of several streams in the order in which they are due; those that are due at once in the order of their streams. It
 * goes forward only.
 */
export class DueOrder {
  readonly #streams: readonly DueStream[];
  /** By stream: its next message, and when that is due, milliseconds after publishing begins; Infinity: it has no more. */
  readonly #next: Float64Array;
  readonly #offsets: Float64Array;
  /** By stream: how many of its messages were before the next one, and the number after the last of them. */
  readonly #passed: Float64Array;
  readonly #after: Float64Array;
  /** Of all messages: those before the next one, and those that follow. */
  count: number;
  /** The stream of the next message. */
  stream = 0;

  constructor(streams: readonly DueStream[]) {
    this.#streams = streams;
    this.#passed = new Float64Array(streams.length);
    this.#after = new Float64Array(streams.length);
    this.#next = Float64Array.from(streams, ({ held }) => (held === undefined ? 0 : nextHeld(held, 0)));
    this.#offsets = Float64Array.from(streams, (_, stream) => this.#offsetOf(stream));
    this.count = this.#countAll();
    this.#choose();
  }

  /** Schedules of streams were amended: there may be other numbers of messages, and the next ones may be due at other instants. */
  amended(): void {
    for (const [stream, { held }] of this.#streams.entries())
      if (held !== undefined) this.#next[stream] = nextHeld(held, this.#after[stream]!);
    this.count = this.#countAll();
    for (const stream of this.#streams.keys()) this.#offsets[stream] = this.#offsetOf(stream);
    this.#choose();
  }

  /** Number of the next message in its stream. */
  get n(): number {
    return this.#next[this.stream]!;
  }

  get offsetMs(): number {
    return this.#offsets[this.stream]!;
  }

  /** On to the message after the next one. */
  advance(): void {
    const { stream } = this;
    const { held } = this.#streams[stream]!;
    this.#passed[stream]!++;
    this.#next[stream]!++;
    if (held !== undefined) {
      this.#after[stream] = this.#next[stream]!;
      this.#next[stream] = nextHeld(held, this.#after[stream]!);
    }
    this.#offsets[stream] = this.#offsetOf(stream);
    this.#choose();
  }

  #countAll(): number {
    return this.#streams.reduce((sum, { messages, held }, stream) => {
      const next = this.#next[stream]!;
      const left = held === undefined ? messages - next : held.countBefore(held.end) - held.countBefore(next);
      return sum + this.#passed[stream]! + Math.max(0, left);
    }, 0);
  }

  #offsetOf(stream: number): number {
    const { messages, offsetMs } = this.#streams[stream]!;
    const n = this.#next[stream]!;
    return n < messages ? offsetMs(n) : Number.POSITIVE_INFINITY;
  }

  #choose(): void {
    const offsets = this.#offsets;
    if (offsets.length === 1) return;
    let first = 0;
    for (let stream = 1; stream < offsets.length; stream++) {
      if (offsets[stream]! < offsets[first]!) first = stream;
    }
    this.stream = first;
  }
}
