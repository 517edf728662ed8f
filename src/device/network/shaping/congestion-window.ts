/** RFC 6928. */
const initialWindow = 10;
const mostSegments = 4_096;
/** RFC 9438: what is left of the window after a loss, the growth of the cubic, and of a sender that shares with Reno. */
const beta = 0.7;
const cubic = 0.4;
const friendlyGrowth = (3 * (1 - beta)) / (1 + beta);

/**
 * How many segments a TCP sender may have in flight: CUBIC (RFC 9438), the default of Linux, macOS and Windows, without its hybrid
 * slow start.
 */
export class CongestionWindow {
  #segments = initialWindow;
  #threshold = Number.POSITIVE_INFINITY;
  /** Before the last loss, and when that was noticed, milliseconds. */
  #most = 0;
  #reducedAtMs = Number.NEGATIVE_INFINITY;

  get segments(): number {
    return Math.max(1, Math.floor(this.#segments));
  }

  /** A segment was acknowledged while the window was full. */
  acknowledged(atMs: number): void {
    if (this.#segments < this.#threshold) this.#segments += 1;
    else this.#segments += this.#growth(atMs);
    this.#segments = Math.min(this.#segments, mostSegments);
  }

  /** Of one acknowledgement in congestion avoidance. */
  #growth(atMs: number): number {
    const seconds = (atMs - this.#reducedAtMs) / 1_000;
    const middle = Math.cbrt((this.#most * (1 - beta)) / cubic);
    const target = cubic * (seconds - middle) ** 3 + this.#most;
    const ofCubic = Math.min(Math.max(target - this.#segments, 0), this.#segments / 2);
    return Math.max(ofCubic, friendlyGrowth) / this.#segments;
  }

  /**
   * A loss was noticed.
   * @param sentAtMs of the lost segment: one reduction covers all that were sent before it
   * @param isTimeout nothing that was sent later has been acknowledged
   */
  lost(sentAtMs: number, noticedAtMs: number, isTimeout: boolean): void {
    if (sentAtMs < this.#reducedAtMs) return;
    this.#most = this.#segments < this.#most ? (this.#segments * (1 + beta)) / 2 : this.#segments;
    this.#threshold = Math.max(2, this.#segments * beta);
    this.#segments = isTimeout ? 1 : this.#threshold;
    this.#reducedAtMs = noticedAtMs;
  }

  /** RFC 5681, 4.1: after an idle time the window begins as that of a new connection, at most. */
  idle(): void {
    this.#segments = Math.min(this.#segments, initialWindow);
  }
}
