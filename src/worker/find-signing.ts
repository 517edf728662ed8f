import { makeAccountAccess, type SigningAccess } from '../aws/account-access.ts';
import type { SigningSettings } from '../profile/http-settings.ts';
import { exitCodes, StampedeError } from '../shared/errors.ts';

/** Requests are to be signed on this machine, and its user has no credentials of AWS, or no Region. Exit code 2. */
class NoSigningCredentialsError extends StampedeError {
  constructor(what: string, hint: string, cause?: unknown) {
    super('NoSigningCredentials', `http.signing needs ${what}: nothing was started`, {
      hint,
      exitCode: exitCodes.badUsage,
      cause,
    });
  }
}

/**
 * The Region that requests are signed in where the profile does not say it, once the user's credentials are known to be there; '' if each
 * group says it.
 * @param access the SDK's own chain: variables, profiles, single sign-on
 * @throws NoSigningCredentialsError
 */
export async function findSigning(
  signings: readonly SigningSettings[],
  access: SigningAccess = makeAccountAccess(),
): Promise<{ readonly region: string }> {
  await access.credentials().catch((error: Error) => {
    throw new NoSigningCredentialsError(
      `credentials of AWS, and this machine has none (${error.name})`,
      'aws sso login, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; with --stage the stack signs',
      error,
    );
  });
  if (signings.every(({ region }) => region !== undefined)) return { region: '' };
  const region = await access.region().catch((error: Error) => {
    throw new NoSigningCredentialsError(
      'a Region, and this machine has none set',
      'set http.signing.region, or AWS_REGION',
      error,
    );
  });
  return { region };
}
