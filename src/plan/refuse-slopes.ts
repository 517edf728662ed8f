import { slopeThresholdsOf } from '../profile/slope-thresholds.ts';
import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import type { Plan } from './plan.ts';
import { leastSteadyMsOf, leastSteadySteps, longestPlateauMs, steadyTimeOf } from './steady-time.ts';

/** Thresholds about slopes that a plan gives too little time: they could only fail. */
export function refuseSlopes(plan: Plan): InputError[] {
  if (steadyTimeOf(plan).steps.length >= leastSteadySteps) return [];
  const needed = formatDuration(leastSteadyMsOf(plan));
  return slopeThresholdsOf(plan.profile.thresholds).map(({ path }) => ({
    path,
    message: `a slope needs ${needed} at one planned rate, and this run has ${formatDuration(longestPlateauMs(plan))}`,
    hint: `plan a stage of ${needed} or more at one rate (the longer, the better a slope is known), or remove the threshold`,
  }));
}
