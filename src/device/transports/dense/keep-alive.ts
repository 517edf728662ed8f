interface KeepAliveTimes {
  readonly checkEveryMs: number;
  readonly pingTimeoutMs: number;
}

/** Keeps a quiet connection alive, and notices one that does not answer (3.1.2.10). All times are monotonic milliseconds. */
export class KeepAlive {
  #intervalMs = 0;
  /** In which tick something was last sent, as of the last check. */
  #sentTick = -1;
  #quietSince = 0;
  /** Since when a ping is unanswered; 0: none is. */
  #pingSince = 0;

  /** @param intervalMs 0 switches it off [MQTT-3.1.2-22] @param sentTick as of `check` */
  begin(nowMs: number, intervalMs: number, sentTick: number): void {
    this.#intervalMs = intervalMs;
    this.#quietSince = nowMs;
    this.#pingSince = 0;
    this.#sentTick = sentTick;
  }

  answered(): void {
    this.#pingSince = 0;
  }

  /**
   * To be called every `checkEveryMs`.
   * @param sentTick the tick in which something was last sent: to compare it here costs nothing a message
   * @returns what is due: a ping, or the end of the connection
   */
  check(
    nowMs: number,
    sentTick: number,
    { checkEveryMs, pingTimeoutMs }: KeepAliveTimes,
  ): 'ping' | 'timeout' | undefined {
    if (this.#intervalMs === 0) return undefined;
    if (this.#pingSince > 0 && nowMs - this.#pingSince >= pingTimeoutMs) return 'timeout';
    if (sentTick !== this.#sentTick) {
      this.#sentTick = sentTick;
      this.#quietSince = nowMs;
      return undefined;
    }
    // One check early: the next would be past the keep-alive.
    const isDue = nowMs - this.#quietSince >= this.#intervalMs - 2 * checkEveryMs;
    if (this.#pingSince > 0 || !isDue) return undefined;
    this.#pingSince = nowMs;
    this.#quietSince = nowMs;
    return 'ping';
  }
}
