import type { LoadProfile } from '../profile/load-profile.ts';
import { checkJsonValue } from '../shared/json-value.ts';
import { maxDevicesPerSlice, maxSlices } from '../shared/run-bounds.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import type { Plan } from './plan.ts';

/** What a plan has that its types do not say: where in it, and what is wrong. */
export interface PlanProblem {
  readonly path: string;
  readonly message: string;
}

/** A Lambda ends at 900 s; where nothing else bounds a run, two hours keep what is made of each of its seconds small. */
const longestRunMs = 7_200_000;
/** Of JavaScript's dates, epoch milliseconds. */
const lastInstant = 8.64e15;

/**
 * The bounds of a plan that was read back: a file that somebody else made may ask for work without end. The work of every
 * reader is bounded by these numbers.
 */
export function checkStoredPlan({ profile, timeline, load, slices }: Plan): PlanProblem[] {
  const { createdAt, startAt, publishAt, publishEndAt, drainEndAt, deadlineAt } = timeline;
  const problems: PlanProblem[] = [
    ...checkTimes('timeline', [createdAt, startAt, publishAt, publishEndAt, drainEndAt]),
    ...checkTimes('timeline', [createdAt, deadlineAt]),
    ...checkStoredProfile('profile', profile),
    ...within('slices.count', slices.count, 1, Math.min(maxSlices, profile.devices)),
    ...within('slices.devicesPerSlice', slices.devicesPerSlice, 1, profile.devices),
  ];
  if (problems.length > 0) return problems;
  const messages = Math.round(makeArrivalRate(profile).messages);
  return load.messages === messages
    ? problems
    : [
        {
          path: 'load.messages',
          message: `is ${load.messages}, and the profile's stages come to ${messages}`,
        },
      ];
}

/** A profile as plans and reports hold it. */
export function checkStoredProfile(path: string, profile: LoadProfile): PlanProblem[] {
  const { devices, stages, connect, echo } = profile;
  const durationMs = stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  return [
    ...checkJsonValue(profile.publish.payload).map((fault) => ({
      ...fault,
      path: `${path}.publish.payload`,
    })),
    ...within(`${path}.devices`, devices, 1, maxSlices * maxDevicesPerSlice),
    ...within(`${path}.stages`, stages.length, 1, 1_000),
    ...between(`${path}.stages`, durationMs, 0, longestRunMs),
    ...between(`${path}.startRatePerSecond`, profile.startRatePerSecond, 0, 1e7),
    ...between(`${path}.connect.ratePerSecond`, connect.ratePerSecond, Number.MIN_VALUE, 1e6),
    ...between(`${path}.echo.fraction`, echo.fraction, 0, 1),
    ...stages.flatMap(({ durationMs, targetPerSecond }, i) => [
      ...between(`${path}.stages[${i}].durationMs`, durationMs, 0, longestRunMs),
      ...between(`${path}.stages[${i}].targetPerSecond`, targetPerSecond, 0, 1e7),
    ]),
  ];
}

/** Instants of a run, epoch milliseconds: in order, and no further apart than a run can last. */
export function checkTimes(path: string, instants: readonly number[]): PlanProblem[] {
  const [first = 0] = instants;
  const last = instants.at(-1) ?? first;
  const isOrdered = instants.every((at, i) => i === 0 || at >= instants[i - 1]!);
  const isRun = isOrdered && first >= 0 && last <= lastInstant && last - first <= longestRunMs;
  return isRun
    ? []
    : [
        {
          path,
          message: `has instants that are out of order, or more than ${longestRunMs / 3_600_000} h apart`,
        },
      ];
}

function within(path: string, value: number, least: number, most: number): PlanProblem[] {
  const message = `must be a whole number from ${least} to ${most}, and is ${value}`;
  return Number.isInteger(value) && value >= least && value <= most ? [] : [{ path, message }];
}

function between(path: string, value: number, least: number, most: number): PlanProblem[] {
  return value >= least && value <= most
    ? []
    : [{ path, message: `must be from ${least} to ${most}, and is ${value}` }];
}
