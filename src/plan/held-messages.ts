import type { LegTimeline } from './legs.ts';
import { countDueBefore } from './schedule.ts';
import type { ScheduledStream } from './streams.ts';

/**
 * The messages of one stream that a leg sends: each device's messages from the instant on at which the leg takes it over, up to the one
 * at which it lets it go. So each message is of exactly one leg. While devices move, messages of two legs alternate.
 */
export interface HeldMessages {
  /** None with a lower number is held. */
  readonly first: number;
  /** None with this number or a higher one is held. */
  readonly end: number;
  has(n: number): boolean;
  /** Of those that are held, how many have lower numbers. */
  countBefore(n: number): number;
  /** Visits those that are held of n = from … end − 1, as ranges in ascending order. */
  forEachRange(from: number, end: number, visit: (start: number, length: number) => void): void;
}

/** All messages of a stream. */
export function holdAll(messages: number): HeldMessages {
  return {
    first: 0,
    end: messages,
    has: (n) => n >= 0 && n < messages,
    countBefore: (n) => Math.min(Math.max(n, 0), messages),
    forEachRange(from, end, visit) {
      const length = Math.min(end, messages) - from;
      if (length > 0) visit(from, length);
    },
  };
}

type Moves = Pick<LegTimeline, 'takesOver' | 'letsGo'>;

/** @param publishAt epoch milliseconds of the schedule's zero */
export function heldMessages(stream: ScheduledStream, leg: Moves, publishAt: number): HeldMessages {
  const { takesOver, letsGo } = leg;
  return takesOver === undefined && letsGo === undefined
    ? holdAll(stream.messages)
    : new LegMessages(stream, leg, publishAt);
}

class LegMessages implements HeldMessages {
  readonly first: number;
  readonly end: number;
  /** Between these two all messages are held. */
  readonly #taken: number;
  readonly #leaving: number;
  readonly #stream: ScheduledStream;
  readonly #leg: Moves;
  readonly #publishAt: number;
  /** How many are held of those that are due while devices are taken over. */
  #takenCount: number | undefined;

  constructor(stream: ScheduledStream, leg: Moves, publishAt: number) {
    const { takesOver, letsGo } = leg;
    const dueBefore = (at: number) => countDueBefore(stream, at - publishAt);
    this.#stream = stream;
    this.#leg = leg;
    this.#publishAt = publishAt;
    this.first = takesOver === undefined ? 0 : dueBefore(takesOver.from);
    this.end = letsGo === undefined ? stream.messages : dueBefore(letsGo.until);
    this.#leaving = letsGo === undefined ? stream.messages : dueBefore(letsGo.from);
    // A leg begins to let devices go when it has taken all of them over.
    this.#taken = takesOver === undefined ? 0 : Math.min(dueBefore(takesOver.until), this.#leaving);
  }

  has(n: number): boolean {
    if (n < this.first || n >= this.end) return false;
    if (n >= this.#taken && n < this.#leaving) return true;
    const { takesOver, letsGo } = this.#leg;
    const dueMs = this.#stream.offsetMs(n);
    const device = this.#stream.turns.deviceOf(n);
    const movesMs = (at: ((device: number) => number) | undefined) =>
      at === undefined ? undefined : at(device) - this.#publishAt;
    return (
      dueMs >= (movesMs(takesOver?.at) ?? Number.NEGATIVE_INFINITY) &&
      dueMs < (movesMs(letsGo?.at) ?? Number.POSITIVE_INFINITY)
    );
  }

  countBefore(n: number): number {
    if (n <= this.first) return 0;
    if (n <= this.#taken) return this.#count(this.first, n);
    this.#takenCount ??= this.#count(this.first, this.#taken);
    if (n <= this.#leaving) return this.#takenCount + n - this.#taken;
    return this.#takenCount + this.#leaving - this.#taken + this.#count(this.#leaving, Math.min(n, this.end));
  }

  forEachRange(from: number, end: number, visit: (start: number, length: number) => void): void {
    const last = Math.min(end, this.end);
    let start = Math.max(from, this.first);
    while (start < last) {
      if (!this.has(start)) {
        start++;
        continue;
      }
      let next = start;
      // What lies between is held whole.
      while (next < last && this.has(next))
        next = next >= this.#taken && next < this.#leaving ? Math.min(this.#leaving, last) : next + 1;
      visit(start, next - start);
      start = next;
    }
  }

  #count(from: number, end: number): number {
    let count = 0;
    for (let n = from; n < end; n++) count += Number(this.has(n));
    return count;
  }
}
