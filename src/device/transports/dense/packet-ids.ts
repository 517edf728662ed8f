/** Not of a packet in flight. */
export const unknownId = -1;

const lastId = 65_535;
const firstCapacity = 4;
/** Stands for the table of a connection that never had two identifiers in use; never written. */
const noTable: number[] = new Array(2).fill(0);

/**
 * Packet identifiers of one connection (2.2.1), each with a number that its answer is found by. Identifiers ascend, and one
 * is not used again before it was answered: what the slice has given up may still be answered, and that answer must not be
 * taken for another's.
 *
 * Nearly always the identifier that was taken last is the only one in use, and is kept apart. The table of the others holds
 * identifier and number in turns, at the identifier's low bits; an identifier whose place is taken is passed over. So the
 * table is as large as what is unanswered.
 */
export class PacketIds {
  #last = 0;
  /** What the last one was taken with; `unknownId`: it is no longer in use. */
  #lastValue = unknownId;
  #table = noTable;
  #mask = 0;
  /** How many are in the table. */
  #used = 0;

  /** @param value 0 or more, or below `unknownId` @returns 1 … 65,535; 0 where all are in use */
  take(value: number): number {
    if (this.#lastValue !== unknownId) {
      if (this.#used === lastId - 1) return 0;
      this.#putAside(this.#last, this.#lastValue);
    }
    let id = this.#last;
    do {
      id = id === lastId ? 1 : id + 1;
    } while (this.#table[(id & this.#mask) * 2] !== 0);
    this.#last = id;
    this.#lastValue = value;
    return id;
  }

  /** @returns what it was taken with; `unknownId` for one that is not in use */
  release(id: number): number {
    const value = this.valueOf(id);
    if (value === unknownId) return unknownId;
    if (id === this.#last) {
      this.#lastValue = unknownId;
    } else {
      this.#table[(id & this.#mask) * 2] = 0;
      this.#used--;
    }
    return value;
  }

  /** @returns what it was taken with; `unknownId` for one that is not in use */
  valueOf(id: number): number {
    if (id === this.#last) return this.#lastValue;
    const at = (id & this.#mask) * 2;
    return id === 0 || this.#table[at] !== id ? unknownId : this.#table[at + 1]!;
  }

  /** @param id one in use */
  setValue(id: number, value: number): void {
    if (id === this.#last) this.#lastValue = value;
    else this.#table[(id & this.#mask) * 2 + 1] = value;
  }

  /** Releases those with a value below `least`. */
  releaseBelow(least: number): void {
    const table = this.#table;
    if (this.#lastValue < least) this.#lastValue = unknownId;
    for (let at = 0; at < table.length; at += 2) {
      if (table[at] !== 0 && table[at + 1]! < least) this.release(table[at]!);
    }
  }

  /** The place of the last identifier is free: `take` passes over the others, and the table has not changed since, but for releases. */
  #putAside(id: number, value: number): void {
    if (this.#used * 2 >= this.#mask && this.#mask < lastId) this.#grow();
    const at = (id & this.#mask) * 2;
    this.#table[at] = id;
    this.#table[at + 1] = value;
    this.#used++;
  }

  #grow(): void {
    const table = this.#table;
    const capacity = Math.max(firstCapacity, table.length);
    this.#mask = capacity - 1;
    this.#table = new Array(capacity * 2).fill(0);
    for (let from = 0; from < table.length; from += 2) {
      if (table[from] === 0) continue;
      const to = (table[from]! & this.#mask) * 2;
      this.#table[to] = table[from]!;
      this.#table[to + 1] = table[from + 1]!;
    }
  }
}
