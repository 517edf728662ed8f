import type { RunProfile } from '../profile/load-profile.ts';
import { accountOf } from './account.ts';
import type { Plan, Timeline } from './plan.ts';

/*
 * What a run's own code does again and again: the forecast counts with the same intervals that slices and the state
 * machine keep to.
 */

/** How often a run is looked at, and how often its slices store what such a look reads. */
interface Pace {
  /** A checkpoint costs a request: often enough that a slice that is killed has lost little. */
  readonly checkpointMs: number;
  /**
   * Whole seconds that the state machine waits between two looks at the run; what a look takes comes on top. An execution has 25,000 events
   * at most, and a look takes `eventsPerLook` of them.
   */
  readonly pollSeconds: number;
}

const ofAnyRun: Pace = { checkpointMs: 10_000, pollSeconds: 5 };
/** For a run that a threshold may end: the threshold is checked against checkpoints. */
const watched: Pace = { checkpointMs: 5_000, pollSeconds: 5 };
/** Of a search, on one machine: a request costs nothing, and each hold waits for the next checkpoint and the next look. */
const rehearsedSearch: Pace = { checkpointMs: 1_000, pollSeconds: 1 };

/** In the history of the execution: two of the Wait, two of the Choice, and five of the Task, which schedules, starts and ends a Lambda. */
export const eventsPerLook = 9;

function paceOf(plan: PacedPlan): Pace {
  const reason = watchReasonOf(plan.profile);
  if (reason === undefined) return ofAnyRun;
  return reason === 'search' && !accountOf(plan).isCharged ? rehearsedSearch : watched;
}

type WatchedProfile = Pick<RunProfile, 'thresholds' | 'search'>;

/** Without an account: as on AWS. */
type PacedPlan = Pick<Plan, 'account'> & {
  readonly profile: WatchedProfile;
  readonly timeline?: Pick<Timeline, 'createdAt' | 'publishEndAt'>;
};

/** How often a slice stores what it has measured so far. */
export function checkpointEveryMs(plan: PacedPlan): number {
  return paceOf(plan).checkpointMs;
}

/** A machine that is busy, or a run store that is slow, delays a checkpoint by seconds. */
const leastDeadAfterMs = 10_000;

/** A running slice whose last checkpoint is older than this is not waited for: it has probably died. */
export function deadAfterMs(plan: PacedPlan): number {
  return Math.max(leastDeadAfterMs, 3 * checkpointEveryMs(plan));
}

/** Whole seconds between two looks at a watched run. */
export function pollEverySeconds(plan: PacedPlan): number {
  return Math.max(paceOf(plan).pollSeconds, leastSecondsBetweenLooks(plan));
}

/** Whole seconds, so that the execution of a long run does not come to the end of its events. */
export function leastSecondsBetweenLooks({ timeline }: Pick<PacedPlan, 'timeline'>): number {
  const { createdAt, publishEndAt } = timeline ?? { createdAt: 0, publishEndAt: 0 };
  return Math.ceil((publishEndAt - createdAt) / 1_000 / mostLooks);
}

/** Of one run: with all else that its execution does they stay below its 25,000 events. */
const mostLooks = 2_700;

/** How often a subscriber slice stores an arrival window: as often as the readers of the queue do (`batchWindowSeconds`). */
export const arrivalWindowMs = 1_000;

/**
 * Why the state machine looks at a run while it goes on. `thresholds`: one may end it before its time (`abortOnFail`). `search`: it judges
 * the holds of a search, and issues its steps.
 */
export type WatchReason = 'thresholds' | 'search';

/** @returns undefined: the state machine does not look at such a run */
export function watchReasonOf({ thresholds, search }: WatchedProfile): WatchReason | undefined {
  if (search !== undefined) return 'search';
  const mayEnd = Object.values(thresholds).some((list) => list.some(({ abortOnFail }) => abortOnFail));
  return mayEnd ? 'thresholds' : undefined;
}

/** Whether the state machine looks at the run while it goes on. */
export function isWatched(profile: WatchedProfile): boolean {
  return watchReasonOf(profile) !== undefined;
}

/**
 * How often an HTTP slice polls the control message, on average: every four seconds, so that it stops within five; more
 * seldom where there are more than 1,600 slices, which together ask 400 times a second. AWS IoT Core allows an account 500
 * GetRetainedMessage calls a second, and the run is not the only one that makes some.
 */
export function controlPollEveryMs(slices: number): number {
  return Math.max(4_000, Math.ceil((slices / controlPollsPerSecond) * 1_000));
}

const controlPollsPerSecond = 400;

/** Up to this share of the interval earlier or later, at random: slices that started together do not go on asking together. */
const controlPollJitter = 0.2;

/** Milliseconds until an HTTP slice polls again. @param random 0–1 */
export function nextControlPollMs(slices: number, random: number): number {
  return controlPollEveryMs(slices) * (1 + controlPollJitter * (2 * random - 1));
}

/** A slice that cannot have been reached by a stop for this long stops by itself. */
export const controlLostAfterMs = 30_000;

/** The same of an HTTP slice, which misses several answers before that. */
export function controlPollLostAfterMs(slices: number): number {
  return Math.max(controlLostAfterMs, 3 * controlPollEveryMs(slices));
}

/**
 * Whole seconds in which every slice has noticed a stop: the state machine waits as long before it goes on.
 * @param httpsSlices slices that poll, because they have no control channel
 */
export function stopWithinSeconds(httpsSlices: number): number {
  const longestPollMs = httpsSlices > 0 ? nextControlPollMs(httpsSlices, 1) : 0;
  return Math.max(6, Math.ceil(longestPollMs / 1_000) + 1);
}

/**
 * Keep-alive of a slice's control channel: the least that AWS IoT Core takes. It detects a connection that
 * broke silently; a device's own keep-alive may be minutes long.
 */
export const controlKeepAliveMs = 30_000;

/**
 * What summarize may take, as `serverless.yml` and the state machine have it: as long as a Lambda may run. It waits for the
 * queue, then for CloudWatch.
 */
export const summarizeTimeoutMs = 900_000;
