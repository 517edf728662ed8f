import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeviceIssuer, type Keyed, makeAuthority } from '../../../src/device/identity/device-issuer.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'stampede-certificates-'));
const fileOf = (name: string) => path.join(folder, name);
const openssl = (...args: string[]) =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function save(name: string, { certificate, key }: Keyed): void {
  writeFileSync(fileOf(`${name}.pem`), certificate);
  writeFileSync(fileOf(`${name}.key`), key);
}

describe('openssl takes', () => {
  let issuer: DeviceIssuer;

  beforeAll(async () => {
    const now = Math.floor(Date.now() / 1_000) * 1_000;
    const valid = { from: now - 3_600_000, to: now + 86_400_000 };
    const authority = await makeAuthority('Stampede fleet CA', valid);
    save('ca', authority);
    save('other', await makeAuthority('Stampede fleet CA', valid));
    issuer = await DeviceIssuer.open(authority);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['P-256', 'RSA-2048'] as const)('a derived certificate and its key: %s', async (algorithm) => {
    save('device', await issuer.issue({ seed: 42, device: 7 }, algorithm));
    const verify = (authority: string) =>
      openssl(
        'verify',
        '-x509_strict',
        '-purpose',
        'sslclient',
        '-CAfile',
        fileOf(authority),
        fileOf('device.pem'),
      );
    expect(verify('ca.pem')).toContain('device.pem: OK');
    expect(() => verify('other.pem')).toThrow(/verification failed|verify failed|signature/i);
    expect(openssl('pkey', '-in', fileOf('device.key'), '-check', '-noout')).toContain('Key is valid');
    const ofKey = openssl('pkey', '-in', fileOf('device.key'), '-pubout');
    expect(openssl('x509', '-in', fileOf('device.pem'), '-noout', '-pubkey')).toBe(ofKey);
    const text = openssl('x509', '-in', fileOf('device.pem'), '-noout', '-text');
    expect(text).toMatch(/Subject: CN ?= ?stampede-42-7/);
    expect(text).toContain('TLS Web Client Authentication');
    expect(text).toContain('CA:FALSE');
  });
});
