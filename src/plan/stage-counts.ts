import { skipsMessages } from '../profile/lifecycle-kinds.ts';
import { hasSchedule } from '../profile/load-shapes/resolved-load.ts';
import { sumBy } from '../shared/counts.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import { kindsOf } from './kinds.ts';
import type { GroupPlan } from './plan.ts';
import { countDueBefore } from './schedule.ts';
import { sharesOf } from './slices.ts';
import { intendedOfGroup, isForecast, isScheduled, plannedStreamsOf } from './streams.ts';

/**
 * Messages of a group that are intended in each of its stages; they sum to `intendedOfGroup`. Where messages are skipped or due at random they
 * are counted by the slices' schedules, as a report counts them; of users, and of a run longer than any Lambda, they are forecast.
 */
export function intendedByStage(group: GroupPlan): readonly number[] {
  const by = makeCount(group);
  let offsetMs = 0;
  let before = 0;
  return group.profile.stages.map(({ durationMs }, i, { length }) => {
    offsetMs += durationMs;
    const sum = i + 1 === length ? intendedOfGroup(group) : by(offsetMs);
    const messages = sum - before;
    before = sum;
    return messages;
  });
}

/** How many are intended before an instant, milliseconds after publishing begins. */
function makeCount(group: GroupPlan): (offsetMs: number) => number {
  const { profile, load } = group;
  const kinds = kindsOf(group);
  const isEven =
    kinds.every((kind) => kind.profile.pattern === undefined) &&
    !skipsMessages(profile.lifecycle) &&
    profile.deviceSteps === undefined;
  if (isEven || !hasSchedule(profile) || kinds.some(isForecast)) {
    const rate = makeArrivalRate(profile);
    const share = intendedOfGroup(group) / Math.max(1, load.messages);
    return (offsetMs) => Math.round(rate.messagesBy(offsetMs) * share);
  }
  const streams = sharesOf(group).flatMap(plannedStreamsOf).filter(isScheduled);
  return (offsetMs) => sumBy(streams, (stream) => countDueBefore(stream, offsetMs));
}
