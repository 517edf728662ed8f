import { arrivalBatches } from './arrival-reading.ts';
import { deploymentOf } from './deployment.ts';
import { legSplitOf } from './legs.ts';
import type { Plan } from './plan.ts';
import { isWatched, leastSecondsBetweenLooks, pollEverySeconds } from './poll-intervals.ts';

/** A run that publishes for less is over before its files are many. */
const leastHours = 1;

/** Arrival windows and slice results of a sum, at most: what a Lambda reads in less than a minute. */
export const filesPerFold = 10_000;

/** A stop, or the end of the last slice, is noticed within this, where the run is not so long that its execution has fewer events to spend. */
const lookEverySeconds = 120;

/** Whether the state machine folds the run's files while it goes on. A search is judged by its files one by one. */
export function isFolded(plan: Plan): boolean {
  const { startAt, publishEndAt } = plan.timeline;
  return (
    publishEndAt - startAt >= leastHours * 3_600_000 &&
    legSplitOf(plan).count > 1 &&
    plan.profile.search === undefined
  );
}

/** Whole seconds from one sum to the next: an hour, or as long as `filesPerFold` windows take to be stored. */
export function foldEverySeconds(plan: Plan): number {
  const { startAt, publishEndAt } = plan.timeline;
  const hours = (publishEndAt - startAt) / 3_600_000;
  const windowsPerHour = arrivalBatches(plan, deploymentOf(plan)) / hours;
  return Math.floor(3_600 / Math.max(1, Math.ceil(windowsPerHour / filesPerFold)));
}

/** Sums of windows, and as many of slice results, that the run comes to. */
export function foldsOf(plan: Plan): number {
  if (!isFolded(plan)) return 0;
  const { startAt, publishEndAt } = plan.timeline;
  const everySeconds = Math.max(foldEverySeconds(plan), secondsBetweenLooks(plan));
  return Math.floor((publishEndAt - startAt) / 1_000 / everySeconds);
}

/** Whether the state machine looks at the run while it goes on. */
export function isLookedAt(plan: Plan): boolean {
  return isWatched(plan.profile) || isFolded(plan);
}

/** Whole seconds between two looks at such a run. */
export function secondsBetweenLooks(plan: Plan): number {
  if (isWatched(plan.profile) || !isFolded(plan)) return pollEverySeconds(plan);
  return Math.max(lookEverySeconds, leastSecondsBetweenLooks(plan));
}
