import { S3Client } from '@aws-sdk/client-s3';
import type { AccessCredentials } from '../device/identity/credentials.ts';

/** What this process may do in its account, for what is not a client of the SDK. */
export interface AccountAccess extends SigningAccess {
  /** The text of a secret of Secrets Manager. */
  secret(name: string): Promise<string>;
}

/** Region and credentials for requests that are signed here. */
export interface SigningAccess {
  region(): Promise<string>;
  /** Renewed where they are temporary: call it for each signature. */
  credentials(): Promise<AccessCredentials>;
}

/** As the SDK finds them: on AWS the role of the function, elsewhere the user's variables and profiles. */
export function makeAccountAccess(): AccountAccess {
  // Each function already has this client for its run store.
  const { region, credentials } = new S3Client({}).config;
  let loading: ReturnType<typeof loadSecrets> | undefined;
  return {
    region: () => region(),
    credentials: () => credentials(),
    async secret(name) {
      loading ??= loadSecrets();
      return (await loading)(name);
    },
  };
}

/** Loaded for the first secret: the client would lengthen the cold start of every function that needs none. */
async function loadSecrets(): Promise<(name: string) => Promise<string>> {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({});
  return async (name) => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    return SecretString ?? '';
  };
}
