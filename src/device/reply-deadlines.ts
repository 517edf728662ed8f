import type { IntervalSet } from '../measure/interval-set.ts';
import { type CommandStream, countReplies } from '../plan/downlinks.ts';

/** Counts the replies that have timed out so far: those to commands that had been sent by a call at least the timeout ago. */
export class ReplyDeadlines {
  readonly #stream: CommandStream;
  readonly #timeoutMs: number;
  /** Earlier calls: their instants, epoch milliseconds, and the number that all commands sent by then are below. */
  readonly #calls: { readonly atMs: number; readonly end: number }[] = [];
  /** Commands below this number have no time left. */
  #end = 0;

  constructor(stream: CommandStream, timeoutMs: number) {
    this.#stream = stream;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @param sent numbers of the commands that were sent so far
   * @param replied ranks of the deliveries that were replied to in time
   * @param nowMs epoch milliseconds; Infinity: no more replies are expected
   * @returns replies that were due and did not come in time
   */
  timedOut(sent: IntervalSet, replied: IntervalSet, nowMs: number): number {
    this.#calls.push({ atMs: Math.min(nowMs, Number.MAX_SAFE_INTEGER), end: sent.end });
    while (this.#calls[0] !== undefined && nowMs > this.#calls[0].atMs + this.#timeoutMs)
      this.#end = this.#calls.shift()!.end;
    let due = 0;
    sent.between(0, this.#end).forEachInterval((start, length) => {
      due += countReplies(this.#stream, start + length) - countReplies(this.#stream, start);
    });
    return due - replied.between(0, this.#end * this.#stream.downlink.fanOut).count;
  }
}
