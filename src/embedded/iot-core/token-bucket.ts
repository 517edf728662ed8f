/**
 * A per-second quota. Tokens drip in at the quota's rate up to a burst, so that over any interval of T seconds at most
 * `ratePerSecond · (T + burstSeconds)` are granted, and a load of exactly the rate is never refused for its jitter: a
 * window of whole seconds would refuse a message that is a millisecond early.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #filledAtMs = Number.NEGATIVE_INFINITY;

  /** Begins full. @param burstSeconds seconds of the rate that an idle bucket holds; at least one token */
  constructor(ratePerSecond: number, burstSeconds: number) {
    this.#perMs = ratePerSecond / 1000;
    this.#capacity = Math.max(1, ratePerSecond * burstSeconds);
    this.#tokens = this.#capacity;
  }

  /** Takes the tokens, or none of them. @returns false when there are too few: the request is throttled */
  take(nowMs: number, tokens = 1): boolean {
    if (nowMs > this.#filledAtMs) this.#fill(nowMs);
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** Takes the tokens even below zero. @returns milliseconds until the bucket is back at zero */
  spend(nowMs: number, tokens: number): number {
    if (nowMs > this.#filledAtMs) this.#fill(nowMs);
    this.#tokens -= tokens;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs);
  }

  /** Whether it could not hold more: a full bucket may be forgotten and made anew. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#tokens === this.#capacity;
  }

  #fill(nowMs: number): void {
    if (nowMs <= this.#filledAtMs) return;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#filledAtMs) * this.#perMs);
    this.#filledAtMs = nowMs;
  }
}

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
