import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StreamReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { falseClaims } from '../support/run/recorded-truth.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// Whole runs with the stream as the subscriber: rule, Kinesis, measure-latency, and what its report says of it.

const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 400,
  duration: '5s',
  slices: { devicesPerSlice: 20 },
  drain: '1s',
};
const parameters = { subscriber: 'stream', streamShards: 3 } as const;

async function streamReportOf({ aws }: Rehearsal): Promise<StreamReport> {
  return (await (await fetchAdmin(aws, '/stream')).json()) as StreamReport;
}

let faultlessAws: Rehearsal;
let killedAws: Rehearsal;
let throttledAws: Rehearsal;
let failingAws: Rehearsal;
let noFaults: EndedRehearsal;
let killed: EndedRehearsal;
let throttled: EndedRehearsal;
let failing: EndedRehearsal;
beforeAll(async () => {
  [faultlessAws, killedAws, throttledAws, failingAws] = await Promise.all([
    startRehearsal({ parameters }),
    startRehearsal({ parameters }),
    // One shard takes 1,000 records a second; more come.
    startRehearsal({ parameters: { ...parameters, streamShards: 1 } }),
    startRehearsal({ parameters }),
  ]);
  const killSubscriber = async (): Promise<void> => {
    // Its first process may take a while to start.
    let pids = processesOfFunction(killedAws.runsDirectory, 'measure-latency');
    while (pids.length === 0) {
      await sleep(100);
      pids = processesOfFunction(killedAws.runsDirectory, 'measure-latency');
    }
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    // Two looks of the mapping and a window: whatever it is given by then, it will not finish.
    await sleep(3_000);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  };
  /** From the middle on, for the rest of the run and of the wait for it, whatever is started is stopped at once. */
  let isOver = false;
  const stopSubscriber = async (): Promise<void> => {
    await sleep(2_500);
    void (async () => {
      while (!isOver) {
        for (const pid of processesOfFunction(failingAws.runsDirectory, 'measure-latency')) {
          process.kill(pid, 'SIGSTOP');
        }
        await sleep(50);
      }
    })();
  };
  [noFaults, killed, throttled, failing] = await Promise.all([
    faultlessAws.run(load),
    killedAws.run(load, killSubscriber),
    throttledAws.run({
      ...load,
      devices: 200,
      slices: { devicesPerSlice: 100 },
      ratePerSecond: 3_000,
      limits: { enforce: false },
    }),
    failingAws.run(load, stopSubscriber).finally(() => {
      isOver = true;
    }),
  ]);
});
afterAll(() => Promise.all([faultlessAws, killedAws, throttledAws, failingAws].map((each) => each?.close())));

describe('a run with the stream', () => {
  it('balances to the message', async () => {
    const { report, execution } = noFaults;
    expect(execution.status).toBe('SUCCEEDED');
    expect(falseClaims(noFaults, { intended: 2_000 })).toEqual([]);
    expect(report.messages).toMatchObject({
      intended: 2_000,
      sent: 2_000,
      acked: 2_000,
      arrivals: 2_000,
      received: 2_000,
      duplicates: 0,
      lost: 0,
      notRead: 0,
      deadLettered: 0,
    });
    expect(await streamReportOf(faultlessAws)).toMatchObject({
      records: 2_000,
      delivered: 2_000,
      throttled: 0,
    });
  });

  it('whose subscriber is killed in the middle counts every message once', async () => {
    const { report } = killed;
    expect(falseClaims(killed, { intended: 2_000, hasSubscriberFailed: true })).toEqual([]);
    expect(report.messages).toMatchObject({
      sent: 2_000,
      arrivals: 2_000,
      received: 2_000,
      duplicates: 0,
      lost: 0,
    });
    expect((await streamReportOf(killedAws)).failedInvocations).toBeGreaterThan(0);
  });

  it('past what its shard takes has the rest in the rule’s error queue, dead-lettered and not lost', async () => {
    const { report } = throttled;
    // 3,000/s are more than a busy machine reads in time: how many acknowledgements came too late, the slices alone know.
    const { records, ruleErrors } = await streamReportOf(throttledAws);
    expect(ruleErrors).toBeGreaterThan(0);
    expect(falseClaims(throttled, { intended: 15_000, ackedInTime: 0 })).toEqual([]);
    expect(report.messages).toMatchObject({
      received: records,
      deadLettered: ruleErrors,
      lost: 0,
      notRead: 0,
    });
    expect(report.messages.sent).toBe(records + ruleErrors);
  });

  it('whose subscriber stands still has the rest in the stream, not read and not lost', async () => {
    const { report } = failing;
    expect(falseClaims(failing, { intended: 2_000, hasSubscriberFailed: true })).toEqual([]);
    const { sent, received, lost, notRead, deadLettered } = report.messages;
    expect(lost).toBe(0);
    expect(notRead + deadLettered).toBeGreaterThan(0);
    expect(received + notRead + deadLettered).toBe(sent);
  });
});
