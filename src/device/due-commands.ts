import type { MessageSets } from '../measure/message-sets.ts';
import {
  type CommandStream,
  commandAt,
  commandStreamsOf,
  countDueAt,
  downlinksTo,
  placeOf,
  rankOf,
} from '../plan/downlinks.ts';
import type { Plan, Slice } from '../plan/plan.ts';
import { countDueBefore } from '../plan/schedule.ts';
import { type ScheduledStream, streamsOf } from '../plan/streams.ts';
import { sumBy } from '../shared/counts.ts';

/** A stream of commands, and how its backend's slice is to send them. */
export interface DueStream {
  readonly stream: CommandStream;
  readonly schedule: ScheduledStream;
  /** Of the slice's first device. */
  readonly firstPlace: number;
}

/** An interval of time, epoch milliseconds; its end is not part of it. */
export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What is due at the devices of a slice, and when. */
export class DueCommands {
  /** By slice of the backend. */
  readonly streams: ReadonlyMap<number, DueStream>;
  /** Deliveries that are due at devices of the slice. */
  readonly deliveries: number;
  readonly #publishAt: number;

  constructor(plan: Plan, { group, firstDevice, devices }: Slice) {
    this.#publishAt = plan.timeline.publishAt;
    this.streams = new Map(
      downlinksTo(plan, group)
        .flatMap(commandStreamsOf)
        .map((stream) => [
          stream.slice,
          {
            stream,
            schedule: streamsOf(plan, stream.slice)[0] as ScheduledStream,
            firstPlace: placeOf(stream.downlink, firstDevice) ?? 0,
          },
        ]),
    );
    this.deliveries = sumBy([...this.streams.values()], ({ stream, schedule, firstPlace }) =>
      sumBy(Array.from({ length: devices }), (_, device) =>
        countDueAt(stream, firstPlace + device, schedule.messages),
      ),
    );
  }

  /** Adds the ranks of what is due at a device within a stretch. */
  addAll(to: MessageSets, device: number, stretch: Stretch): void {
    for (const due of this.streams.values()) this.add(to, due, device, stretch);
  }

  /** The same of one stream. */
  add(
    to: MessageSets,
    { stream, schedule, firstPlace }: DueStream,
    device: number,
    { fromMs, untilMs }: Stretch,
  ): void {
    if (untilMs <= Math.max(fromMs, this.#publishAt)) return;
    const place = firstPlace + device;
    const dueBefore = (instant: number) =>
      countDueAt(stream, place, countDueBefore(schedule, instant - this.#publishAt));
    const end = dueBefore(untilMs);
    for (let i = dueBefore(fromMs); i < end; i++)
      to.add({ slice: stream.slice, stream: 0 }, rankOf(stream, commandAt(stream, place, i), place));
  }
}
