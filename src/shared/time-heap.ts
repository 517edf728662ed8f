/** An item at its instant. */
export interface TimedItem<Item> {
  /** Milliseconds, of any clock. */
  readonly atMs: number;
  readonly item: Item;
}

interface Entry<Item> extends TimedItem<Item> {
  readonly order: number;
}

/** Items in the order of their instants; of one instant, in the order in which they were added. A binary heap. */
export class TimeHeap<Item> {
  readonly #entries: Entry<Item>[] = [];
  #order = 0;

  /** The earliest; undefined: there is none. */
  get first(): TimedItem<Item> | undefined {
    return this.#entries[0];
  }

  add(atMs: number, item: Item): void {
    const entry = { atMs, order: this.#order++, item };
    const heap = this.#entries;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  /** Removes the earliest. @returns it; undefined: there is none */
  takeFirst(): TimedItem<Item> | undefined {
    const heap = this.#entries;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

function isBefore<Item>(a: Entry<Item>, b: Entry<Item>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
