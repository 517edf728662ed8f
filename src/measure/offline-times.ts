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

  /** @param fromMs @param untilMs not part of it; both epoch milliseconds */
  shareOf(device: number, fromMs: number, untilMs: number): OfflineShare {
    const from = this.#numberOf(device, Math.floor(fromMs));
    const until = Math.max(from + 1, this.#numberOf(device, Math.ceil(untilMs)));
    const i = this.#stretchAt(from);
    const begin = this.#boundaries[i] ?? Number.POSITIVE_INFINITY;
    if (begin >= until) return 'none';
    return begin <= from && this.#boundaries[i + 1]! >= until ? 'all' : 'part';
  }

  /** When a device that is offline at an instant was subscribed again, or was last recorded to be offline; epoch milliseconds. */
  endOf(device: number, instantMs: number): number {
    const i = this.#stretchAt(this.#numberOf(device, Math.floor(instantMs)));
    return this.#originMs + this.#boundaries[i + 1]! - device * spanMs;
  }

  #numberOf(device: number, instantMs: number): number {
    return device * spanMs + Math.min(spanMs - 1, Math.max(0, instantMs - this.#originMs));
  }

  /** Where the first stretch begins that ends after a number. */
  #stretchAt(number: number): number {
    let low = 0;
    let high = this.#boundaries.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#boundaries[2 * middle + 1]! > number) high = middle;
      else low = middle + 1;
    }
    return 2 * low;
  }
}
