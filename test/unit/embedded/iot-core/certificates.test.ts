import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { writeCertificates } from '../../../../src/embedded/iot-core/auth/certificates.ts';

const pair = { certificate: 'certificate', key: 'key' };
const certificates = { authority: 'authority', server: pair, device: pair };
const modeOf = (file: string): number => statSync(file).mode & 0o777;

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'stampede-certificates-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const onPosix = process.platform === 'win32' ? it.skip : it;

onPosix('certificates and key of the embedded IoT Core are readable by this user alone', () => {
  const directory = path.join(root, 'new');
  const files = Object.values(writeCertificates(directory, certificates));
  expect(modeOf(directory)).toBe(0o700);
  expect(files.map((file) => [path.basename(file), modeOf(file)])).toEqual([
    ['ca.pem', 0o600],
    ['device.pem', 0o600],
    ['device.key', 0o600],
  ]);
});

onPosix('even where others could read the files of before, and a link is replaced, not followed', () => {
  const key = path.join(root, 'device.key');
  writeFileSync(key, 'of before');
  chmodSync(key, 0o644);
  const outside = path.join(root, 'outside');
  writeFileSync(outside, 'outside');
  symlinkSync(outside, path.join(root, 'device.pem'));
  const { keyFile } = writeCertificates(root, certificates);
  expect([keyFile, modeOf(keyFile), readFileSync(keyFile, 'utf8')]).toEqual([key, 0o600, 'key']);
  expect(readFileSync(outside, 'utf8')).toBe('outside');
});
