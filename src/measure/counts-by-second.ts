import { encodeBuckets } from './latency-buckets.ts';

/** Counts by whole second, wherever they lie; memory only for seconds that were counted. */
export class CountsBySecond {
  readonly #counts = new Map<number, number>();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  /** Epoch seconds; 0 where nothing was counted. */
  get startSecond(): number {
    return this.#counts.size === 0 ? 0 : this.#first;
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Without what was counted last; 0 where nothing was. */
  get endSecond(): number {
    return this.isEmpty ? 0 : this.#last + 1;
  }

  /** Seconds from the first to the last, with `seconds` more from `startSecond` on. */
  spanWith(startSecond: number, seconds: number): number {
    if (seconds === 0) return this.endSecond - this.startSecond;
    return Math.max(this.#last + 1, startSecond + seconds) - Math.min(this.#first, startSecond);
  }

  /** @param startSecond of the first count, epoch seconds */
  add(startSecond: number, counts: readonly number[]): void {
    if (counts.length === 0) return;
    for (const [i, count] of counts.entries())
      this.#counts.set(startSecond + i, (this.#counts.get(startSecond + i) ?? 0) + count);
    this.#first = Math.min(this.#first, startSecond);
    this.#last = Math.max(this.#last, startSecond + counts.length - 1);
  }

  /** @param from epoch seconds @param to the same, not included */
  list(from: number = this.startSecond, to: number = this.endSecond): number[] {
    return Array.from({ length: to - from }, (_, i) => this.#counts.get(from + i) ?? 0);
  }
}

/** Several counts by the same seconds. */
export class CountLists<Name extends string> {
  readonly #lists = new Map<Name, CountsBySecond>();

  get isEmpty(): boolean {
    return [...this.#lists.values()].every((counts) => counts.isEmpty);
  }

  /** @param startSecond of the first count, epoch seconds @param counts undefined: they are not counted */
  add(name: Name, startSecond: number, counts: readonly number[] | undefined): void {
    if (counts === undefined) return;
    const list = this.#lists.get(name) ?? new CountsBySecond();
    this.#lists.set(name, list);
    list.add(startSecond, counts);
  }

  /** As of `CountsBySecond`, over all of them. */
  spanWith(startSecond: number, seconds: number): number {
    const { from, to } = this.#span();
    if (seconds === 0 || from === to) return Math.max(seconds, to - from);
    return Math.max(to, startSecond + seconds) - Math.min(from, startSecond);
  }

  #span(): { readonly from: number; readonly to: number } {
    const counted = [...this.#lists.values()].filter(({ isEmpty }) => !isEmpty);
    if (counted.length === 0) return { from: 0, to: 0 };
    return {
      from: Math.min(...counted.map(({ startSecond }) => startSecond)),
      to: Math.max(...counted.map(({ endSecond }) => endSecond)),
    };
  }

  /** Those that are counted, from the first second of any of them to the last. */
  lists(): { readonly startSecond: number } & Readonly<Partial<Record<Name, readonly number[]>>> {
    const { from, to } = this.#span();
    return {
      startSecond: from,
      ...(Object.fromEntries(
        [...this.#lists].map(([name, counts]) => [name, counts.list(from, to)]),
      ) as unknown as Partial<Record<Name, readonly number[]>>),
    };
  }

  /** Seconds since `from` to skip, then a count, and so on. @param from epoch seconds, none was counted before */
  encoded(name: Name, from: number): number[] {
    const counts = this.#lists.get(name);
    return counts === undefined || counts.isEmpty ? [] : [...encodeBuckets(counts.list(from))];
  }
}
