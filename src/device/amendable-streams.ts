import type { DeviceTurns } from '../plan/device-turns.ts';
import type { LegTimeline } from '../plan/legs.ts';
import type { Slice } from '../plan/plan.ts';
import { countDueBefore } from '../plan/schedule.ts';
import { isScheduled, plannedStreamsOf, type ScheduledStream, type Stream } from '../plan/streams.ts';
import { HeldStream } from './held-stream.ts';

/**
 * The streams of a slice whose rates may change while it runs: who holds one of them has the schedule that is in force. What is due before
 * a change stays as it was.
 */
export class AmendableStreams {
  /** By number. */
  readonly all: readonly Stream[];
  /** By number, what a leg has of them. */
  readonly held: readonly (Stream | HeldStream)[];
  readonly #amendable: readonly (AmendableStream | undefined)[];

  /** @param leg of the slice: it sends the messages of devices that it holds */
  constructor(slice: Slice, leg: Pick<LegTimeline, 'takesOver' | 'letsGo'> = {}) {
    const planned = plannedStreamsOf(slice);
    const { publishAt } = slice.group.timeline;
    this.#amendable = planned.map((stream) =>
      isScheduled(stream) ? new AmendableStream(stream) : undefined,
    );
    this.all = planned.map((stream, i) => this.#amendable[i] ?? stream);
    const isWhole = leg.takesOver === undefined && leg.letsGo === undefined;
    this.held = isWhole
      ? this.all
      : this.all.map((stream) => (isScheduled(stream) ? new HeldStream(stream, leg, publishAt) : stream));
  }

  /** @param slice the same one, of the plan as it has become */
  amend(slice: Slice): void {
    for (const [i, stream] of plannedStreamsOf(slice).entries())
      if (isScheduled(stream)) this.#amendable[i]?.amend(stream);
    for (const stream of this.held) if (stream instanceof HeldStream) stream.amended();
  }
}

class AmendableStream implements ScheduledStream {
  readonly turns: AmendableTurns;
  #current: ScheduledStream;

  constructor(planned: ScheduledStream) {
    this.#current = planned;
    this.turns = new AmendableTurns(planned.turns);
  }

  get messages(): number {
    return this.#current.messages;
  }

  readonly dueBefore = (instantMs: number): number => countDueBefore(this.#current, instantMs);

  readonly offsetMs = (n: number): number => this.#current.offsetMs(n);

  amend(to: ScheduledStream): void {
    this.#current = to;
    this.turns.amend(to.turns);
  }
}

/** A class, for V8 looks up each member of an object literal that has a getter in a dictionary, and these are used for every message. */
class AmendableTurns implements DeviceTurns {
  #current: DeviceTurns;

  constructor(planned: DeviceTurns) {
    this.#current = planned;
  }

  readonly deviceOf = (n: number): number => this.#current.deviceOf(n);

  readonly messageOf = (n: number): number => this.#current.messageOf(n);

  readonly nextOf = (n: number): number => this.#current.nextOf(n);

  readonly countFrom = (n: number, end: number): number => this.#current.countFrom(n, end);

  readonly countOf = (n: number, chosenBefore: (i: number) => number): number =>
    this.#current.countOf(n, chosenBefore);

  get roundLength(): number {
    return this.#current.roundLength;
  }

  amend(to: DeviceTurns): void {
    this.#current = to;
  }
}
