import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DeviceIssuer, type Keyed, makeAuthority } from '../../../../src/device/identity/device-issuer.ts';
import { deriveDeviceKey } from '../../../../src/device/identity/device-key.ts';
import { randomCases } from '../../../support/effort.ts';

const valid = { from: Date.UTC(2026, 8, 1), to: Date.UTC(2036, 8, 1) };
const secret = Buffer.alloc(32, 7);
const jwkOf = (number: { seed: number; device: number }, algorithm: 'P-256' | 'RSA-2048' = 'P-256') =>
  deriveDeviceKey(secret, number, algorithm).export({ format: 'jwk' });

describe('the key of a device', () => {
  it('is that of its authority, seed and number, and of no other', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, device) => {
        const own = jwkOf({ seed, device });
        expect(jwkOf({ seed, device })).toEqual(own);
        const others = [
          jwkOf({ seed: seed + 1, device }),
          jwkOf({ seed, device: device + 1 }),
          deriveDeviceKey(Buffer.alloc(32, 8), { seed, device }, 'P-256').export({ format: 'jwk' }),
        ];
        for (const { d } of others) expect(d).not.toBe(own.d);
      }),
      randomCases(100),
    );
  });

  it('stays what it is: certificates of a fleet that is registered go on to be its devices’', () => {
    expect(jwkOf({ seed: 42, device: 0 }).d).toBe('ceOsF4pvioXulUHMusDJ-E1X5Gc7pcxPuHIqkxk1uDI');
    expect(jwkOf({ seed: 42, device: 1_234_567 }).d).toBe('qbSvBHWzNNNbb8NAtfSuyq-q3SY4d32FKMhUn3v78zs');
  });

  it('can be RSA with 2,048 bits', () => {
    const key = deriveDeviceKey(secret, { seed: 42, device: 3 }, 'RSA-2048');
    expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 2_048, publicExponent: 65_537n });
    const { p = '', q = '', n } = key.export({ format: 'jwk' });
    const numberOf = (text: string) => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);
    expect(numberOf(p) * numberOf(q)).toBe(numberOf(n!));
    expect(jwkOf({ seed: 42, device: 3 }, 'RSA-2048').n).toBe(n);
  });

  it('needs a number of a device', () => {
    for (const device of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => deriveDeviceKey(secret, { seed: 1, device }, 'P-256')).toThrow(RangeError);
  });
});

describe('the certificate of a device', () => {
  let authority: Keyed;
  let issuer: DeviceIssuer;

  beforeAll(async () => {
    authority = await makeAuthority('Stampede fleet CA', valid);
    issuer = await DeviceIssuer.open(authority);
  });

  it('is the same to the byte from another process’s issuer, and has its device’s key', async () => {
    const [first, again] = await Promise.all([
      issuer.issue({ seed: 42, device: 9 }),
      (await DeviceIssuer.open(structuredClone(authority))).issue({ seed: 42, device: 9 }),
    ]);
    expect(again).toEqual(first);
    const certificate = new X509Certificate(first.certificate);
    const root = new X509Certificate(authority.certificate);
    expect(certificate.checkPrivateKey(createPrivateKey(first.key))).toBe(true);
    expect(certificate.verify(root.publicKey)).toBe(true);
    expect(certificate.checkIssued(root)).toBe(true);
    expect(certificate.subject).toBe('CN=stampede-42-9');
    expect([certificate.ca, root.ca]).toEqual([false, true]);
    expect([certificate.validFromDate, certificate.validToDate].map(Number)).toEqual([valid.from, valid.to]);
  });

  it('is another one for each device, seed and kind of key', async () => {
    const numbers = [0, 1, 2, 1_000_000].flatMap((device) => [41, 42].map((seed) => ({ seed, device })));
    const issued = await Promise.all(numbers.map((number) => issuer.issue(number)));
    const read = issued.map(({ certificate }) => new X509Certificate(certificate));
    for (const what of ['serialNumber', 'fingerprint256', 'subject'] as const)
      expect(new Set(read.map((each) => each[what])).size).toBe(numbers.length);
    const rsa = new X509Certificate((await issuer.issue(numbers[0]!, 'RSA-2048')).certificate);
    expect(rsa.publicKey.asymmetricKeyType).toBe('rsa');
    expect(rsa.serialNumber).not.toBe(read[0]!.serialNumber);
  });

  it('is not of an authority that has not signed it, nor of a key that is not RSA', async () => {
    const other = await makeAuthority('Stampede fleet CA', valid);
    const { certificate } = await issuer.issue({ seed: 42, device: 9 });
    expect(new X509Certificate(certificate).verify(new X509Certificate(other.certificate).publicKey)).toBe(
      false,
    );
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    await expect(DeviceIssuer.open({ ...authority, key })).rejects.toThrow();
    expect(createPublicKey(authority.key).asymmetricKeyType).toBe('rsa');
  });
});
