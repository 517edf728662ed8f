import { isSameSecret } from '../gateway/account-key.ts';
import { AwsError } from '../gateway/aws-error.ts';
import { header } from '../gateway/gateway.ts';
import type { GatewayService } from '../gateway/gateway-service.ts';

/** As the SDK's chain of providers finds them. */
interface UserCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

export const lentCredentialsPath = '/lent-credentials';

/**
 * Gives slices that sign requests to a web service the credentials of this process's user, in the form of AWS's container credentials.
 * They are in memory only: this process's and that of a slice that signs.
 * @param token of the `Authorization` header
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function makeCredentialLender(
  token: string,
  find: () => Promise<UserCredentials> = findOfUser,
): GatewayService {
  return {
    routes: [{ method: 'GET', path: lentCredentialsPath }],
    maxBodyBytes: 0,
    renderError: ({ code, status, message }) => json(status, { code, message }),
    admit(head) {
      if (!isSameSecret(header(head, 'authorization') ?? '', token))
        throw new AwsError('AccessDenied', 'unauthorized access', 403);
    },
    async handle() {
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = await find().catch(
        (error: Error) => {
          throw new AwsError('NoCredentials', error.name, 404);
        },
      );
      return json(200, {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        ...(sessionToken === undefined ? {} : { Token: sessionToken }),
        ...(expiration === undefined ? {} : { Expiration: expiration.toISOString() }),
      });
    },
  };
}

/** The variables of a slice that signs: where it asks, and for which Region it signs. */
export function lenderVariables(gatewayUrl: string, token: string, { region }: { readonly region: string }) {
  return {
    LENDER_URL: `${gatewayUrl}${lentCredentialsPath}`,
    LENDER_TOKEN: token,
    SIGNING_REGION: region,
  };
}

let finding: Promise<() => Promise<UserCredentials>> | undefined;

/** The SDK's own chain: variables, profiles, single sign-on. It keeps credentials and renews them. */
async function findOfUser(): Promise<UserCredentials> {
  finding ??= import('@aws-sdk/client-s3').then(({ S3Client }) => new S3Client({}).config.credentials);
  return (await finding)();
}

function json(status: number, body: unknown) {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
