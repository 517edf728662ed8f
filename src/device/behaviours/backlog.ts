import type { DeviceTurns } from '../../plan/device-turns.ts';

/** The device has no waiting publish. */
export const nothingWaits = -1;

/**
 * Publishes that are due and could not be sent yet. A device's publishes follow from the first one, so that its backlog is
 * one number, the first that waits; the rest follows from how many are due over the slice. No queue, and no allocation
 * however long it gets.
 */
export class Backlog {
  readonly #turns: DeviceTurns;
  readonly #dueAt: (n: number) => number;
  /** By device: the first publish that waits, and when it was due, epoch milliseconds. */
  readonly #first: Float64Array;
  readonly #firstDueAt: Float64Array;
  /** Devices that wait, in no order, and where in that list each is. */
  readonly #waiting: Int32Array;
  readonly #place: Int32Array;
  #count = 0;

  /** @param dueAt when publish n is due, epoch milliseconds */
  constructor(devices: number, turns: DeviceTurns, dueAt: (n: number) => number) {
    this.#turns = turns;
    this.#dueAt = dueAt;
    this.#first = new Float64Array(devices).fill(nothingWaits);
    this.#firstDueAt = new Float64Array(devices);
    this.#waiting = new Int32Array(devices);
    this.#place = new Int32Array(devices);
  }

  /** How many devices wait. */
  get devicesWaiting(): number {
    return this.#count;
  }

  /** A device that waits, 0 ≤ i < `devicesWaiting`; removing one only moves those after it. */
  deviceAt(i: number): number {
    return this.#waiting[i]!;
  }

  /** The device's first publish that waits, or `nothingWaits`. */
  first(device: number): number {
    return this.#first[device]!;
  }

  /** When `first` was due, epoch milliseconds: kept, for a schedule may have to search for it. */
  firstDueAt(device: number): number {
    return this.#firstDueAt[device]!;
  }

  /**
   * The device begins to wait, with publish n; those after it wait too as they come due.
   * @param atMs when publish n was due, epoch milliseconds
   */
  begin(device: number, n: number, atMs: number): void {
    this.#first[device] = n;
    this.#firstDueAt[device] = atMs;
    this.#place[device] = this.#count;
    this.#waiting[this.#count++] = device;
  }

  /**
   * The first waiting publish was sent or dropped.
   * @param due publishes of the slice that are due so far
   * @returns the next that waits, or `nothingWaits`
   */
  advance(device: number, due: number): number {
    const next = this.#turns.nextOf(this.#first[device]!);
    if (next < due) {
      this.#first[device] = next;
      this.#firstDueAt[device] = this.#dueAt(next);
      return next;
    }
    this.end(device);
    return nothingWaits;
  }

  /** Nothing of the device waits any more. */
  end(device: number): void {
    this.#first[device] = nothingWaits;
    const place = this.#place[device]!;
    const moved = this.#waiting[--this.#count]!;
    this.#waiting[place] = moved;
    this.#place[moved] = place;
  }

  /** Publishes of the device that wait, with `due` of the slice due. */
  length(device: number, due: number): number {
    const first = this.#first[device]!;
    return first === nothingWaits ? 0 : this.#turns.countFrom(first, due);
  }
}
