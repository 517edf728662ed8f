import type { LoadProfile } from './load-profile.ts';
import type { RateShape } from './load-shapes/rate-stretches.ts';
import { hasSchedule, isIdle } from './load-shapes/resolved-load.ts';

/** A group whose rate an action may change. */
export type RatedGroup = Pick<LoadProfile, 'users' | 'command' | keyof RateShape>;

/** Whether actions can change the rate of a group. Users decide when they send; devices have to know which commands are due. */
export function hasRate(profile: RatedGroup): boolean {
  return hasSchedule(profile) && profile.command === undefined && !isIdle(profile);
}

/**
 * Why an action cannot change the rate of any of these groups.
 * @param group their name; absent: it is for all groups
 * @returns a sentence; undefined: it can
 */
export function whyUnrated(groups: readonly RatedGroup[], group: string | undefined): string | undefined {
  if (groups.some(hasRate)) return undefined;
  const [only] = groups;
  const who = group === undefined ? 'The devices' : `The devices of ${group}`;
  if (groups.length > 1)
    return 'No group has a rate that can be changed: users decide when they send, devices have to know which commands of a backend are due, and idle devices send nothing.';
  if (only?.users !== undefined)
    return `${who} are users who decide when they send: their load has no rate to change.`;
  if (only?.command !== undefined)
    return `${group ?? 'The backend'} sends commands, and its devices have to know which are due: its rate cannot be changed.`;
  return `${who} are idle: they send nothing.`;
}
