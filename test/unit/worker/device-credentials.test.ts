import { expect, it } from '@jest/globals';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { iotCoreEndpointsOf } from '../../../src/targets/aws-iot/endpoints.ts';
import { makeMqttTargetReader } from '../../../src/worker/device-credentials.ts';

const { connect } = parseLoadProfile({ devices: 1, ratePerSecond: 1, duration: '1s' });
const devices = { runId: 'r', firstDevice: 0, count: 1 };

/** A secret that is another one at each read. */
function rotating(secretAt: (read: number) => object) {
  let reads = 0;
  let now = 0;
  const notSigned = async (): Promise<never> => {
    throw new Error('nothing is signed here');
  };
  const account = {
    secret: async () => JSON.stringify(secretAt(++reads)),
    region: notSigned,
    credentials: notSigned,
  };
  const keys = {
    certificateSecret: 'fleet',
    authorizerSecret: 'words',
    authorityFile: undefined,
    variables: {},
  };
  const readTarget = makeMqttTargetReader(keys, account, () => now);
  return {
    reads: () => reads,
    async passAt(ms: number, auth: 'x509' | 'custom') {
      now = ms;
      return (await readTarget(iotCoreEndpointsOf('example.com'), { ...connect, auth }, devices)).credentials;
    },
  };
}

it('reads a rotated certificate once the one that it has is 60 s old', async () => {
  const secret = rotating((read) => ({ certificate: `certificate ${read}`, privateKey: 'key' }));
  const certificateAt = async (ms: number) => {
    const pass = await secret.passAt(ms, 'x509');
    return pass.auth === 'x509' ? pass.pairOf(0).certificate : undefined;
  };
  expect(await certificateAt(0)).toBe('certificate 1');
  expect(await certificateAt(59_999)).toBe('certificate 1');
  expect(await certificateAt(60_000)).toBe('certificate 2');
  expect(await certificateAt(119_999)).toBe('certificate 2');
  expect(secret.reads()).toBe(2);
});

it.each([
  ['password', (read: number) => ({ authorizerName: 'a', username: 'u', password: `p${read}` })],
  [
    'token',
    (read: number) => ({ authorizerName: 'a', tokenKeyName: 'k', token: `p${read}`, signature: 's' }),
  ],
])('reads a rotated %s of a custom authorizer as soon', async (_what, secretAt) => {
  const secret = rotating(secretAt);
  const shownAt = async (ms: number) => {
    const pass = await secret.passAt(ms, 'custom');
    return pass.auth === 'custom' ? (pass.authorizer.password ?? pass.authorizer.token?.value) : undefined;
  };
  expect(await shownAt(0)).toBe('p1');
  expect(await shownAt(59_999)).toBe('p1');
  expect(await shownAt(60_000)).toBe('p2');
  expect(secret.reads()).toBe(2);
});
