import { groupProfilesOf } from '../../plan/groups.ts';
import type { LoadProfile } from '../../profile/load-profile.ts';
import { InvalidInputError } from '../../shared/errors.ts';

const files = ['ca', 'cert', 'key'] as const;

/**
 * Refuses credentials that are on this machine for a run that takes place in a deployed stack.
 * @throws InvalidInputError
 */
export function refuseLocalCredentials(profile: LoadProfile): void {
  const paths = new Set(
    groupProfilesOf(profile).flatMap(({ connect }) => [
      ...files.filter((name) => connect[name] !== undefined).map((name) => `connect.${name}`),
      ...(typeof connect.password === 'object' && !('secret' in connect.password)
        ? ['connect.password']
        : []),
    ]),
  );
  if (paths.size === 0) return;
  throw new InvalidInputError(
    'The load profile',
    [...paths].map((path) => ({
      path,
      message: 'is on this machine, and devices connect from the stack',
      hint: 'give the password as {"secret": "STACK/target-…"}, or run without --stage; see docs/targets.md',
    })),
  );
}
