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
  /** Of all messages: those before the next one, and those that follow. */
  count: number;
  /** The stream of the next message. */
  stream = 0;

  constructor(streams: readonly ScheduledStream[]) {
    this.#streams = streams;
    this.#next = new Int32Array(streams.length);
    this.#offsets = Float64Array.from(streams, (_, stream) => this.#offsetOf(stream));
    this.count = this.#countAll();
    this.#choose();
  }

  /** Schedules of streams were amended: there may be other numbers of messages, and the next ones may be due at other instants. */
  amended(): void {
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
    this.#next[stream]!++;
    this.#offsets[stream] = this.#offsetOf(stream);
    this.#choose();
  }

  #countAll(): number {
    return this.#streams.reduce(
      (sum, { messages }, stream) => sum + Math.max(messages, this.#next[stream]!),
      0,
    );
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
