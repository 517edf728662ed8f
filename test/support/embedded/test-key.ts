import type { Credentials } from '../../../src/embedded/gateway/request-signature.ts';

/** For parts of embedded AWS that a test starts by itself; a whole one makes a key of its own. */
export const testKey = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' } as const;

/** What a process that these variables lead to embedded AWS signs with. */
export function keyIn(environment: Readonly<Record<string, string>>): Credentials {
  return {
    accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
  };
}

/** Settings of an SDK client that calls a gateway with that key, and does not try again. */
export const clientSettingsOf = ({ url }: { readonly url: string }) => ({
  endpoint: url,
  region: 'us-east-1',
  credentials: testKey,
  maxAttempts: 1,
});
