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

  /** Takes one token. @returns false when there is none: the request is throttled */
  take(nowMs: number): boolean {
    if (nowMs > this.#filledAtMs) {
      this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#filledAtMs) * this.#perMs);
      this.#filledAtMs = nowMs;
    }
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
