import { isReplacing } from '../profile/lifecycle-kinds.ts';
import type { GroupPlan } from './plan.ts';

const minuteMs = 60_000;
/** That a place is taken more often than `mostReplacements` in any of as many runs is about as likely as not. */
const runs = 1_000_000;

/**
 * How often one place of a group is taken by new devices, at most. That is a Poisson distribution with the mean λ, of which
 * P(N ≥ λ + t) ≤ exp(−t² ÷ (2 (λ + t ÷ 3))) (Bernstein): with x = ln(places × runs), t = x ÷ 3 + √(x² ÷ 9 + 2 λ x).
 */
export function mostReplacements({ profile, timeline }: Pick<GroupPlan, 'profile' | 'timeline'>): number {
  const { lifecycle, devices } = profile;
  if (lifecycle === undefined || !('churn' in lifecycle) || !isReplacing(lifecycle)) return 0;
  const minutes = (timeline.deadlineAt - timeline.publishAt) / minuteMs;
  const mean = lifecycle.churn.sharePerMinute * minutes;
  const x = Math.log(devices * runs);
  return Math.ceil(mean + x / 3 + Math.sqrt((x * x) / 9 + 2 * mean * x));
}

/** The highest index over the run that a device of a group has, one that replaces another included. */
export function highestDeviceIndex(group: GroupPlan): number {
  const { firstDevice, profile, allDevices } = group;
  return firstDevice + profile.devices - 1 + mostReplacements(group) * allDevices;
}
