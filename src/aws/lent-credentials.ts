import type { AccessCredentials } from '../device/identity/credentials.ts';
import { exitCodes, StampedeError } from '../shared/errors.ts';
import type { SigningAccess } from './account-access.ts';

/** Where a process of this machine that holds the user's credentials of AWS gives them to slices that sign requests. */
export interface CredentialLender {
  readonly url: string;
  readonly token: string;
  /** Empty: each group of the profile names its own. */
  readonly region: string;
}

/** The process that lends AWS credentials has none, or has ended. */
class NoLentCredentialsError extends StampedeError {
  constructor(what: string) {
    super('NoLentCredentials', `the AWS credentials of this machine’s user could not be read: ${what}`, {
      hint: 'check aws sts get-caller-identity; credentials may have expired during the run',
      exitCode: exitCodes.badUsage,
    });
  }
}

/** AWS renews temporary credentials before this much of their time is left. */
const renewedBeforeMs = 300_000;
/** Credentials that AWS has not renewed by then are read again this often until they expire. */
const rereadEveryMs = 10_000;

/**
 * The user's credentials, renewed while a slice runs: its answers have the form of AWS's container credentials.
 * @param now epoch milliseconds
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function makeLentCredentials(
  { url, token, region }: CredentialLender,
  now: () => number = Date.now,
): SigningAccess {
  let kept: Promise<LentCredentials> | undefined;
  let keptUntil = Number.NEGATIVE_INFINITY;
  const read = async (): Promise<LentCredentials> => {
    const answer = await fetch(url, { headers: { authorization: token } }).catch((error: Error) => {
      throw new NoLentCredentialsError(String(error.cause ?? error.message));
    });
    // Nothing of the body is shown: it may hold a key.
    if (!answer.ok) throw new NoLentCredentialsError(`status ${answer.status}`);
    return credentialsOf((await answer.json()) as Readonly<Record<string, unknown>>);
  };
  return {
    region: async () => region,
    credentials() {
      if (kept !== undefined && now() < keptUntil) return kept;
      const reading = read();
      kept = reading;
      keptUntil = Number.POSITIVE_INFINITY;
      reading.then(
        ({ expiresAt }) => {
          keptUntil = Math.min(expiresAt, Math.max(expiresAt - renewedBeforeMs, now() + rereadEveryMs));
        },
        () => {
          kept = undefined;
        },
      );
      return reading;
    },
  };
}

interface LentCredentials extends AccessCredentials {
  /** Epoch milliseconds; infinite: they do not expire. */
  readonly expiresAt: number;
}

function credentialsOf({
  AccessKeyId,
  SecretAccessKey,
  Token,
  Expiration,
}: Readonly<Record<string, unknown>>): LentCredentials {
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string')
    throw new NoLentCredentialsError('the answer has none');
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(typeof Token === 'string' && { sessionToken: Token }),
    expiresAt: typeof Expiration === 'string' ? Date.parse(Expiration) : Number.POSITIVE_INFINITY,
  };
}
