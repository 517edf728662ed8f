import type { ScheduledStream } from '../../plan/streams.ts';

/**
 * The messages of several streams in the order in which they are due; those that are due at once in the order of their streams. It
 * goes forward only.
 */
export class DueOrder {
  readonly #streams: readonly ScheduledStream[];
  /** By stream: its next message, and when that is due, milliseconds after publishing begins; Infinity: it has no more. */
  readonly #next: Int32Array;
  readonly #offsets: Float64Array;
  /** Of all messages. */
  readonly count: number;
  /** The stream of the next message. */
  stream = 0;

  constructor(streams: readonly ScheduledStream[]) {
    this.#streams = streams;
    this.#next = new Int32Array(streams.length);
    this.#offsets = Float64Array.from(streams, (_, stream) => this.#offsetOf(stream));
    this.count = streams.reduce((sum, { messages }) => sum + messages, 0);
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
    this.#next[stream]!++;
    this.#offsets[stream] = this.#offsetOf(stream);
    this.#choose();
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
