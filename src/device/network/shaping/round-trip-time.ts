import { firstTimeoutMs, leastVarianceMs } from '../../../plan/network/handshake.ts';

/** Linux's bound of the retransmission timeout. */
const mostTimeoutMs = 120_000;

/** A sender's estimate of the round trip: RFC 6298, with Linux's floor of 200 ms under the variance. Milliseconds. */
export class RoundTripTime {
  #smoothedMs: number | undefined;
  #varianceMs = 0;

  measured(ms: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = ms;
      this.#varianceMs = ms / 2;
      return;
    }
    this.#varianceMs += (Math.abs(ms - this.#smoothedMs) - this.#varianceMs) / 4;
    this.#smoothedMs += (ms - this.#smoothedMs) / 8;
  }

  get smoothedMs(): number {
    return this.#smoothedMs ?? 0;
  }

  get timeoutMs(): number {
    if (this.#smoothedMs === undefined) return firstTimeoutMs;
    return Math.min(mostTimeoutMs, this.#smoothedMs + Math.max(leastVarianceMs, 4 * this.#varianceMs));
  }

  /**
   * From the sending of a segment to its k-th retransmission (from 1): the first two, a tail loss probe (RFC 8985) and the timeout
   * itself, come after one timeout each, the others after twice the time before them.
   */
  retransmissionMs(k: number): number {
    return Math.min(this.timeoutMs * 2 ** (k - 1), mostTimeoutMs * k);
  }
}
