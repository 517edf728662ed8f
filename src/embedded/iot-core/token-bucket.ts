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
