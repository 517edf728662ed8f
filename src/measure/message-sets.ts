import { type EncodedIntervals, IntervalSet } from './interval-set.ts';

/** Messages of one run: by slice, the set of their numbers. */
export class MessageSets {
  readonly #bySlice = new Map<number, IntervalSet>();

  add(slice: number, n: number): void {
    this.#make(slice).add(n);
  }

  /**
   * @param most as of `IntervalSet.addEncoded`
   * @throws {CorruptMeasurementError}
   */
  addEncoded(slice: number, numbers: EncodedIntervals, most?: number): void {
    this.#make(slice).addEncoded(numbers, most);
  }

  addAll(other: MessageSets): void {
    for (const [slice, numbers] of other.#bySlice) this.#make(slice).addAll(numbers);
  }

  of(slice: number): IntervalSet {
    return this.#bySlice.get(slice) ?? new IntervalSet();
  }

  get count(): number {
    return [...this.#bySlice.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** Of slices with this number or a higher one. */
  from(slice: number): number {
    return [...this.#bySlice].reduce((sum, [number, { count }]) => sum + (number >= slice ? count : 0), 0);
  }

  /** Those that the other does not have. */
  without(other: MessageSets): MessageSets {
    const difference = new MessageSets();
    for (const [slice, numbers] of this.#bySlice) {
      difference.#bySlice.set(slice, numbers.without(other.of(slice)));
    }
    return difference;
  }

  encode(): Record<string, EncodedIntervals> {
    return Object.fromEntries([...this.#bySlice].map(([slice, numbers]) => [slice, numbers.encode()]));
  }

  #make(slice: number): IntervalSet {
    let numbers = this.#bySlice.get(slice);
    if (numbers === undefined) {
      numbers = new IntervalSet();
      this.#bySlice.set(slice, numbers);
    }
    return numbers;
  }
}
