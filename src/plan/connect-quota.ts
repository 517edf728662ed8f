/** A quota of connects a second as a token bucket that holds a second's worth, at least one, and begins full. */
export class ConnectQuota {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #filledAtMs: number;

  /** @param nowMs epoch milliseconds */
  constructor(perSecond: number, nowMs: number) {
    this.#perMs = perSecond / 1_000;
    this.#capacity = Math.max(1, perSecond);
    this.#tokens = this.#capacity;
    this.#filledAtMs = nowMs;
  }

  /** @param nowMs never before that of the last call @returns false: refused */
  take(nowMs: number): boolean {
    const refill = (nowMs - this.#filledAtMs) * this.#perMs;
    this.#tokens = Math.min(this.#capacity, this.#tokens + refill);
    this.#filledAtMs = nowMs;
    // A token that is whole but for the rounding of its parts is one.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens -= 1;
    return true;
  }
}
