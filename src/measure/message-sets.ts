import { type EncodedIntervals, IntervalSet } from './interval-set.ts';
import { formatStreamKey, type StreamId, streamAt, streamIndexOf } from './stream-key.ts';

/** Messages of one run: by stream, the set of their numbers. */
export class MessageSets {
  /** By `streamIndexOf`. */
  readonly #byStream = new Map<number, IntervalSet>();

  /** @returns whether it is new */
  add(stream: StreamId, n: number): boolean {
    return this.#make(streamIndexOf(stream)).add(n);
  }

  /**
   * @param most as of `IntervalSet.addEncoded`
   * @throws {CorruptMeasurementError}
   */
  addEncoded(stream: StreamId, numbers: EncodedIntervals, most?: number): void {
    this.#make(streamIndexOf(stream)).addEncoded(numbers, most);
  }

  addAll(other: MessageSets): void {
    for (const [index, numbers] of other.#byStream) this.#make(index).addAll(numbers);
  }

  of(stream: StreamId): IntervalSet {
    return this.#byStream.get(streamIndexOf(stream)) ?? new IntervalSet();
  }

  get count(): number {
    return this.countWhere(() => true);
  }

  /** Messages of the streams that a test selects. */
  countWhere(selects: (stream: StreamId) => boolean): number {
    return [...this.#byStream].reduce(
      (sum, [index, { count }]) => sum + (selects(streamAt(index)) ? count : 0),
      0,
    );
  }

  /** Those that the other does not have. */
  without(other: MessageSets): MessageSets {
    return this.withoutEach((stream) => other.of(stream));
  }

  /** Those that are in no set that a function gives, by stream. */
  withoutEach(of: (stream: StreamId) => IntervalSet): MessageSets {
    const difference = new MessageSets();
    for (const [index, numbers] of this.#byStream) {
      difference.#byStream.set(index, numbers.without(of(streamAt(index))));
    }
    return difference;
  }

  /** By stream key. */
  encode(): Record<string, EncodedIntervals> {
    return Object.fromEntries(
      [...this.#byStream].map(([index, numbers]) => [formatStreamKey(streamAt(index)), numbers.encode()]),
    );
  }

  #make(index: number): IntervalSet {
    let numbers = this.#byStream.get(index);
    if (numbers === undefined) {
      numbers = new IntervalSet();
      this.#byStream.set(index, numbers);
    }
    return numbers;
  }
}
