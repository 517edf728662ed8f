import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeFunctionLogs } from '../../../../src/embedded/lambda/function-log.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'stampede-logs-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const modeOf = (file: string): number => statSync(file).mode & 0o777;
const processNameOf = (hour: number): string => `2026-09-01T${String(hour).padStart(2, '0')}-00-00.000Z-4711`;

describe('logs of functions', () => {
  it('are readable by this user only', async () => {
    const root = path.join(directory, '.logs');
    const logs = makeFunctionLogs(root, processNameOf(1));
    const stream = logs.openStream('plan', '1');
    stream.write('one line\n');
    await stream.close();
    const files = ['', processNameOf(1), `${processNameOf(1)}/plan`].map((name) => path.join(root, name));
    expect(files.map(modeOf)).toEqual([0o700, 0o700, 0o700]);
    expect(modeOf(path.join(logs.directory, 'plan', '1.log'))).toBe(0o600);
  });

  it('of the oldest processes are deleted, and nothing else', async () => {
    for (let hour = 1; hour <= 14; hour++) mkdirSync(path.join(directory, processNameOf(hour)));
    mkdirSync(path.join(directory, '0-of-the-user'));
    writeFileSync(path.join(directory, 'embedded-aws.log'), '');
    const logs = makeFunctionLogs(directory, processNameOf(15));
    await logs.pruned;
    expect(readdirSync(directory)).toEqual([
      '0-of-the-user',
      ...Array.from({ length: 10 }, (_, n) => processNameOf(n + 6)),
      'embedded-aws.log',
    ]);
  });

  it('are neither written nor deleted behind a link', () => {
    const outside = path.join(directory, 'outside');
    for (let hour = 1; hour <= 14; hour++) {
      mkdirSync(path.join(outside, processNameOf(hour)), { recursive: true });
    }
    const root = path.join(directory, '.logs');
    symlinkSync(outside, root);
    expect(() => makeFunctionLogs(root, processNameOf(15))).toThrow(`${root} is a symbolic link`);
    expect(readdirSync(outside)).toHaveLength(14);
  });
});
