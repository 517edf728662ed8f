import type { LoadProfile } from '../profile/load-profile.ts';
import type { ProfileOverrides } from '../profile/overrides.ts';
import { parseLoadProfile } from '../profile/parse.ts';
import { anyTarget, type TargetRules } from '../profile/target-rules.ts';
import type { InputError } from '../shared/errors.ts';
import { checkOffers } from './check-offers.ts';
import { parseTarget, type WrongTarget } from './parse-target.ts';
import type { Target } from './target.ts';
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
  return parseLoadProfile(input, overrides, found, ({ target: url }) => {
    const target = typeof url === 'string' && url !== '' ? parseTarget(url, []) : undefined;
    if (target === undefined || !isWrong(target)) return rulesOf(target, schemeOf(url));
    // Which limits it has is not known: only what no target takes is an error beside it.
    return { ...anyTarget, errors: [{ path: 'target', message: target.wrong, hint: target.hint }] };
  });
}

/**
 * What a target makes of the settings of a profile that loads it; undefined: this account's IoT Core.
 * @param scheme of the URL by which the profile names it
 */
export function rulesOf(target: Target | undefined, scheme?: string): TargetRules {
  const traits = traitsOf(target);
  const [first = 'mqtt', ...others] = traits.offers.protocols;
  return {
    errors: [],
    limits: traits.limits,
    protocols: [first, ...others],
    check: (settings) => checkOffers({ traits, scheme }, settings),
    makesRequests: traits.offers.requests,
    hasArrivals: traits.observers.length > 0,
  };
}

/** What a parsed profile names as its target; undefined: this account's IoT Core. */
export function wantedTargetOf(profile: LoadProfile): Target | undefined {
  if (profile.target === undefined) return undefined;
  const groups = profile.groups ?? [profile];
  const target = parseTarget(
    profile.target,
    groups.map(({ connect }) => connect.auth),
  );
  return isWrong(target) ? undefined : target;
}

function schemeOf(url: unknown): string | undefined {
  return typeof url === 'string' ? /^[^:]*/.exec(url)?.[0].toLowerCase() : undefined;
}

function isWrong(target: Target | WrongTarget): target is WrongTarget {
  return 'wrong' in target;
}
