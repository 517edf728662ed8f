import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, it } from '@jest/globals';
import { iotCoreEndpointsOf } from '../../../src/targets/aws-iot/endpoints.ts';
import { makeMqttTargetReader } from '../../../src/worker/device-credentials.ts';

it('reads a rotated certificate once the one that it knows is 60 s old', async () => {
  let reads = 0;
  const client = {
    send: async () => {
      reads++;
      return { SecretString: JSON.stringify({ certificate: `certificate ${reads}`, privateKey: 'key' }) };
    },
  } as unknown as Pick<SecretsManagerClient, 'send' | 'config'>;
  let now = 0;
  const keys = { certificateSecret: 'fleet', authorizerSecret: undefined, authorityFile: undefined };
  const readTarget = makeMqttTargetReader(keys, client, () => now);
  const certificateAt = async (ms: number) => {
    now = ms;
    const { pass } = await readTarget(iotCoreEndpointsOf('example.com'), 'x509');
    return pass.auth === 'x509' ? pass.certificate : undefined;
  };

  expect(await certificateAt(0)).toBe('certificate 1');
  expect(await certificateAt(59_999)).toBe('certificate 1');
  expect(await certificateAt(60_000)).toBe('certificate 2');
  expect(await certificateAt(119_999)).toBe('certificate 2');
  expect(reads).toBe(2);
});
