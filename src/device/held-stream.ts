import type { DeviceTurns } from '../plan/device-turns.ts';
import { type HeldMessages, heldMessages } from '../plan/held-messages.ts';
import type { LegTimeline } from '../plan/legs.ts';
import { countDueBefore } from '../plan/schedule.ts';
import type { ScheduledStream } from '../plan/streams.ts';

/** A stream of which a leg sends a part. Its messages keep their numbers. */
export class HeldStream implements ScheduledStream {
  readonly turns: DeviceTurns;
  readonly #stream: ScheduledStream;
  readonly #leg: Pick<LegTimeline, 'takesOver' | 'letsGo'>;
  readonly #publishAt: number;
  #held: HeldMessages;

  /** @param publishAt epoch milliseconds of the schedule's zero */
  constructor(stream: ScheduledStream, leg: Pick<LegTimeline, 'takesOver' | 'letsGo'>, publishAt: number) {
    this.#stream = stream;
    this.#leg = leg;
    this.#publishAt = publishAt;
    this.#held = heldMessages(stream, leg, publishAt);
    this.turns = new HeldTurns(stream.turns, () => this.#held);
  }

  get held(): HeldMessages {
    return this.#held;
  }

  /** None of its messages has a higher number. */
  get messages(): number {
    return this.#held.end;
  }

  readonly offsetMs = (n: number): number => this.#stream.offsetMs(n);

  readonly dueBefore = (instantMs: number): number =>
    Math.min(countDueBefore(this.#stream, instantMs), this.#held.end);

  /** The stream's schedule was amended. */
  amended(): void {
    this.#held = heldMessages(this.#stream, this.#leg, this.#publishAt);
  }
}

/** Turns of the messages that are held: those of a device follow one another without a gap. */
class HeldTurns implements DeviceTurns {
  readonly #turns: DeviceTurns;
  readonly #held: () => HeldMessages;

  constructor(turns: DeviceTurns, held: () => HeldMessages) {
    this.#turns = turns;
    this.#held = held;
  }

  readonly deviceOf = (n: number): number => this.#turns.deviceOf(n);

  readonly messageOf = (n: number): number => this.#turns.messageOf(n);

  readonly nextOf = (n: number): number => {
    const next = this.#turns.nextOf(n);
    return this.#held().has(next) ? next : Number.POSITIVE_INFINITY;
  };

  readonly countFrom = (n: number, end: number): number => {
    let count = 0;
    for (let at = n; at < end; at = this.nextOf(at)) count++;
    return count;
  };

  readonly countOf = (n: number, chosenBefore: (i: number) => number): number =>
    this.#turns.countOf(n, chosenBefore);

  get roundLength(): number {
    return this.#turns.roundLength;
  }
}
