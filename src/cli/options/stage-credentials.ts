import { groupProfilesOf } from '../../plan/groups.ts';
import type { LoadProfile } from '../../profile/load-profile.ts';
import { InvalidInputError } from '../../shared/errors.ts';

/**
 * Refuses credentials that are on this machine, in a file or a variable, for a run that takes place in a deployed stack.
 * @throws InvalidInputError
 */
export function refuseLocalCredentials(profile: LoadProfile): void {
  const paths = new Set(
    groupProfilesOf(profile).flatMap(({ connect, http }) => {
      const { ca, cert, key, password } = connect;
      const given = { ca, cert, key, password: typeof password === 'object' ? password : undefined };
      return [...localIn('connect', given), ...localIn('http.headers', secretHeadersOf(http?.headers ?? {}))];
    }),
  );
  if (paths.size === 0) return;
  throw new InvalidInputError(
    'The load profile',
    [...paths].map((path) => ({
      path,
      message: 'is on this machine, and devices connect from the stack',
      hint:
        path === 'connect.key'
          ? 'give connect.cert as {"secret": "STACK/target-…"}, with the key in it; see docs/targets.md'
          : 'give it as {"secret": "STACK/target-…"}, or run without --stage; see docs/targets.md',
    })),
  );
}

function localIn(parent: string, values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined || (typeof value === 'object' && value !== null && 'secret' in value)
      ? []
      : [`${parent}.${name}`],
  );
}

/** Those whose value stands somewhere else. */
function secretHeadersOf(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => typeof value !== 'string'));
}
