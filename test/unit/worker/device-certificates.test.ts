import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { makeCertificates } from '../../../src/embedded/iot-core/auth/certificates.ts';
import { readAuthority } from '../../../src/worker/credential-access.ts';
import { readPairs } from '../../../src/worker/device-certificates.ts';

const day = 86_400_000;
const devices = { runId: 'run-1', firstDevice: 5, count: 2 };
let pair: { readonly certificate: string; readonly key: string };
let other: typeof pair;
beforeAll(async () => {
  [{ device: pair }, { device: other }] = await Promise.all([
    makeCertificates(Date.now()),
    makeCertificates(Date.now()),
  ]);
});

const read = (text: string, now = Date.now()) =>
  readPairs({ cert: { secret: 'stampede-dev/target-device' } }, devices, now, { secret: async () => text });

describe('a certificate in a secret', () => {
  it('is that of every device', async () => {
    const { certificate, key } = pair;
    const pairOf = await read(JSON.stringify({ certificate, privateKey: key }));
    expect([pairOf(0), pairOf(1)]).toEqual([pair, pair]);
  });

  it.each<[what: string, text: () => object | string, message: string]>([
    ['no JSON', () => pair.certificate, 'is not JSON with certificate and privateKey'],
    ['no key', () => ({ certificate: pair.certificate }), 'is not JSON with certificate and privateKey'],
    [
      'no certificate in PEM',
      () => ({ certificate: 'x', privateKey: pair.key }),
      'certificate of the secret stampede-dev/target-device is no certificate in PEM',
    ],
    [
      'the key of another',
      () => ({ certificate: pair.certificate, privateKey: other.key }),
      'is not the key of certificate of the secret stampede-dev/target-device',
    ],
  ])('is refused with %s', async (_what, text, message) => {
    const given = text();
    const reading = read(typeof given === 'string' ? given : JSON.stringify(given));
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.not.toThrow('PRIVATE KEY');
  });

  it('is refused once it has expired', async () => {
    const { certificate, key } = pair;
    const text = JSON.stringify({ certificate, privateKey: key });
    await expect(read(text, Date.now() + 36_500 * day)).rejects.toThrow('expired on');
  });

  it('names a secret that cannot be read', async () => {
    const secret = () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    await expect(readPairs({ cert: { secret: 'target' } }, devices, 0, { secret })).rejects.toThrow(
      'the secret target could not be read: AccessDeniedException',
    );
  });
});

it('refuses one key beside a directory with a pair a device', async () => {
  const cert = await mkdtemp(path.join(tmpdir(), 'stampede-pairs-'));
  const reading = readPairs({ cert, key: 'device.key' }, devices, Date.now(), { secret: async () => '' });
  await expect(reading).rejects.toThrow(`connect.key is one key, and ${cert} is a directory`);
});

it.each([
  ['an empty text', () => ''],
  ['a key', () => pair.key],
  ['another text', () => '{ "devices": 4 }'],
])('refuses %s as an authority', async (_what, text) => {
  const secret = async () => text();
  await expect(readAuthority({ secret: 'target-ca' }, { secret })).rejects.toThrow(
    'the secret target-ca is no certificate in PEM',
  );
});
