import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findAddresses, publishAddress } from '../../../../src/embedded/gateway/addresses.ts';

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(path.join(tmpdir(), 'stampede-addresses-'));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

const address = (pid: number) => ({
  pid,
  environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
  stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:stampede-dev',
});
/** Larger than any that Linux gives away. */
const deadPid = 2 ** 22 + 1;

describe('addresses of embedded AWS', () => {
  it('are found until they are withdrawn, and only by their own user', () => {
    const withdraw = publishAddress(runs, address(process.pid));
    expect(findAddresses(runs)).toEqual([address(process.pid)]);
    const file = path.join(runs, '.embedded', `${process.pid}.json`);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o077).toBe(0);
    withdraw();
    expect(findAddresses(runs)).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });

  it('of a process that was killed are taken away', () => {
    publishAddress(runs, address(deadPid));
    const withdraw = publishAddress(runs, address(process.pid));
    expect(findAddresses(runs).map(({ pid }) => pid)).toEqual([process.pid]);
    expect(readdirSync(path.join(runs, '.embedded'))).toEqual([`${process.pid}.json`]);
    withdraw();
  });

  it('are of this machine only, even if another user made the file', () => {
    const unrelated: Record<string, unknown>[] = [
      { AWS_ENDPOINT_URL: 'http://attacker.example' },
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_SFN: 'http://169.254.169.254/' },
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_SFN: '//attacker.example' },
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', INFLUX_URL: 'http://127.0.0.1@attacker.example/' },
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', INFLUX_URL: 'http://127.0.0.1.attacker.example/' },
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', IOT_ENDPOINT: 'mqtt://127.0.0.1:1,mqtt://attacker.example' },
      { AWS_ENDPOINT_URL: '' },
      { AWS_ENDPOINT_URL: ['http://127.0.0.1:1'] },
      {},
    ];
    const file = path.join(runs, '.embedded', `${process.pid}.json`);
    for (const environment of unrelated) {
      publishAddress(runs, address(process.pid));
      writeFileSync(file, JSON.stringify({ ...address(process.pid), environment }));
      expect(findAddresses(runs)).toEqual([]);
    }
    publishAddress(runs, address(process.pid));
    writeFileSync(file, JSON.stringify({ ...address(process.pid), pid: -1 }));
    expect(findAddresses(runs)).toEqual([]);
  });

  it('are neither read, written nor deleted behind a link', () => {
    const outside = path.join(runs, 'outside');
    mkdirSync(outside);
    for (const pid of [deadPid, process.pid])
      writeFileSync(path.join(outside, `${pid}.json`), JSON.stringify(address(pid)));
    const directory = path.join(runs, '.embedded');
    symlinkSync(outside, directory);
    expect(() => findAddresses(runs)).toThrow(`${directory} is a symbolic link`);
    expect(() => publishAddress(runs, address(1))).toThrow(`${directory} is a symbolic link`);
    expect(readdirSync(outside).toSorted()).toEqual([`${deadPid}.json`, `${process.pid}.json`].toSorted());
  });

  it('are regular files: a FIFO does not hang, a link is not followed', () => {
    publishAddress(runs, address(process.pid));
    const file = path.join(runs, '.embedded', `${process.pid}.json`);
    const other = path.join(runs, 'other');
    renameSync(file, other);
    symlinkSync(other, file);
    expect(findAddresses(runs)).toEqual([]);
    expect(existsSync(other)).toBe(true);
    execFileSync('mkfifo', [file]);
    expect(findAddresses(runs)).toEqual([]);
    symlinkSync(other, `${file}.new`);
    publishAddress(runs, address(process.pid))();
    expect(readFileSync(other, 'utf8')).toBe(JSON.stringify(address(process.pid)));
  });

  it('are none where nothing ever ran, or what is there is no address', () => {
    expect(findAddresses(path.join(runs, 'nowhere'))).toEqual([]);
    publishAddress(runs, address(process.pid))();
    writeFileSync(path.join(runs, '.embedded', '1.json'), '{"pid":');
    expect(findAddresses(runs)).toEqual([]);
  });
});
