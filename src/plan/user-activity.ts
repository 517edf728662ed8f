import type { LoadProfile } from '../profile/load-profile.ts';
import { hasUsers } from '../profile/load-shapes/resolved-load.ts';
import type { UserStep } from '../profile/user-step.ts';
import { sumBy } from '../shared/counts.ts';
import { groupsOf } from './groups.ts';
import type { Plan, Slice } from './plan.ts';

/**
 * When the users of a slice are active, by stages over users. Instants are milliseconds after `timeline.publishAt`; devices are
 * numbered within the slice.
 */
export interface UserActivity {
  /** From an instant on, when the user is active: that instant, a later one, or Infinity. */
  readonly activeFrom: (device: number, offsetMs: number) => number;
  /** When a user that is active at an instant ends. */
  readonly activeUntil: (device: number, offsetMs: number) => number;
}

/**
 * With U(t) the users of the group at an instant, the user of rank r is active while U(t) > r: users begin in the order of their ranks,
 * and end in the opposite order. So all slices derive the same from the plan, and together they have ⌈U(t)⌉ users.
 */
export function makeUserActivity(slice: Slice): UserActivity {
  return makeActivity(slice, userStretchesOf(slice.group.profile));
}

/** The same of any stretches, in order and without gaps. */
export function makeActivity(slice: Slice, stretches: readonly UserStretch[]): UserActivity {
  const ranks = Float64Array.from({ length: slice.devices }, (_, device) => rankOf(slice, device));
  // The stretch of the last answer, only so that the next search is short.
  let last = 0;

  const stretchAt = (offsetMs: number): number => {
    if (last >= stretches.length || stretches[last]!.fromMs > offsetMs) last = 0;
    while (last < stretches.length && stretches[last]!.toMs <= offsetMs) last++;
    return last;
  };

  return {
    activeFrom(device, offsetMs) {
      const rank = ranks[device]!;
      for (let i = stretchAt(offsetMs); i < stretches.length; i++) {
        const [from, until] = activeWithin(stretches[i]!, rank);
        if (from < until && until > offsetMs) return Math.max(from, offsetMs);
      }
      return Number.POSITIVE_INFINITY;
    },
    activeUntil(device, offsetMs) {
      const rank = ranks[device]!;
      let end = offsetMs;
      for (let i = stretchAt(offsetMs); i < stretches.length; i++) {
        const stretch = stretches[i]!;
        const [from, until] = activeWithin(stretch, rank);
        if (from >= until || from > end) return end;
        end = Math.max(end, until);
        if (until < stretch.toMs) return end;
      }
      return end;
    },
  };
}

/** Users move in a straight line between its ends. */
export interface UserStretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly startUsers: number;
  readonly endUsers: number;
}

/** Stages with users, and whether steps hold. */
type UserShape = Pick<LoadProfile, 'startRatePerSecond' | 'stages' | 'users' | 'pattern' | 'userSteps'>;

/** The stages that last, in order, as actions amend them. Empty for a profile without users. */
export function userStretchesOf(profile: UserShape): UserStretch[] {
  if (!hasUsers(profile)) return [];
  const { users, stages } = profile;
  let fromMs = 0;
  let startUsers = users?.startUsers ?? 0;
  const stretches = stages.flatMap(({ durationMs, targetUsers = 0 }) => {
    const stretch = { fromMs, toMs: fromMs + durationMs, startUsers, endUsers: targetUsers };
    fromMs = stretch.toMs;
    startUsers = targetUsers;
    return durationMs > 0 ? [stretch] : [];
  });
  return amendUsers(stretches, profile.userSteps ?? []);
}

/** A step holds until the next one, or the end. */
function amendUsers(stretches: readonly UserStretch[], steps: readonly UserStep[]): UserStretch[] {
  const firstMs = steps[0]?.atMs ?? Number.POSITIVE_INFINITY;
  const endMs = stretches.at(-1)?.toMs ?? 0;
  const before = stretches.flatMap((stretch): UserStretch[] => {
    if (stretch.toMs <= firstMs) return [stretch];
    if (stretch.fromMs >= firstMs) return [];
    const { fromMs, toMs, startUsers, endUsers } = stretch;
    const atStep = startUsers + ((endUsers - startUsers) * (firstMs - fromMs)) / (toMs - fromMs);
    return [{ ...stretch, toMs: firstMs, endUsers: atStep }];
  });
  const held = steps.map(
    ({ atMs, count }, i): UserStretch => ({
      fromMs: atMs,
      toMs: steps[i + 1]?.atMs ?? endMs,
      startUsers: count,
      endUsers: count,
    }),
  );
  return [...before, ...held];
}

/** ⌈U(t)⌉ of all groups together at an instant (epoch milliseconds). Undefined: no group has users. */
export function plannedUsersAt(plan: Plan, atMs: number): number | undefined {
  const groups = groupsOf(plan).filter(({ profile }) => hasUsers(profile));
  if (groups.length === 0) return undefined;
  return sumBy(groups, ({ profile, timeline }) => usersAt(profile, atMs - timeline.publishAt));
}

/** The most of them at the ends of stretches. Undefined: no group has users. */
export function mostPlannedUsers(plan: Plan): number | undefined {
  const { publishAt } = plan.timeline;
  const ends = groupsOf(plan).flatMap(({ profile }) =>
    userStretchesOf(profile).flatMap(({ fromMs, toMs }) => [fromMs, toMs - 1]),
  );
  if (ends.length === 0) return undefined;
  return Math.max(...ends.map((offsetMs) => plannedUsersAt(plan, publishAt + offsetMs) ?? 0));
}

function usersAt(profile: UserShape, offsetMs: number): number {
  const stretch = userStretchesOf(profile).find(({ fromMs, toMs }) => fromMs <= offsetMs && offsetMs < toMs);
  if (stretch === undefined) return 0;
  const { fromMs, toMs, startUsers, endUsers } = stretch;
  const users = startUsers + ((endUsers - startUsers) * (offsetMs - fromMs)) / (toMs - fromMs);
  // What a quotient of floating-point numbers leaves above a whole number is no user.
  return Math.ceil(users - 1e-9);
}

/** The part of a stretch with more than `rank` users, its end not included. Empty: it ends where it begins, or before. */
function activeWithin(
  { fromMs, toMs, startUsers, endUsers }: UserStretch,
  rank: number,
): readonly [fromMs: number, untilMs: number] {
  if (Math.max(startUsers, endUsers) <= rank) return [toMs, toMs];
  const crossesMs = () => fromMs + ((rank - startUsers) / (endUsers - startUsers)) * (toMs - fromMs);
  if (startUsers < rank) return [crossesMs(), toMs];
  return endUsers < rank ? [fromMs, crossesMs()] : [fromMs, toMs];
}

/**
 * Of a group's D devices in S slices, which one a device of a slice is in the order in which users begin: slices take turns, so that
 * each has its share of the users however many there are. Slices with one device more than others have the last ranks.
 */
function rankOf({ slice, group, firstDevice }: Slice, device: number): number {
  const { count } = group.slices;
  const ofGroup = slice - group.firstSlice;
  const each = Math.floor(group.profile.devices / count);
  if (device < each) return device * count + ofGroup;
  return each * count + (firstDevice - group.firstDevice - each * ofGroup);
}
