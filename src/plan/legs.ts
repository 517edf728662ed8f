import { sumBy } from '../shared/counts.ts';
import { accountOf } from './account.ts';
import { groupOfSlice, groupsOf } from './groups.ts';
import { longestSleepMs } from './lifecycle.ts';
import type { Plan } from './plan.ts';
import { connectDurationMs } from './schedule.ts';
import { shareOf } from './slices.ts';

/** When one leg of a slice works, epoch milliseconds. */
export interface LegTimeline {
  /** The leg's devices begin to connect. */
  readonly from: number;
  /** Absolute: the leg ends by itself by then. */
  readonly until: number;
  /** From the leg before it; absent: there is none. */
  readonly takesOver?: Handover;
  /** To the leg after it; absent: there is none. */
  readonly letsGo?: Handover;
}

/** The devices of a slice move from one leg to the next, one after the other in the order of their numbers. */
export interface Handover {
  /** Epoch milliseconds: no device moves before. */
  readonly from: number;
  /** All have moved. */
  readonly until: number;
  /** When a device moves, by its number within the slice; never before the one with the number below. */
  readonly at: (device: number) => number;
}

interface Moves {
  readonly takesOver?: Handover | undefined;
  readonly letsGo?: Handover | undefined;
}

/** Whether a leg holds a device at an instant, epoch milliseconds: exactly one leg does. */
export function isHeldAt({ takesOver, letsGo }: Moves, device: number, at: number): boolean {
  const isTaken = takesOver === undefined || at >= takesOver.at(device);
  return isTaken && (letsGo === undefined || at < letsGo.at(device));
}

/** How long a leg waits at most for the answers of a device that moves, before it ends its connection. */
export const lettingGoMs = 500;

/** From when a device moves until the next leg connects it: its earlier connection has ended, by clocks that differ a little. */
export const takingOverMs = lettingGoMs + 50;

/** Of what a Lambda may live: 12 minutes of 15. */
const defaultLegShare = 0.8;
const defaultOverlapMs = 30_000;

/** Of a leg that another one follows: for storing its result, with a margin for an event loop that is late. */
const legEndMs = 15_000;

/** How a plan's slices are divided into legs: all in the same way. */
export interface LegSplit {
  readonly count: number;
  /** From the beginning of one leg to that of the next; of the last leg up to the last publish. */
  readonly stretchMs: number;
  /** How long devices move from one leg to the next. */
  readonly overlapMs: number;
  /** Room for a leg's Lambda to start before its devices move. */
  readonly leadMs: number;
}

const known = new WeakMap<Pick<Plan, 'timeline' | 'profile'>, LegSplit>();

/** One leg where a Lambda lives as long as the whole run and the profile asks for nothing shorter; else legs of the same length. */
export function legSplitOf(plan: Plan): LegSplit {
  let split = known.get(plan);
  if (split === undefined) {
    split = splitIntoLegs(plan);
    known.set(plan, split);
  }
  return split;
}

function splitIntoLegs(plan: Plan): LegSplit {
  const { timeline, profile } = plan;
  const spanMs = timeline.publishEndAt - timeline.startAt;
  const count = Math.max(1, Math.ceil(spanMs / longestStretchMs(plan)));
  return {
    count,
    stretchMs: spanMs / count,
    overlapMs: profile.legs?.overlapMs ?? Math.max(defaultOverlapMs, movesMs(plan)),
    leadMs: timeline.startAt - timeline.createdAt,
  };
}

function longestStretchMs(plan: Plan): number {
  const { timeline, profile } = plan;
  // A search is judged hold by hold, and each slice has to see all of them.
  if (profile.search !== undefined) return Number.POSITIVE_INFINITY;
  if (profile.legs !== undefined) return profile.legs.lengthMs;
  const lambdaMs = accountOf(plan).limits.lambdaSeconds * 1_000;
  return timeline.deadlineAt - timeline.createdAt <= lambdaMs
    ? Number.POSITIVE_INFINITY
    : defaultLegShare * lambdaMs;
}

