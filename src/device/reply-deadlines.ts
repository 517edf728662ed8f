import type { IntervalSet } from '../measure/interval-set.ts';
import { type CommandStream, countReplies } from '../plan/downlinks.ts';

/** Which replies have timed out so far: those to commands that had been sent when it was last looked, a timeout ago or longer. */
export class ReplyDeadlines {
  readonly #stream: CommandStream;
  readonly #timeoutMs: number;
  /** When it was looked, epoch milliseconds, and that all commands sent by then are below this number. */
  readonly #looks: { readonly atMs: number; readonly end: number }[] = [];
  /** Commands below this number have no time left. */
  #end = 0;

  constructor(stream: CommandStream, timeoutMs: number) {
    this.#stream = stream;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @param sent numbers of the commands that were sent so far
   * @param replied ranks of the deliveries that were replied to in time
   * @param nowMs epoch milliseconds; Infinity: no reply is waited for any more
   */
  timedOut(sent: IntervalSet, replied: IntervalSet, nowMs: number): number {
    this.#looks.push({ atMs: Math.min(nowMs, Number.MAX_SAFE_INTEGER), end: sent.end });
    while (this.#looks[0] !== undefined && nowMs > this.#looks[0].atMs + this.#timeoutMs)
      this.#end = this.#looks.shift()!.end;
    let due = 0;
    sent.between(0, this.#end).forEachInterval((start, length) => {
      due += countReplies(this.#stream, start + length) - countReplies(this.#stream, start);
    });
    return due - replied.between(0, this.#end * this.#stream.downlink.fanOut).count;
  }
}
