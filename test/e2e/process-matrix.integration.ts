import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeMatrix, type Row } from '../support/run/fault-matrix.ts';
import {
  processesOfFunction,
  processOfEmbeddedAws,
  processOfIotCore,
} from '../support/run/function-processes.ts';
import type { During } from '../support/run/recorded-run.ts';
import type { Known } from '../support/run/recorded-truth.ts';
import { until } from '../support/until.ts';

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
/** Longer than any timeout of a request that must not be noticed, and than what the command line takes for standing still. */
const longMs = 10_000;

/** Of the 300 messages of a run: the first third has come in. On a busy machine that is not a matter of seconds. */
const aThird = 100;

/** Sends signals, a second apart, to processes as soon as there are any. */
const signal =
  (
    find: Find,
    signals: readonly NodeJS.Signals[],
    { sent = aThird, afterMs = 0, last = false, forMs = 1_000 } = {},
  ): During =>
  async (runs) => {
    await until(() => countSent(runs) >= sent, `${sent} messages`, 20);
    await until(() => find(runs).length > 0, 'a process', 5);
    await sleep(afterMs);
    const [first, ...others] = signals;
    let reached: readonly number[] = [];
    // One that was found may end before it is sent anything.
    const reachesOne = (): boolean => {
      const pids = find(runs).slice(last ? -1 : 0);
      reached = pids.filter((pid) => hasTaken(pid, first!));
      return reached.length > 0;
    };
    await until(reachesOne, 'a process that takes the signal', 5);
    await sleep(forMs);
    for (const each of others) {
      for (const pid of reached) hasTaken(pid, each);
      await sleep(forMs);
    }
  };

/** @returns whether the process was there */
function hasTaken(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Messages that the recorder in IoT Core's process has seen. */
function countSent(runs: string): number {
  const file = `${runs}.lines`;
  return existsSync(file) ? (readFileSync(file, 'latin1').match(/^sent /gm)?.length ?? 0) : 0;
}

const signalInflux =
  (signals: readonly NodeJS.Signals[], forMs = 1_000): During =>
  async (runs, cli, influx) => {
    // Before its first write it would be away for the whole run.
    await influx!.tookWrite();
    await signal(() => [influx!.pid], signals, { forMs })(runs, cli, influx);
  };

// Signed requests take a busy machine longer than MQTT: an answer must not come too late to count.
const https = { connect: { protocol: 'https' }, publish: { ackTimeout: '20s' } };
/** What devices gave up while the service stood still, it answers afterwards, and no record of its own says which that was. */
const gaveUp: Partial<Known> = {
  ackedInTime: 0,
  arrivedUnacked: 300,
  takenUnacked: 300,
  busiestSecond: 300,
  connectsHinderedBy: ['endpoint'],
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
    profile: https,
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
    during: signal(ofFunction('plan'), forASecond, { sent: 0 }),
  },
  {
    name: 'summarize-stopped-for-1-s',
    // It waits for the end of the drain, then for CloudWatch.
    during: signal(ofFunction('summarize'), forASecond, { afterMs: 1_000 }),
  },
  { name: 'iot-core-stopped-for-1-s', during: signal(only(processOfIotCore), forASecond) },
  { name: 'aws-stopped-for-1-s', during: signal(only(processOfEmbeddedAws), forASecond) },
  {
    name: 'cli-stopped-for-1-s',
    during: (runs, cli, influx) => signal(() => [cli.child.pid!], forASecond)(runs, cli, influx),
  },
  {
    name: 'https-slice-stopped-for-1-s',
    profile: https,
    during: signal(ofFunction('publish-http'), forASecond, { last: true }),
  },
  {
    name: 'https-slice-stopped-for-good',
    profile: https,
    during: signal(ofFunction('publish-http'), ['SIGSTOP'], { last: true }),
    known: { slicesKilled: 1 },
    diedOf: 'States.Timeout: it had not ended by the deadline of the plan',
  },
  {
    name: 'iot-core-stopped-for-10-s',
    during: signal(only(processOfIotCore), forASecond, { forMs: longMs }),
    known: gaveUp,
  },
  {
    name: 'https-iot-core-stopped-for-10-s',
    profile: https,
    during: signal(only(processOfIotCore), forASecond, { forMs: longMs }),
  },
  {
    name: 'https-iot-core-stopped-for-longer-than-the-ack-timeout',
    profile: { ...https, publish: { ackTimeout: '2s' } },
    during: signal(only(processOfIotCore), forASecond, { forMs: 4_000 }),
    known: gaveUp,
  },
  {
    name: 'aws-stopped-for-10-s',
    during: signal(only(processOfEmbeddedAws), forASecond, { forMs: longMs }),
    // Its process relays what is written to InfluxDB.
    known: { influx: { httpStatus: null, isWholeRun: false } },
  },
  {
    name: 'influx-stopped-for-1-s',
    hasInflux: true,
    during: signalInflux(forASecond),
  },
  {
    name: 'influx-stopped-for-good',
    hasInflux: true,
    during: signalInflux(['SIGSTOP']),
    known: { influx: { httpStatus: null, isWholeRun: false } },
  },
  {
    name: 'influx-killed',
    hasInflux: true,
    during: signalInflux(['SIGKILL']),
    known: { influx: { httpStatus: null, isWholeRun: false } },
  },
];

describeMatrix(rows);
