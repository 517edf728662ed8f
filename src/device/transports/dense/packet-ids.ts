/** Not of a packet in flight. */
export const unknownId = -1;

const lastId = 65_535;
const firstCapacity = 4;

/**
 * Packet identifiers of one connection (2.2.1), each with a number that its answer is found by. Identifiers ascend, and one
 * is not used again before it was answered: what the slice has given up may still be answered, and that answer must not be
 * taken for another's. The table holds identifier and number in turns, at the identifier's low bits; an identifier
 * whose place is taken is passed over. So the table is as large as what is unanswered: 100 bytes for up to two at once.
 */
export class PacketIds {
  #table: number[] = new Array(firstCapacity * 2).fill(0);
  #mask = firstCapacity - 1;
  #last = 0;
  #used = 0;

  /** @returns 1 … 65,535; 0 where all are in use */
  take(value: number): number {
    if (this.#used * 2 > this.#mask && this.#mask < lastId) this.#grow();
    if (this.#used === lastId) return 0;
    let id = this.#last;
    do {
      id = id === lastId ? 1 : id + 1;
    } while (this.#table[(id & this.#mask) * 2] !== 0);
    const at = (id & this.#mask) * 2;
    this.#table[at] = id;
    this.#table[at + 1] = value;
    this.#last = id;
    this.#used++;
    return id;
  }

  /** @returns what it was taken with; `unknownId` for one that is not in use */
  release(id: number): number {
    const at = (id & this.#mask) * 2;
    if (id === 0 || this.#table[at] !== id) return unknownId;
    this.#table[at] = 0;
    this.#used--;
    return this.#table[at + 1]!;
  }

  /** @returns what it was taken with; `unknownId` for one that is not in use */
  valueOf(id: number): number {
    const at = (id & this.#mask) * 2;
    return id === 0 || this.#table[at] !== id ? unknownId : this.#table[at + 1]!;
  }

  /** @param id one in use */
  setValue(id: number, value: number): void {
    this.#table[(id & this.#mask) * 2 + 1] = value;
  }

  /** Releases those with a value below `least`. */
  releaseBelow(least: number): void {
    const table = this.#table;
    for (let at = 0; at < table.length; at += 2) {
      if (table[at] !== 0 && table[at + 1]! < least) this.release(table[at]!);
    }
  }

  #grow(): void {
    const table = this.#table;
    this.#mask = this.#mask * 2 + 1;
    this.#table = new Array(table.length * 2).fill(0);
    for (let from = 0; from < table.length; from += 2) {
      if (table[from] === 0) continue;
      const to = (table[from]! & this.#mask) * 2;
      this.#table[to] = table[from]!;
      this.#table[to + 1] = table[from + 1]!;
    }
  }
}
