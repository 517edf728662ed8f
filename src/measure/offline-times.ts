import { CorruptMeasurementError } from './corrupt-measurement.ts';
import type { EncodedIntervals } from './interval-set.ts';

/** Longer than any run, milliseconds: instants of a device have lower numbers than those of the next one. */
const spanMs = 2 ** 32;

/** Notes when clients of a slice were not subscribed: their numbers are device · 2³² + whole milliseconds since an origin. */
export class OfflineTimesRecord {
  readonly #originMs: number;
  /** By device: begin, end, begin, end …, ascending. */
  readonly #stretches: readonly number[][];

  /** @param devices of the slice @param originMs epoch milliseconds; nothing is earlier */
  constructor(devices: number, originMs: number) {
    this.#originMs = originMs;
    this.#stretches = Array.from({ length: devices }, () => []);
  }

  /** A stretch that begins before the device's last one ended goes on with that. */
  add(device: number, fromMs: number, untilMs: number): void {
    const stretches = this.#stretches[device]!;
    const from = Math.max(0, Math.floor(fromMs - this.#originMs));
    const until = Math.floor(untilMs - this.#originMs);
    const last = stretches.at(-1) ?? -1;
    if (until <= Math.max(from, last)) return;
    if (from <= last) stretches[stretches.length - 1] = until;
    else stretches.push(from, until);
  }

  encode(): EncodedIntervals {
    const encoded: number[] = [];
    let end = 0;
    for (const [device, stretches] of this.#stretches.entries())
      for (const each of stretches) {
        const boundary = device * spanMs + each;
        encoded.push(boundary - end);
        end = boundary;
      }
    return encoded;
  }
}

/** How much of an interval of time a device was offline for. */
export type OfflineShare = 'all' | 'part' | 'none';

/** Looks up stored offline times. */
export class OfflineTimes {
  readonly #originMs: number;
  /** Begin, end, begin, end …, ascending. */
  readonly #boundaries: Float64Array;

  /** @param originMs as they were recorded @throws {CorruptMeasurementError} unless they are intervals of so many devices */
  constructor(encoded: EncodedIntervals, devices: number, originMs: number) {
    this.#originMs = originMs;
    this.#boundaries = new Float64Array(encoded.length);
    let end = 0;
    for (const [i, length] of encoded.entries()) {
      const isValid = Number.isInteger(length) && (length > 0 || (i === 0 && length === 0));
      end += length;
      if (!isValid || end >= devices * spanMs) throw new CorruptMeasurementError('Times of offline devices');
      this.#boundaries[i] = end;
    }
    if (encoded.length % 2 === 1) throw new CorruptMeasurementError('Times of offline devices');
  }

  /** Whether no device was offline from an instant on, epoch milliseconds. */
  areOverBy(instantMs: number): boolean {
    return this.#boundaries.every((end, i) => i % 2 === 0 || end % spanMs <= instantMs - this.#originMs);
  }

  /** Looks up device after device. Those that come in ascending order take a few steps each, however many there are. */
  search(): OfflineSearch {
    return new OfflineSearch(this, this.#originMs, this.#boundaries.length / 2);
  }

  /** Where stretch i ÷ 2 begins, or, of an odd i, ends: device · 2³² + milliseconds since the origin. */
  boundaryAt(i: number): number {
    return this.#boundaries[i] ?? Number.POSITIVE_INFINITY;
  }
}

/** A place in stored offline times, from which the next device is looked up. */
export class OfflineSearch {
  readonly #times: OfflineTimes;
  readonly #originMs: number;
  readonly #stretches: number;
  /** The first stretch that ends after the number that was looked up last. */
  #stretch = 0;
  #lookedUp = Number.NEGATIVE_INFINITY;

  constructor(times: OfflineTimes, originMs: number, stretches: number) {
    this.#times = times;
    this.#originMs = originMs;
    this.#stretches = stretches;
  }

  /** @param fromMs @param untilMs not part of it; both epoch milliseconds */
  shareOf(device: number, fromMs: number, untilMs: number): OfflineShare {
    const from = this.#numberOf(device, Math.floor(fromMs));
    const until = Math.max(from + 1, this.#numberOf(device, Math.ceil(untilMs)));
    this.#goTo(from);
    const begin = this.#times.boundaryAt(2 * this.#stretch);
    if (begin >= until) return 'none';
    return begin <= from && this.#times.boundaryAt(2 * this.#stretch + 1) >= until ? 'all' : 'part';
  }

  /** When a device that is offline at an instant was subscribed again, or was last recorded to be offline; epoch milliseconds. */
  endOf(device: number, instantMs: number): number {
    this.#goTo(this.#numberOf(device, Math.floor(instantMs)));
    return this.#originMs + this.#times.boundaryAt(2 * this.#stretch + 1) - device * spanMs;
  }

  /** Visits those of the devices first … first + count − 1 that were offline for all or a part of an interval, ascending. */
  forEachOffline(
    { first, count }: { readonly first: number; readonly count: number },
    [fromMs, untilMs]: readonly [fromMs: number, untilMs: number],
    visit: (device: number, share: Exclude<OfflineShare, 'none'>) => void,
  ): void {
    for (let device = first; device < first + count; device++) {
      const share = this.shareOf(device, fromMs, untilMs);
      if (share !== 'none') visit(device, share);
      else {
        const next = Math.floor(this.#times.boundaryAt(2 * this.#stretch) / spanMs);
        device = Math.max(device, next - 1);
      }
    }
  }

  #numberOf(device: number, instantMs: number): number {
    return device * spanMs + Math.min(spanMs - 1, Math.max(0, instantMs - this.#originMs));
  }

  /** Goes on by steps that double until they are too long, and halves the last one: the further, the more steps, as log₂. */
  #goTo(number: number): void {
    let low = number >= this.#lookedUp ? this.#stretch : 0;
    let length = 1;
    while (low + length <= this.#stretches && !this.#endsAfter(low + length - 1, number)) {
      low += length;
      length *= 2;
    }
    let high = Math.min(this.#stretches, low + length - 1);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#endsAfter(middle, number)) high = middle;
      else low = middle + 1;
    }
    this.#stretch = low;
    this.#lookedUp = number;
  }

  #endsAfter(stretch: number, number: number): boolean {
    return this.#times.boundaryAt(2 * stretch + 1) > number;
  }
}
