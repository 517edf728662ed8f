import { CorruptMeasurementError } from './corrupt-measurement.ts';
import { type EncodedIntervals, IntervalSet } from './interval-set.ts';

/** Times that one device may connect in a run, far above what a run lasts for: what is stored beyond is not believed. */
const mostOccurrences = 100_000;

/**
 * How often something happened at each device: set k holds the devices at which it happened more than k times. Where each device connects once that
 * is one interval, however many devices there are.
 */
export class OccurrenceSets {
  readonly #sets: IntervalSet[] = [];
  #count = 0;

  /** All of them together. */
  get count(): number {
    return this.#count;
  }

  add(device: number): void {
    let k = 0;
    while (this.#sets[k]?.has(device) === true) k++;
    this.#sets[k] ??= new IntervalSet();
    this.#sets[k]!.add(device);
    this.#count++;
  }

  /** By k. */
  encode(): readonly EncodedIntervals[] {
    return this.#sets.map((set) => set.encode());
  }

  /** What another part of the run has counted, of devices of its own. @throws {CorruptMeasurementError} */
  addEncoded(sets: readonly EncodedIntervals[], devices: number): void {
    if (sets.length > mostOccurrences) throw new CorruptMeasurementError('A count of connects');
    for (const [k, encoded] of sets.entries()) {
      const set = this.#sets[k] ?? new IntervalSet();
      this.#sets[k] = set;
      const before = set.count;
      set.addEncoded(encoded, devices);
      this.#count += set.count - before;
    }
  }

  /** How many happened at devices of a range, and did not happen there in the other. */
  countWithout(other: OccurrenceSets, { first, end }: DeviceIndexes): number {
    return this.#sets.reduce((sum, set, k) => {
      const theirs = other.#sets[k];
      const missing = theirs === undefined ? set : set.without(theirs);
      return sum + missing.between(first, end).count;
    }, 0);
  }

  countWithin({ first, end }: DeviceIndexes): number {
    return this.#sets.reduce((sum, set) => sum + set.between(first, end).count, 0);
  }
}

/** Devices `first` … `end` − 1 of the run. */
export interface DeviceIndexes {
  readonly first: number;
  readonly end: number;
}
