import type { DeviceTurns } from '../plan/device-turns.ts';
import type { Slice } from '../plan/plan.ts';
import { countDueBefore } from '../plan/schedule.ts';
import { isScheduled, plannedStreamsOf, type ScheduledStream, type Stream } from '../plan/streams.ts';

/**
 * The streams of a slice whose rates may change while it runs: who holds one of them has the schedule that is in force. What is due before
 * a change stays as it was.
 */
export class AmendableStreams {
  /** By number. */
  readonly all: readonly Stream[];
  readonly #amendable: readonly (AmendableStream | undefined)[];

  constructor(slice: Slice) {
    const planned = plannedStreamsOf(slice);
    this.#amendable = planned.map((stream) =>
      isScheduled(stream) ? new AmendableStream(stream) : undefined,
    );
    this.all = planned.map((stream, i) => this.#amendable[i] ?? stream);
  }

  /** @param slice the same one, of the plan as it has become */
  amend(slice: Slice): void {
    for (const [i, stream] of plannedStreamsOf(slice).entries())
      if (isScheduled(stream)) this.#amendable[i]?.amend(stream);
  }
}

class AmendableStream implements ScheduledStream {
  #current: ScheduledStream;
  #turns: DeviceTurns;

  constructor(planned: ScheduledStream) {
    this.#current = planned;
    this.#turns = planned.turns;
  }

  get messages(): number {
    return this.#current.messages;
  }

  readonly dueBefore = (instantMs: number): number => countDueBefore(this.#current, instantMs);

  readonly offsetMs = (n: number): number => this.#current.offsetMs(n);

  readonly turns: DeviceTurns = this.#makeTurns();

  amend(to: ScheduledStream): void {
    this.#current = to;
    this.#turns = to.turns;
  }

  #makeTurns(): DeviceTurns {
    const current = () => this.#turns;
    return {
      deviceOf: (n) => current().deviceOf(n),
      messageOf: (n) => current().messageOf(n),
      nextOf: (n) => current().nextOf(n),
      countFrom: (n, end) => current().countFrom(n, end),
      countOf: (n, chosenBefore) => current().countOf(n, chosenBefore),
      get roundLength() {
        return current().roundLength;
      },
    };
  }
}
