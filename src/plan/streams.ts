import { skipsMessages } from '../profile/lifecycle-kinds.ts';
import type { LoadShapeName } from '../profile/load-shapes/resolved-load.ts';
import { hasSchedule, loadShapeOf } from '../profile/load-shapes/resolved-load.ts';
import { sumBy } from '../shared/counts.ts';
import { accountLimitsOf } from '../targets/aws-iot/quotas.ts';
import { makeDeviceTurns } from './device-turns.ts';
import { echoingBefore, echoingWithin } from './echoes.ts';
import { type KindPlan, kindsOf } from './kinds.ts';
import { type AwakeStretch, awakeStretches, connectedShare, zeroOf } from './lifecycle.ts';
import type { GroupPlan, Plan, Slice } from './plan.ts';
import { makeSliceSchedule, type SliceSchedule } from './schedule.ts';
import { isWalked } from './schedules/arrival-kinds.ts';
import { keepPresent } from './schedules/present-schedule.ts';
import { shareOf, sharesOf, sliceOf } from './slices.ts';
import { makeTakenDevices } from './taken-devices.ts';

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
  const streamsOfShape = streamsByShape[loadShapeOf(slice.group.profile)];
  if (!kindsOf(slice.group).some(takesWalk)) return streamsOfShape(slice);
  let streams = known.get(slice);
  if (streams === undefined) {
    streams = streamsOfShape(slice);
    known.set(slice, streams);
  }
  return streams;
}

/** Computed once: a walk is one pass over the schedule. */
const known = new WeakMap<Slice, readonly Stream[]>();

/** Whether only the slices say how many messages there are: some are none, their gaps are drawn, or their rate has steps. */
function takesWalk({ profile }: KindPlan): boolean {
  return (
    skipsMessages(profile.lifecycle) ||
    isWalked(profile) ||
    ((profile.rateSteps ?? profile.deviceSteps) !== undefined && hasSchedule(profile))
  );
}

/**
 * Messages of a kind that are intended: those of its schedule, without what comes due while its device is absent. These are counted one
 * by one, but for a run longer than any Lambda, which is only refused: there they are forecast.
 */
export function intendedOf(kind: KindPlan): number {
  const { load, timeline } = kind;
  if (!takesWalk(kind)) return load.messages;
  if (isForecast(kind))
    return Math.round(load.messages * connectedShare(kind, timeline.publishEndAt - timeline.startAt));
  let count = counted.get(kind);
  if (count === undefined) {
    count = sumBy(
      sharesOf(kind),
      (share) => withoutAbsent(share, makeSliceSchedule(share, kind.stream)).messages,
    );
    counted.set(kind, count);
  }
  return count;
}

/** Whether its messages are not counted one by one, because the run is longer than any Lambda. */
export function isForecast({ profile, timeline }: KindPlan): boolean {
  return timeline.publishEndAt - timeline.startAt > longestRunMs && skipsMessages(profile.lifecycle);
}

/** The same of all kinds of a group. */
export function intendedOfGroup(group: GroupPlan): number {
  return sumBy(kindsOf(group), intendedOf);
}

/** @see checkLambdaTime */
const longestRunMs = accountLimitsOf('default').lambdaSeconds * 1_000;

const counted = new WeakMap<KindPlan, number>();

const streamsByShape: Readonly<Record<LoadShapeName, (slice: Slice) => readonly Stream[]>> = {
  open(share) {
    const { slice, group, devices } = share;
    const schedules = kindsOf(group).map((kind) =>
      withoutAbsent(share, makeSliceSchedule(shareOf(kind, slice), kind.stream)),
    );
    // Kinds that have names are numbered from 1.
    return group.profile.messages === undefined ? schedules : [emptyStream(devices), ...schedules];
  },
  closed(slice) {
    const messages = mostOfUsers(slice);
    return hasStreamOfEchoes(slice) ? [{ messages }, { messages }] : [{ messages }];
  },
};

/** Without messages due while their device is absent: where its lifecycle skips these, or it is not taken in. */
function withoutAbsent(slice: Slice, schedule: ScheduledStream): ScheduledStream {
  const { group, firstDevice, devices } = slice;
  const { lifecycle, seed, deviceSteps } = group.profile;
  if (deviceSteps !== undefined) {
    const { sending } = makeTakenDevices(slice);
    return keepWithin(schedule, devices, (device) => sending(device).values(), 0);
  }
  if (lifecycle === undefined || 'connect' in lifecycle || !skipsMessages(lifecycle)) return schedule;
  const sinceZeroMs = group.timeline.publishAt - zeroOf(lifecycle, group.timeline);
  return keepWithin(
    schedule,
    devices,
    (device) => awakeStretches(lifecycle, seed, firstDevice + device),
    sinceZeroMs,
  );
}

/** @param sinceZeroMs from the zero of the stretches until publishing begins */
function keepWithin(
  schedule: ScheduledStream,
  devices: number,
  stretchesOf: (device: number) => Iterator<AwakeStretch>,
  sinceZeroMs: number,
): ScheduledStream {
  const stretches = Array.from({ length: devices }, (_, device) => stretchesOf(device));
  const next = (device: number): AwakeStretch => {
    const { done, value } = stretches[device]!.next();
    return done === true ? never : value;
  };
  const current = stretches.map((_, device) => next(device));
  return keepPresent(schedule, devices, (device, offsetMs) => {
    const atMs = sinceZeroMs + offsetMs;
    while (current[device]!.toMs <= atMs) current[device] = next(device);
    return current[device]!.fromMs <= atMs;
  });
}

const never: AwakeStretch = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

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