/** How long devices of all groups need to move, each group at its own rate of connects. */
export function movesMs(plan: Plan): number {
  return Math.ceil(Math.max(...groupsOf(plan).map(({ profile }) => connectDurationMs(profile))));
}

/** Legs of a slice: each is one Lambda invocation. Their handovers cut the messages of each device: see `heldMessages`. */
export function legsOf(plan: Plan, slice: number): readonly LegTimeline[] {
  const { timeline } = plan;
  const { count, stretchMs, overlapMs } = legSplitOf(plan);
  if (count === 1) return [{ from: timeline.startAt, until: timeline.deadlineAt }];
  const handovers = Array.from({ length: count - 1 }, (_, i) => {
    const from = Math.ceil(timeline.startAt + (i + 1) * stretchMs);
    return { from, until: from + overlapMs, at: movesOf(plan, slice, from, overlapMs) };
  });
  const answeredMs = Math.max(
    ...groupsOf(plan).map(({ profile }) => longestSleepMs(profile) + profile.publish.ackTimeoutMs),
  );
  return Array.from({ length: count }, (_, leg) => {
    const takesOver = handovers[leg - 1];
    const letsGo = handovers[leg];
    return {
      from: takesOver?.from ?? timeline.startAt,
      until:
        letsGo === undefined
          ? timeline.deadlineAt
          : Math.ceil(letsGo.until + takingOverMs + answeredMs) + legEndMs,
      ...(takesOver && { takesOver }),
      ...(letsGo && { letsGo }),
    };
  });
}

/**
 * Device d of the D devices of a slice moves at from + overlap·(d + φ)/D, φ = (s + ½)/S with s the slice's place among the S slices of
 * its group: the moves of a group are spread as evenly as its first connects.
 */
function movesOf(plan: Plan, slice: number, from: number, overlapMs: number): Handover['at'] {
  const group = groupOfSlice(plan, slice);
  const { devices } = shareOf(group, slice);
  const phase = (slice - group.firstSlice + 0.5) / group.slices.count;
  return (device) => from + (overlapMs * (device + phase)) / devices;
}

/** Pure, so that a leg and the ledger derive the same stretch. @throws {RangeError} for a leg that the slice does not have */
export function timelineOfLeg(plan: Plan, slice: number, leg: number): LegTimeline {
  const legs = legsOf(plan, slice);
  const timeline = legs[leg];
  if (timeline === undefined)
    throw new RangeError(
      `leg ${leg} of slice ${slice}, which has ${legs.length === 1 ? 'one leg' : `${legs.length} legs`}`,
    );
  return timeline;
}

/** When a leg's Lambda is to start, epoch milliseconds: as long before its devices move as the run's first Lambdas had. */
export function invokeLegAt(plan: Plan, leg: Pick<LegTimeline, 'from'>): number {
  return leg.from - legSplitOf(plan).leadMs;
}

/** How long a Lambda of the run lives at most, milliseconds: from when it is invoked to the end of its leg. */
export function lambdaMsOf(plan: Plan): number {
  const legs = legsOf(plan, 0);
  return Math.max(...legs.map((leg) => leg.until - invokeLegAt(plan, leg)));
}

/** Of a slice, while devices move. */
export function legsAtOnce(plan: Plan): number {
  return Math.min(2, legSplitOf(plan).count);
}

/** Devices that move from one leg to the next in a second, of all slices together; 0: there is one leg. */
export function movesPerSecond(plan: Plan): number {
  const { count, overlapMs } = legSplitOf(plan);
  return count === 1 ? 0 : devicesOf(plan) / (overlapMs / 1_000);
}

function devicesOf(plan: Plan): number {
  return sumBy(groupsOf(plan), ({ profile }) => profile.devices);
}

/** Devices that move from one leg to another, over the whole run, each as often as it does. */
export function handoversOf(plan: Plan): number {
  return (legSplitOf(plan).count - 1) * devicesOf(plan);
}
