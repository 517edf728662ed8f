import type { LoadShapeName } from '../profile/load-shapes/load-shape.ts';
import { loadShapeOf } from '../profile/load-shapes/load-shapes.ts';
import { makeDeviceTurns } from './device-turns.ts';
import { echoingBefore, echoingWithin } from './echoes.ts';
import { kindsOf } from './kinds.ts';
import type { Plan, Slice } from './plan.ts';
import { makeSliceSchedule, type SliceSchedule } from './schedule.ts';
import { shareOf, sliceOf } from './slices.ts';

/**
 * One kind of message of one slice, numbered as its kind is (`KindPlan.stream`): publishes n = 0 … messages − 1, each with its intended time. Where users decide when they
 * send there is no schedule: n is the place in the order in which they wanted to, and `messages` is the most that there can be.
 */
export type Stream = Pick<SliceSchedule, 'messages' | 'dueBefore'> &
  Partial<Pick<SliceSchedule, 'offsetMs' | 'turns'>>;
export type ScheduledStream = Stream & Pick<SliceSchedule, 'offsetMs' | 'turns'>;

export function isScheduled(stream: Stream): stream is ScheduledStream {
  return stream.offsetMs !== undefined && stream.turns !== undefined;
}

/** The streams of a slice, by their numbers. */
export function streamsOf(plan: Plan, slice: number): readonly Stream[] {
  return plannedStreamsOf(sliceOf(plan, slice));
}

export function plannedStreamsOf(slice: Slice): readonly Stream[] {
  return streamsByShape[loadShapeOf(slice.group.profile)](slice);
}

const streamsByShape: Readonly<Record<LoadShapeName, (slice: Slice) => readonly Stream[]>> = {
  open({ slice, group, devices }) {
    const schedules = kindsOf(group).map((kind) => makeSliceSchedule(shareOf(kind, slice), kind.stream));
    // Kinds that have names are numbered from 1.
    return group.profile.messages === undefined ? schedules : [emptyStream(devices), ...schedules];
  },
  closed(slice) {
    const messages = mostOfUsers(slice);
    return hasStreamOfEchoes(slice) ? [{ messages }, { messages }] : [{ messages }];
  },
};

/** The stream 0 of a group whose kinds of message have names: nothing is of it. */
function emptyStream(devices: number): ScheduledStream {
  return { messages: 0, offsetMs: () => Number.POSITIVE_INFINITY, turns: makeDeviceTurns(devices) };
}

/**
 * Which stream a user's messages are of. Users whose messages come back to them have stream 0 where there are others too, so that
 * of one stream all messages are due at that observer, or none.
 */
export function streamOfUsers(slice: Slice): (device: number) => number {
  if (!hasStreamOfEchoes(slice)) return () => 0;
  const before = echoingBefore(slice.group.profile);
  const first = slice.firstDevice - slice.group.firstDevice;
  return (device) => (before(first + device + 1) > before(first + device) ? 0 : 1);
}

function hasStreamOfEchoes(slice: Slice): boolean {
  const echoing = echoingWithin(slice);
  return echoing > 0 && echoing < slice.devices;
}

/** More than a process sends in a second: the generator's own cost is some 15 µs a message. */
const mostPerSecond = 100_000;

/** What a slice of users can have started at most, so that a file of another user cannot ask for endless work. */
function mostOfUsers({ group: { profile, timeline }, devices }: Slice): number {
  const seconds = Math.ceil((timeline.publishEndAt - timeline.publishAt) / 1_000) + 1;
  const { throughputPerUser = Number.POSITIVE_INFINITY } = profile.users ?? {};
  return Math.ceil(Math.min(mostPerSecond, devices * throughputPerUser) * seconds) + devices;
}
