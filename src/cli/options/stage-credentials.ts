import { groupProfilesOf } from '../../plan/groups.ts';
import type { LoadProfile } from '../../profile/load-profile.ts';
import { InvalidInputError } from '../../shared/errors.ts';

/**
 * Refuses credentials that devices cannot read where the run takes place: a deployed stack has neither files nor variables of this
 * machine, and a run on this machine reads no secret of an account.
 * @throws InvalidInputError
 */
export function checkCredentialSources(profile: LoadProfile, isDeployed: boolean): void {
  const sources = new Map(groupProfilesOf(profile).flatMap(sourcesOf));
  const unreadable = [...sources].filter(([, isSecret]) => isSecret !== isDeployed);
  if (unreadable.length === 0) return;
  throw new InvalidInputError(
    'The load profile',
    unreadable.map(([path]) => (isDeployed ? localError(path) : secretError(path))),
  );
}

function localError(path: string) {
  return {
    path,
    message: 'is on this machine, and devices connect from the stack',
    hint:
      path === 'connect.key'
        ? 'give connect.cert as {"secret": "STACK/target-…"}, with the key in it; see docs/targets.md'
        : 'give it as {"secret": "STACK/target-…"}, or run without --stage; see docs/targets.md',
  };
}

function secretError(path: string) {
  return {
    path,
    message: 'is a secret of AWS Secrets Manager, and devices connect from this machine',
    hint: 'give it as a variable or a file, or run in a deployed stack with --stage; see docs/targets.md',
  };
}

/** Paths of a group's settings whose value stands somewhere else, and whether that is a secret. */
function sourcesOf({
  connect,
  http,
}: Pick<LoadProfile, 'connect' | 'http'>): [path: string, isSecret: boolean][] {
  const { ca, cert, key, password } = connect;
  const files = Object.entries({ ca, cert, key }).filter(([, value]) => value !== undefined);
  // Text is a template or the value itself.
  const named = [['password', password] as const].filter(([, value]) => typeof value === 'object');
  const headers = Object.entries(http?.headers ?? {}).filter(([, value]) => typeof value === 'object');
  return [
    ...[...files, ...named].map(([name, value]) => [`connect.${name}`, value] as const),
    ...headers.map(([name, value]) => [`http.headers.${name}`, value] as const),
  ].map(([path, value]) => [path, typeof value === 'object' && 'secret' in value]);
}
