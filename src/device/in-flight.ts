/** Of a publish that is not on the way. */
const none = -1;

/**
 * The publishes on the way, found by number and timed out in the order they were sent, with no object and no timer a
 * publish. Times lie in a table indexed by the number's low bits, which grows when two numbers on the way would share a
 * place; the order of sending lies in a ring.
 */
export class InFlight {
  /** By `n & mask`: which n the place holds, and when it was sent. */
  #numbers: Int32Array;
  #sentAtMs: Float64Array;
  /** A ring of numbers as they were sent; those answered since are skipped when they come to the front. */
  #order: Int32Array;
  #head = 0;
  #length = 0;
  #size = 0;

  /** @param capacity publishes on the way to make room for; a power of two */
  constructor(capacity = 1_024) {
    this.#numbers = new Int32Array(capacity).fill(none);
    this.#sentAtMs = new Float64Array(capacity);
    this.#order = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** @param n 0 … 2³¹−1, not on the way yet */
  add(n: number, sentAtMs: number): void {
    let place = n & (this.#numbers.length - 1);
    while (this.#numbers[place] !== none) {
      this.#growTable();
      place = n & (this.#numbers.length - 1);
    }
    this.#numbers[place] = n;
    this.#sentAtMs[place] = sentAtMs;
    if (this.#length === this.#order.length) this.#growOrder();
    this.#order[(this.#head + this.#length++) & (this.#order.length - 1)] = n;
    this.#size++;
  }

  /**
   * Takes n off the way.
   * @param n any: an answer to what never was sent may come to a number below 0
   * @returns when it was sent, or NaN if it is not on the way
   */
  take(n: number): number {
    const place = n & (this.#numbers.length - 1);
    if (n < 0 || this.#numbers[place] !== n) return Number.NaN;
    this.#numbers[place] = none;
    this.#size--;
    return this.#sentAtMs[place]!;
  }

  /** Takes off the way the next publish that was sent at or before `beforeMs`. @returns its number, or −1 */
  takeExpired(beforeMs: number): number {
    while (this.#length > 0) {
      const n = this.#order[this.#head]!;
      const place = n & (this.#numbers.length - 1);
      if (this.#numbers[place] === n) {
        if (this.#sentAtMs[place]! > beforeMs) return none;
        this.#numbers[place] = none;
        this.#size--;
        this.#dropFront();
        return n;
      }
      this.#dropFront();
    }
    return none;
  }

  #dropFront(): void {
    this.#head = (this.#head + 1) & (this.#order.length - 1);
    this.#length--;
  }

  #growTable(): void {
    const numbers = this.#numbers;
    const times = this.#sentAtMs;
    this.#numbers = new Int32Array(numbers.length * 2).fill(none);
    this.#sentAtMs = new Float64Array(numbers.length * 2);
    // Two numbers that were apart in the smaller table are apart in the larger.
    for (let i = 0; i < numbers.length; i++) {
      const n = numbers[i]!;
      if (n === none) continue;
      const place = n & (this.#numbers.length - 1);
      this.#numbers[place] = n;
      this.#sentAtMs[place] = times[i]!;
    }
  }

  #growOrder(): void {
    const order = new Int32Array(this.#order.length * 2);
    for (let i = 0; i < this.#length; i++) {
      order[i] = this.#order[(this.#head + i) & (this.#order.length - 1)]!;
    }
    this.#order = order;
    this.#head = 0;
  }
}
