import type { LoadProfile } from '../profile/load-profile.ts';

/*
 * What a run's own code does again and again: the forecast counts with the same intervals that slices and the state
 * machine keep to.
 */

/** A checkpoint costs a request: often enough that a slice that is killed has lost little. */
const checkpointMs = 10_000;
/** Of a run that a threshold may end, for it sees no further than the last checkpoint. */
const watchedCheckpointMs = 5_000;

/** How often a slice stores what it has measured so far. */
export function checkpointEveryMs(profile: Pick<LoadProfile, 'thresholds'>): number {
  return isWatched(profile) ? watchedCheckpointMs : checkpointMs;
}

/** Whether a threshold may end the run before its time (`abortOnFail`). */
export function isWatched({ thresholds }: Pick<LoadProfile, 'thresholds'>): boolean {
  return Object.values(thresholds).some((list) => list.some(({ abortOnFail }) => abortOnFail));
}

/** Between two looks at a watched run; `statemachine/load-test.asl.json` waits as long, and a test holds the two equal. */
export const watchEverySeconds = 5;

/**
 * How often an HTTP slice asks for the control message: often enough that it stops within five seconds; seldom enough
 * that 1,000 slices stay at half of the 500 GetRetainedMessage calls a second that AWS IoT Core allows an account.
 */
export const controlPollEveryMs = 4_000;

/** A slice that nobody could tell to stop for this long stops by itself. */
export const controlLostAfterMs = 30_000;

/**
 * Keep-alive of a slice's control channel: the least that AWS IoT Core takes. A connection that died without a word is
 * noticed by it, where a device's own may be quiet for minutes.
 */
export const controlKeepAliveMs = 30_000;
