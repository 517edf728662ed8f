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
  /** By device. */
  readonly #first: Int32Array;
  /** Devices that wait, in no order, and where in that list each is. */
  readonly #waiting: Int32Array;
  readonly #place: Int32Array;
  #count = 0;

  constructor(devices: number, turns: DeviceTurns) {
    this.#turns = turns;
    this.#first = new Int32Array(devices).fill(nothingWaits);
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

  /** The device begins to wait, with publish n; those after it wait too as they come due. */
  begin(device: number, n: number): void {
    this.#first[device] = n;
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
      return next;
    }
    this.#first[device] = nothingWaits;
    const place = this.#place[device]!;
    const moved = this.#waiting[--this.#count]!;
    this.#waiting[place] = moved;
    this.#place[moved] = place;
    return nothingWaits;
  }

  /** Publishes of the device that wait, with `due` of the slice due. */
  length(device: number, due: number): number {
    const first = this.#first[device]!;
    return first === nothingWaits ? 0 : this.#turns.countFrom(first, due);
  }
}
