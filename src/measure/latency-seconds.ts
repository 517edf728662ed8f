import {
  addBuckets,
  type EncodedBuckets,
  encodeBuckets,
  latencyBucketOf,
  latencyBuckets,
  mergeBuckets,
} from './latency-buckets.ts';

/** Counts by epoch second, JSON-safe; only seconds with samples. */
export type EncodedLatencySeconds = Readonly<Record<string, EncodedBuckets>>;

/** To be open by the second in which messages were due: as long as some may be unanswered, or in flight. */
export const openDueSeconds = 32;

/**
 * Latencies by the second they belong to, as they come: nearly always that of the sample before. Costs a few
 * nanoseconds a sample, and memory only for buckets that have samples.
 */
export class LatencySeconds {
  readonly #maxOpen: number;
  readonly #open = new Map<number, Uint32Array>();
  readonly #closed = new Map<number, EncodedBuckets>();
  #second = Number.NaN;
  #counts: Uint32Array = new Uint32Array(0);

  /** @param maxOpen seconds that may have their whole row of buckets in memory; the rest are kept as they will be stored */
  constructor(maxOpen = 4) {
    this.#maxOpen = maxOpen;
  }

  /** @param atMs epoch milliseconds: the instant it belongs to */
  record(atMs: number, latencyMs: number): void {
    const second = Math.floor(atMs / 1_000);
    if (second !== this.#second) this.#turnTo(second);
    const bucket = latencyBucketOf(latencyMs);
    this.#counts[bucket] = this.#counts[bucket]! + 1;
  }

  encode(): EncodedLatencySeconds {
    const encoded: Record<string, EncodedBuckets> = Object.fromEntries(this.#closed);
    for (const [second, counts] of this.#open) encoded[second] = encodeBuckets(counts);
    return encoded;
  }

  #turnTo(second: number): void {
    let counts = this.#open.get(second);
    if (counts === undefined) {
      counts = new Uint32Array(latencyBuckets);
      addBuckets(counts, this.#closed.get(second) ?? []);
      this.#closed.delete(second);
      if (this.#open.size >= this.#maxOpen) this.#closeEarliest();
      this.#open.set(second, counts);
    }
    this.#second = second;
    this.#counts = counts;
  }

  #closeEarliest(): void {
    const earliest = Math.min(...this.#open.keys());
    this.#closed.set(earliest, encodeBuckets(this.#open.get(earliest)!));
    this.#open.delete(earliest);
  }
}

/** The sums of lists by second, as they will be stored: memory only for buckets that have samples. */
export class MergedLatencySeconds {
  readonly #seconds = new Map<string, EncodedBuckets>();

  add(encoded: EncodedLatencySeconds): void {
    for (const [second, buckets] of Object.entries(encoded))
      this.#seconds.set(second, mergeBuckets(this.#seconds.get(second) ?? [], buckets));
  }

  get isEmpty(): boolean {
    return this.#seconds.size === 0;
  }

  encode(): EncodedLatencySeconds {
    return Object.fromEntries(this.#seconds);
  }
}
