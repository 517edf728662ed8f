import type { InputError } from '../shared/errors.ts';
import type { JsonObject } from '../shared/json-path.ts';
import type { LoadProfile, Protocol } from './load-profile.ts';
import { noTargetLimits, type TargetLimits } from './target-limits.ts';

/** What a target makes of a load profile that names it. */
export interface TargetRules {
  /** Errors of the target itself. */
  readonly errors: readonly InputError[];
  readonly limits: TargetLimits;
  /** Over which it can be loaded, first the one for a profile that does not say. */
  readonly protocols: readonly [Protocol, ...Protocol[]];
  /** Whether messages are requests, which `http` describes; undefined: not known. */
  readonly makesRequests: boolean | undefined;
  /** Whether any observer sees messages arrive. Without one, a message ends with its answer. */
  readonly hasArrivals: boolean;
  /** What the target does not offer. A profile with groups is checked group by group. */
  check(settings: CheckedSettings): InputError[];
}

/** @param form the profile as the user wrote it, with flags and variables over it */
export type FindTargetRules = (form: JsonObject) => TargetRules;

/** A flat profile, or one group as if it were one. */
export interface CheckedSettings {
  readonly profile: LoadProfile;
  /** As the user wrote it. */
  readonly input: JsonObject;
  /** Whether a setting is of the right shape; the profile has a default in place of one that is not. */
  isSound(path: string): boolean;
}

/** Only what no target takes is an error. */
export const anyTarget: TargetRules = {
  errors: [],
  limits: noTargetLimits,
  protocols: ['mqtt', 'https'],
  makesRequests: undefined,
  hasArrivals: true,
  check: () => [],
};
