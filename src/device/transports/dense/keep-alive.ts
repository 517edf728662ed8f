/** Keeps a quiet connection alive, and notices one that does not answer (3.1.2.10). All times are monotonic milliseconds. */
export class KeepAlive {
  /** Something was sent since the last check. */
  sentSomething = false;
  #intervalMs = 0;
  #quietSince = 0;
  /** Since when a ping is unanswered; 0: none is. */
  #pingSince = 0;

  /** @param intervalMs 0 switches it off [MQTT-3.1.2-22] */
  begin(nowMs: number, intervalMs: number): void {
    this.#intervalMs = intervalMs;
    this.#quietSince = nowMs;
    this.#pingSince = 0;
    this.sentSomething = false;
  }

  answered(): void {
    this.#pingSince = 0;
  }

  /** To be called every `everyMs`. @returns what is due: a ping, or the end of the connection */
  check(nowMs: number, everyMs: number, pingTimeoutMs: number): 'ping' | 'timeout' | undefined {
    if (this.#intervalMs === 0) return undefined;
    if (this.#pingSince > 0 && nowMs - this.#pingSince >= pingTimeoutMs) return 'timeout';
    if (this.sentSomething) {
      this.sentSomething = false;
      this.#quietSince = nowMs;
      return undefined;
    }
    // One check early: the next would be past the keep-alive.
    const isDue = nowMs - this.#quietSince >= this.#intervalMs - 2 * everyMs;
    if (this.#pingSince > 0 || !isDue) return undefined;
    this.#pingSince = nowMs;
    this.#quietSince = nowMs;
    return 'ping';
  }
}
