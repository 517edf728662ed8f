/** Which user is due next: a heap of users by their instants, at most one entry each. Of one instant, the lower number is first. */
export class UserQueue {
  readonly #heap: Int32Array;
  readonly #atMs: Float64Array;
  #size = 0;

  constructor(users: number) {
    this.#heap = new Int32Array(users);
    this.#atMs = new Float64Array(users);
  }

  /** When the first user is due; Infinity where none is. */
  get firstAtMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#atMs[this.#heap[0]!]!;
  }

  /** When a user was put in for. */
  atMs(user: number): number {
    return this.#atMs[user]!;
  }

  /** @param user not in the queue */
  add(user: number, atMs: number): void {
    this.#atMs[user] = atMs;
    const heap = this.#heap;
    let i = this.#size++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(user, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = user;
  }

  /** The first user, who leaves the queue. There must be one. */
  take(): number {
    const heap = this.#heap;
    const first = heap[0]!;
    const size = --this.#size;
    const moved = heap[size]!;
    let i = 0;
    for (let child = 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, moved)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = moved;
    return first;
  }

  clear(): void {
    this.#size = 0;
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#atMs[a]! - this.#atMs[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }
}
