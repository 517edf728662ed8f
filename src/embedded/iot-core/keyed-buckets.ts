import { TokenBucket } from './token-bucket.ts';

/** A per-second quota of each of many: of every client id, of every topic. Those that are idle take no memory. */
export class KeyedBuckets {
  readonly #ratePerSecond: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(ratePerSecond: number) {
    this.#ratePerSecond = ratePerSecond;
  }

  /** One bucket holds a second's worth, as AWS words these quotas: one a second, not one and another at once. */
  take(key: string, nowMs: number): boolean {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#ratePerSecond, 1);
      this.#buckets.set(key, bucket);
    }
    return bucket.take(nowMs);
  }

  /** Forgets those that are full again. */
  sweep(nowMs: number): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(key);
  }

  get size(): number {
    return this.#buckets.size;
  }
}
