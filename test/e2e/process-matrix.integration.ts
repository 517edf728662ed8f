import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { describeMatrix, type Row } from '../support/run/fault-matrix.ts';
import {
  processesOfFunction,
  processOfEmbeddedAws,
  processOfIotCore,
} from '../support/run/function-processes.ts';

// Signals to each of our own processes while a run goes on. What ends a run with its report missing (embedded AWS, IoT Core and the
// command line killed) is in kill-cli.integration.ts, the rest of the kills in kill.integration.ts.

type Find = (runs: string) => readonly number[];
const ofFunction =
  (name: string): Find =>
  (runs) =>
    processesOfFunction(runs, name);
const only =
  (find: (runs: string) => number | undefined): Find =>
  (runs) =>
    [find(runs)].filter((pid) => pid !== undefined);

const forASecond = ['SIGSTOP', 'SIGCONT'] as const;

/** Sends signals, a second apart, to processes as soon as there are any. */
const signal =
  (find: Find, signals: readonly NodeJS.Signals[], { afterMs = 1_500, last = false } = {}) =>
  async (runs: string): Promise<void> => {
    await sleep(afterMs);
    let pids = find(runs);
    for (let tries = 0; pids.length === 0 && tries < 3_000; tries++) {
      await sleep(5);
      pids = find(runs);
    }
    expect(pids.length).toBeGreaterThan(0);
    for (const each of signals) {
      for (const pid of pids.slice(last ? -1 : 0)) process.kill(pid, each);
      await sleep(1_000);
    }
  };

const slices = ofFunction('publish-mqtt');
const subscriber = ofFunction('measure-latency');

const rows: readonly Row[] = [
  { name: 'slice-stopped-for-1-s', during: signal(slices, forASecond, { last: true }) },
  {
    name: 'slice-killed',
    during: signal(slices, ['SIGKILL'], { last: true }),
    known: { slicesKilled: 1 },
  },
  {
    name: 'https-slice-killed',
    profile: { connect: { protocol: 'https' } },
    during: signal(ofFunction('publish-http'), ['SIGKILL'], { last: true }),
    known: { slicesKilled: 1 },
  },
  {
    name: 'slice-stopped-for-good',
    during: signal(slices, ['SIGSTOP'], { last: true }),
    known: { slicesKilled: 1 },
    diedOf: 'States.Timeout: it had not ended by the deadline of the plan',
  },
  {
    name: 'subscriber-stopped-for-good',
    during: signal(subscriber, ['SIGSTOP']),
    known: { hasSubscriberFailed: true },
  },
  {
    name: 'subscriber-stopped-for-1-s',
    during: signal(subscriber, forASecond),
    known: { hasSubscriberFailed: true },
  },
  {
    name: 'subscriber-killed',
    during: signal(subscriber, ['SIGKILL']),
    known: { hasSubscriberFailed: true },
  },
  {
    name: 'stream-subscriber-killed',
    args: ['--subscriber', 'stream'],
    during: signal(subscriber, ['SIGKILL']),
    known: { hasSubscriberFailed: true },
  },
  {
    name: 'plan-stopped-for-1-s',
    from: 'starting',
    during: signal(ofFunction('plan'), forASecond, { afterMs: 0 }),
  },
  {
    name: 'summarize-stopped-for-1-s',
    during: signal(ofFunction('summarize'), forASecond, { afterMs: 7_000 }),
  },
  { name: 'iot-core-stopped-for-1-s', during: signal(only(processOfIotCore), forASecond) },
  { name: 'aws-stopped-for-1-s', during: signal(only(processOfEmbeddedAws), forASecond) },
  {
    name: 'cli-stopped-for-1-s',
    during: async (runs, cli) => signal(() => [cli.child.pid!], forASecond)(runs),
  },
];

describeMatrix(rows);
