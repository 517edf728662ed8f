import type { LoadProfile } from '../profile/load-profile.ts';
import type { ProfileOverrides } from '../profile/overrides.ts';
import { parseLoadProfile } from '../profile/parse.ts';
import type { InputError } from '../shared/errors.ts';
import { traitsOf } from './traits-of.ts';

/**
 * A load profile as it will be run: with every error of the file, the flags, the variables and of the limits of what it loads
 * at once.
 * @throws InvalidInputError
 */
export function parseProfile(
  input: unknown,
  overrides: ProfileOverrides = [],
  found: readonly InputError[] = [],
): LoadProfile {
  // Profiles name no target yet: it is this account's IoT Core.
  return parseLoadProfile(input, overrides, found, traitsOf(undefined).limits);
}
