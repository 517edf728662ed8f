export type CountsByReason = Readonly<Record<string, number>>;

/** Adds up counts by reason. */
export class ReasonCounts {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    if (count > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  addAll(counts: Readonly<Partial<Record<string, number>>>): void {
    for (const [reason, count] of Object.entries(counts)) this.add(reason, count ?? 0);
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** The most frequent first. */
  counts(): CountsByReason {
    return Object.fromEntries([...this.#counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
  }
}
