import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pairsIn } from '../../../src/worker/device-certificates.ts';
import { readLogins } from '../../../src/worker/device-passwords.ts';

const devices = { runId: 'run-1', firstDevice: 5, count: 2 };
const access = (secret = '') => ({ variables: { P: 'p-{deviceIndex}' }, secret: async () => secret });

describe('readLogins', () => {
  it('fills in placeholders, of the user name and of what a variable holds', async () => {
    const login = await readLogins(
      { username: '{deviceId}@{runId}', password: { variable: 'P' } },
      devices,
      access(),
    );
    expect([login(0), login(1)]).toEqual([
      { username: 'd5@run-1', password: 'p-5' },
      { username: 'd6@run-1', password: 'p-6' },
    ]);
    // The subscriber has more connections than it has devices to speak for.
    expect(login(7)).toEqual(login(1));
  });

  it('fills in client ids that are the same in every run', async () => {
    const login = await readLogins({ username: '{clientId}', identity: 'go-live' }, devices, access());
    expect(login(1).username).toBe('stampede-go-live-d6');
  });

  it('reads a line a device, and says when there are too few', async () => {
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'stampede-passwords-')), 'passwords');
    await writeFile(file, Array.from({ length: 7 }, (_, i) => `line ${i}\r\n`).join(''));
    const read = (range: typeof devices) =>
      readLogins({ username: 'u', password: { file } }, range, access());
    expect((await read(devices))(1)).toEqual({ username: 'u', password: 'line 6' });
    await expect(read({ ...devices, count: 3 })).rejects.toThrow('has 7 lines, and device d7 needs line 8');
  });

  it.each([
    ['no line at all', '', 'has 0 lines, and device d0 needs line 1'],
    ['one line', 'a', 'has 1 line, and device d1 needs line 2'],
    ['an empty line between others', 'a\n\nc', 'has no password for device d1: line 2 is empty'],
  ])('refuses a file with %s', async (_what, text, message) => {
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'stampede-passwords-')), 'passwords');
    await writeFile(file, text);
    const count = Math.max(1, text.split('\n').length + (text === 'a' ? 1 : 0));
    const range = { runId: 'run-1', firstDevice: 0, count };
    await expect(readLogins({ username: 'u', password: { file } }, range, access())).rejects.toThrow(message);
  });

  it('takes a secret as it is, or as JSON', async () => {
    const secret = { secret: 'broker' };
    const plain = await readLogins({ username: 'u', password: secret }, devices, access('s3cret'));
    expect(plain(0)).toEqual({ username: 'u', password: 's3cret' });
    const json = await readLogins({ password: secret }, devices, access('{"username":"v","password":"w"}'));
    expect(json(0)).toEqual({ username: 'v', password: 'w' });
    await expect(readLogins({ password: secret }, devices, access('x'))).rejects.toThrow('holds no username');
  });

  it('names a variable that is not set', async () => {
    const reading = readLogins({ username: 'u', password: { variable: 'NOPE' } }, devices, access());
    await expect(reading).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('NOPE') });
  });
});

it('pairs certificates and keys by name, numbers as numbers', () => {
  const names = [
    'd10.pem',
    'd10.key',
    'd2.crt',
    'd2.key',
    'x-certificate.pem.crt',
    'x-private.pem.key',
    'ca.pem',
  ];
  expect(pairsIn(names)).toEqual([
    { cert: 'd2.crt', key: 'd2.key' },
    { cert: 'd10.pem', key: 'd10.key' },
    { cert: 'x-certificate.pem.crt', key: 'x-private.pem.key' },
  ]);
});
