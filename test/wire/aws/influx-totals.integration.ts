import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeReadInfluxTotals } from '../../../src/aws/influx-totals.ts';
import { freePort } from '../../support/influx/free-port.ts';
import { untilHealthy } from '../../support/until.ts';

// InfluxQL as Debian's InfluxDB reads it: version 1 answers the same `/query` that later ones keep.

const binary = process.env.INFLUXD1 ?? 'influxd';
const isInstalled = /^InfluxDB v?1/.test(spawnSync(binary, ['version'], { encoding: 'utf8' }).stdout ?? '');

let directory: string;
let server: ChildProcess;
let url: string;
beforeAll(async () => {
  if (!isInstalled) return;
  directory = mkdtempSync(path.join(tmpdir(), 'stampede-influx-'));
  const [http, rpc] = [await freePort(), await freePort()];
  url = `http://127.0.0.1:${http}`;
  const file = path.join(directory, 'influx.conf');
  const dir = (name: string) => JSON.stringify(path.join(directory, name));
  writeFileSync(
    file,
    `reporting-disabled = true\nbind-address = "127.0.0.1:${rpc}"\n[meta]\ndir = ${dir('meta')}\n` +
      `[data]\ndir = ${dir('data')}\nwal-dir = ${dir('wal')}\n[http]\nbind-address = "127.0.0.1:${http}"\n`,
  );
  server = spawn(binary, ['-config', file], { stdio: 'ignore' });
  await untilHealthy(`${url}/ping`);
  await fetch(`${url}/query?q=${encodeURIComponent('CREATE DATABASE stampede')}`, { method: 'POST' });
});
afterAll(async () => {
  if (!isInstalled) return;
  server.kill('SIGKILL');
  await once(server, 'exit');
  rmSync(directory, { recursive: true, force: true });
});

/** One point of a slice, as slices write it. */
function pointOf(run: string, slice: number, second: number, users?: number): string {
  const fields = ['connects=1i', 'sent=10i', 'acked=9i', ...(users === undefined ? [] : [`users=${users}i`])];
  return `stampede_slice,run=${run},protocol=mqtt,stage=1 slice=${slice}i,${fields.join(',')} ${second}00000000${slice}`;
}

async function write(lines: readonly string[]): Promise<void> {
  const answer = await fetch(`${url}/write?db=stampede`, { method: 'POST', body: lines.join('\n') });
  if (!answer.ok) throw new Error(await answer.text());
}

(isInstalled ? describe : describe.skip)('totals of a run in InfluxDB', () => {
  const read = (run: string) => makeReadInfluxTotals({ url, bucket: 'stampede', token: '' })(run);

  it('has the users of the last second that all slices have written', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const both = [0, 1, 2, 3].flatMap((at) => [
      pointOf('closed-1', 0, now - 6 + at, 10 + at),
      pointOf('closed-1', 1, now - 6 + at, 20 + at),
    ]);
    // Slice 1 is a second behind; another run, and long ago, are no part of it.
    const others = [pointOf('closed-1', 0, now - 2, 99), pointOf('closed-2', 2, now - 3, 500)];
    await write([...both, ...others, pointOf('closed-1', 3, now - 600, 7_000)]);
    expect(await read('closed-1')).toMatchObject({
      ...{ connected: 10, sent: 100, acked: 90, arrivals: 0 },
      users: { active: 13 + 23, untilSecond: now - 2 },
    });
  });

  it('has sums of groups and of kinds of message, and the same totals as without them', async () => {
    const at = Math.floor(Date.now() / 1_000) - 2;
    const tags = (group: string) => `run=mix-1,protocol=mqtt,stage=1,group=${group}`;
    const kindOf = (group: string, kind: string, fields: string, apart: number) =>
      `stampede_kind,${tags(group)},kind=${kind} ${fields} ${at}00000000${apart}`;
    await write([
      `stampede_slice,${tags('meters')} slice=0i,connects=3i,sent=10i,acked=9i ${at}000000000`,
      `stampede_slice,${tags('meters')} slice=1i,connects=2i,sent=5i,dropped=1i ${at}000000001`,
      `stampede_slice,${tags('trackers')} slice=2i,connects=4i,sent=20i,acked=20i ${at}000000002`,
      kindOf('meters', 'reading', 'sent=12i,acked=8i', 0),
      kindOf('meters', 'alarm', 'sent=3i,acked=1i', 1),
      kindOf('meters', 'alarm', 'arrivals=2i', 7),
    ]);
    const totals = await read('mix-1');
    expect(totals).toMatchObject({ connected: 9, sent: 35, acked: 29, dropped: 1, arrivals: 0 });
    expect(totals!.parts!.groups).toEqual([
      expect.objectContaining({ group: 'meters', connects: 5, sent: 15, acked: 9, dropped: 1 }),
      expect.objectContaining({ group: 'trackers', connects: 4, sent: 20, acked: 20, dropped: 0 }),
    ]);
    expect(totals!.parts!.kinds).toEqual([
      expect.objectContaining({ group: 'meters', kind: 'alarm', sent: 3, acked: 1, arrivals: 2 }),
      expect.objectContaining({ group: 'meters', kind: 'reading', sent: 12, acked: 8, arrivals: 0 }),
    ]);
    expect(await read('closed-1')).not.toHaveProperty('parts');
  });

  it('has commands and presence apart from messages, and publishes of a backend in its group', async () => {
    const at = Math.floor(Date.now() / 1_000) - 2;
    const tags = (group: string) => `run=fleet-1,protocol=mqtt,stage=1,group=${group}`;
    await write([
      `stampede_slice,${tags('locks')} slice=0i,connects=3i,sent=10i,acked=9i ${at}000000000`,
      `stampede_command,${tags('locks')} delivered=7i,offline=2i ${at}000000000`,
      `stampede_command,${tags('locks')} delivered=1i,offline=-1i ${at + 1}000000000`,
      `stampede_slice,${tags('operator')} slice=1i,connects=1i ${at}000000001`,
      `stampede_command,${tags('operator')} sent=9i,acked=9i,replied=5i,timed_out=1i ${at}000000001`,
      `stampede_slice,${tags('watch')} slice=2i,connects=1i ${at}000000002`,
      `stampede_presence,${tags('watch')} connects=4i,disconnects=1i ${at}000000002`,
    ]);
    const totals = await read('fleet-1');
    expect(totals).toMatchObject({ connected: 5, sent: 10, acked: 9 });
    expect(totals!.fleet).toEqual({
      commands: {
        ...{ intended: 0, sent: 9, dropped: 0, acked: 9, throttled: 0, failed: 0, unacknowledged: 0 },
        ...{ delivered: 8, offline: 1, replied: 5, timed_out: 1 },
      },
      presence: { connects: 4, disconnects: 1 },
    });
    expect(totals!.parts!.groups).toEqual([
      expect.objectContaining({ group: 'locks', connects: 3, sent: 10 }),
      expect.objectContaining({ group: 'operator', connects: 1, sent: 9, acked: 9 }),
      expect.objectContaining({ group: 'watch', connects: 1, sent: 0 }),
    ]);
    expect(await read('mix-1')).not.toHaveProperty('fleet');
  });

  it('has none of a run without users, and nothing of a run that is not there', async () => {
    await write([pointOf('open-1', 0, Math.floor(Date.now() / 1_000) - 2)]);
    const totals = await read('open-1');
    expect(totals).toMatchObject({ sent: 10 });
    expect(totals).not.toHaveProperty('users');
    expect(await read('nothing-1')).toBeUndefined();
  });
});
