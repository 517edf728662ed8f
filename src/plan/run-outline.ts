import { hasSchedule } from '../profile/load-shapes/resolved-load.ts';
import { sumBy } from '../shared/counts.ts';
import { deviceGroupsOf } from './groups.ts';
import { type LegTimeline, legsOf } from './legs.ts';
import { type Observer, observersOf } from './observers.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { slicesOfGroupHere } from './regions.ts';
import { shareOf } from './slices.ts';
import { intendedOfGroup, plannedStreamsOf, type Stream, streamsOf } from './streams.ts';

/**
 * What a ledger expects of a run: which streams each slice has, which legs run them and where their messages are seen. Derived
 * from the plan; a value of its own, because a ledger balances for any outline, not only for those of today's profiles.
 */
export interface RunOutline {
  /** Of all streams of devices; where users decide, the most that there can be. */
  readonly messages: number;
  streamsOf(slice: number): readonly Stream[];
  legsOf(slice: number): readonly LegTimeline[];
  /** The first one is the primary: the report's `messages` are seen there. */
  readonly observers: readonly Observer[];
}

export function outlineOf(plan: Plan): RunOutline {
  const known = new Map<number, { own: readonly unknown[] | undefined; streams: readonly Stream[] }>();
  const knownLegs = new Map<number, readonly LegTimeline[]>();
  return {
    messages: sumBy(deviceGroupsOf(plan), (group) => mostMessagesOf(plan, group)),
    streamsOf(slice) {
      // Of legs, each may record that the slice learned of an action at another instant.
      const own = plan.ownLoadActions?.[slice];
      const before = known.get(slice);
      if (before !== undefined && before.own === own) return before.streams;
      const streams = streamsOf(plan, slice);
      known.set(slice, { own, streams });
      return streams;
    },
    legsOf(slice) {
      let legs = knownLegs.get(slice);
      if (legs === undefined) {
        legs = legsOf(plan, slice);
        knownLegs.set(slice, legs);
      }
      return legs;
    },
    observers: observersOf(plan),
  };
}

function mostMessagesOf(plan: Plan, group: GroupPlan): number {
  if (hasSchedule(group.profile) && plan.region === undefined) return intendedOfGroup(group);
  return sumBy(slicesOfGroupHere(plan, group), (slice) =>
    sumBy(plannedStreamsOf(shareOf(group, slice)), ({ messages }) => messages),
  );
}
