/** Numbers that come due at instants, the earliest first: a binary heap. */
export class DueQueue {
  readonly #atMs: number[] = [];
  readonly #numbers: number[] = [];

  add(atMs: number, number: number): void {
    let place = this.#atMs.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#atMs[parent]! <= atMs) break;
      this.#put(place, this.#atMs[parent]!, this.#numbers[parent]!);
      place = parent;
    }
    this.#put(place, atMs, number);
  }

  /** Takes what is due before an instant; `take` may add more. */
  runUntil(untilMs: number, take: (number: number, atMs: number) => void): void {
    while (this.#atMs.length > 0 && this.#atMs[0]! < untilMs) {
      const [atMs, number] = [this.#atMs[0]!, this.#numbers[0]!];
      this.#removeFirst();
      take(number, atMs);
    }
  }

  #removeFirst(): void {
    const atMs = this.#atMs.pop()!;
    const number = this.#numbers.pop()!;
    const length = this.#atMs.length;
    if (length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#atMs[child + 1]! < this.#atMs[child]!) child++;
      if (this.#atMs[child]! >= atMs) break;
      this.#put(place, this.#atMs[child]!, this.#numbers[child]!);
      place = child;
    }
    this.#put(place, atMs, number);
  }

  #put(place: number, atMs: number, number: number): void {
    this.#atMs[place] = atMs;
    this.#numbers[place] = number;
  }
}
