/**
 * When a slice stores what it has measured so far: first as soon as all its devices are connected, or have had their turn to
 * be, so that little is unknown of a slice that dies early; then at regular intervals.
 */
export class CheckpointTimer {
  readonly #everyMs: number;
  /** Epoch milliseconds; undefined once the first one was due. */
  #firstAt: number | undefined;
  #nextAt: number;

  /**
   * @param readyAt epoch milliseconds: the slice began
   * @param turnsOverAt epoch milliseconds: all devices have had their turn to connect
   */
  constructor(readyAt: number, turnsOverAt: number, everyMs: number) {
    this.#everyMs = everyMs;
    this.#firstAt = turnsOverAt;
    this.#nextAt = readyAt + everyMs;
  }

  /** True once for each checkpoint. */
  isDue(nowMs: number, allConnected: boolean): boolean {
    if (this.#firstAt !== undefined && (allConnected || nowMs >= this.#firstAt)) {
      this.#firstAt = undefined;
      return true;
    }
    if (nowMs < this.#nextAt) return false;
    this.#nextAt += this.#everyMs;
    return true;
  }
}
