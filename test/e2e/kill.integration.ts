import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QueueReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { falseClaims, type Known } from '../support/run/recorded-truth.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';
import { untilPublished } from '../support/run/until-published.ts';
import { until } from '../support/until.ts';

// Whatever is killed with -9: the run ends by its deadline, its report says what happened, and what was measured is in it.

const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 200,
  duration: '5s',
  slices: { devicesPerSlice: 20, toleratedFailureShare: 0 },
  drain: '1s',
};

const forgiving = {
  ...load,
  slices: { ...load.slices, toleratedFailureShare: 0.5 },
  // Of what a dead slice had under way nothing can be proven, and the rest it did not send.
  thresholds: {
    lost_messages: [],
    dropped_messages: [],
    unacknowledged_messages: [],
    failed_messages: [],
    throttled_messages: [],
  },
};

const describeWithProcesses = existsSync('/proc/self/environ') ? describe : describe.skip;

function kill(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined) throw new Error('there is no such process');
  process.kill(pid, signal);
}

/** On a machine with much else to do its first process takes long to start. */
async function untilProcess({ runsDirectory }: Rehearsal, functionName: string): Promise<number[]> {
  let pids: number[] = [];
  const isThere = (): boolean => {
    pids = processesOfFunction(runsDirectory, functionName);
    return pids.length > 0;
  };
  await until(isThere, `a process of ${functionName}`, 20);
  return pids;
}

interface KilledRun extends EndedRehearsal {
  readonly deadlineAt: number;
  readonly endedAt: number;
}

/** @param during what is killed, and when, counted from the first message */
async function runAndKill(
  rehearsal: Rehearsal,
  profile: object,
  during: (rehearsal: Rehearsal) => Promise<void>,
): Promise<KilledRun> {
  let deadlineAt = 0;
  const ended = await rehearsal.run(profile, async ({ timeline }) => {
    ({ deadlineAt } = timeline);
    await during(rehearsal);
  });
  return { ...ended, deadlineAt, endedAt: Date.now() };
}

/** Its messages are accounted for, no sentence is false, and it was over in time. */
function expectOrderly(run: KilledRun, known: Partial<Known> = {}): void {
  const { report, deadlineAt, endedAt } = run;
  expect(falseClaims(run, { intended: 1_000, ...known })).toEqual([]);
  expect(report.messages.sent).toBe(report.messages.received + report.messages.lost);
  expect(endedAt).toBeLessThan(deadlineAt + 30_000);
}

// They mostly wait, so they wait together.
let rehearsals: readonly [forTolerant: Rehearsal, forStrict: Rehearsal, forSubscriber: Rehearsal];
let tolerant: KilledRun;
let strict: KilledRun;
let subscriber: KilledRun;
beforeAll(async () => {
  if (!existsSync('/proc/self/environ')) return;
  rehearsals = await Promise.all([
    startRehearsal(),
    startRehearsal(),
    // Half a minute, as deployed, is more than this test wants to wait for a batch that failed.
    startRehearsal({ queue: { visibilityTimeoutMs: 1_000 } }),
  ]);
  const [forTolerant, forStrict, forSubscriber] = rehearsals;
  const killSlice = async ({ aws, runsDirectory }: Rehearsal): Promise<void> => {
    await untilPublished(aws, 200);
    kill(processesOfFunction(runsDirectory, 'publish-mqtt').at(-1));
  };
  const killSubscriber = async (rehearsal: Rehearsal): Promise<void> => {
    const { aws } = rehearsal;
    const pids = await untilProcess(rehearsal, 'measure-latency');
    // Whatever it is given next, it will not finish.
    for (const pid of pids) kill(pid, 'SIGSTOP');
    const isGiven = async (): Promise<boolean> => {
      const { inFlight } = (await (await fetchAdmin(aws, '/queue')).json()) as QueueReport;
      return inFlight > 0;
    };
    await until(isGiven, 'a batch that is not finished', 50);
    await sleep(1_500);
    for (const pid of pids) kill(pid);
  };
  [tolerant, strict, subscriber] = await Promise.all([
    runAndKill(forTolerant, forgiving, killSlice),
    runAndKill(forStrict, { ...load, duration: '60s' }, killSlice),
    runAndKill(forSubscriber, load, killSubscriber),
  ]);
});
afterAll(() => Promise.all((rehearsals ?? []).map((each) => each.close())));

describeWithProcesses('kill -9 of a slice’s process', () => {
  const cause = 'Runtime.ExitError: Runtime exited with error: signal: killed';

  it('leaves the others to their end, and the report says what it died of', () => {
    const { report, execution } = tolerant;
    expectOrderly(tolerant, { slicesKilled: 1 });
    // A machine with much else to do may say that, and nothing else.
    const reasons = report.reasons.filter((reason) => !reason.startsWith('The generator was'));
    expect({ status: execution.status, reasons }).toEqual({ status: 'SUCCEEDED', reasons: [] });
    expect(report.slices).toEqual({ planned: 2, completed: 1, stopped: 0, failed: 0, died: 1 });
    expect(report.causes.sliceDied).toEqual({ [cause]: 1 });
    expect(report.messages.intended).toBe(1_000);
    expect(report.messages.lost).toBe(0);
    // The whole of one slice, and a part of the other.
    expect(report.messages.received).toBeGreaterThan(500);
    expect(report.messages.received).toBeLessThan(1_000);
  });

  it('ends a run that tolerates none, and the others with it', () => {
    const { report, execution } = strict;
    expectOrderly(strict, { slicesKilled: 1, intended: null });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'ThresholdsFailed' });
    expect(report).toMatchObject({ verdict: 'failed', slices: { stopped: 1, died: 1 } });
    expect(report.causes.sliceDied).toEqual({ [cause]: 1 });
    expect(report.reasons.join(' ')).toContain(`1 died (1 of ${cause})`);
    expect(report.messages.received).toBeGreaterThanOrEqual(200);
  });
});

describeWithProcesses('kill -9 of the measure-latency process in the middle of a batch', () => {
  it('loses no message and counts none twice: the queue delivers again', () => {
    expectOrderly(subscriber, { hasSubscriberFailed: true });
    expect(['passed', 'inconclusive']).toContain(subscriber.report.verdict);
    expect(subscriber.report.messages).toMatchObject({
      sent: 1_000,
      received: 1_000,
      duplicates: 0,
      lost: 0,
    });
    expect(subscriber.report.redelivered).toBeGreaterThan(0);
  });
});

describeWithProcesses('kill -9 of InfluxDB', () => {
  it('leaves the report whole, and keeps the live view’s points in the run store', async () => {
    const influx = spawn(
      process.execPath,
      [path.join(import.meta.dirname, '../support/influx/quiet-influx.ts')],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const [port] = (await once(influx.stdout, 'data')) as [Buffer];
    const url = `http://127.0.0.1:${port.toString().trim()}`;
    const rehearsal = await startRehearsal({ influx: { url, org: 'o', bucket: 'b', token: 't' } });
    try {
      const run = await runAndKill(rehearsal, load, async ({ aws }) => {
        await untilPublished(aws, 200);
        kill(influx.pid);
      });
      expectOrderly(run, { influx: { httpStatus: null, isWholeRun: false } });
      expect(['passed', 'inconclusive']).toContain(run.report.verdict);
      expect(run.report.messages).toMatchObject({ sent: 1_000, acked: 1_000, received: 1_000 });
      const overflows = readdirSync(path.join(rehearsal.runsDirectory, run.report.runId, 'influx-overflow'));
      expect(overflows.length).toBeGreaterThan(0);
      expect(run.report.liveView?.leftPoints).toBeGreaterThan(0);
    } finally {
      await rehearsal.close();
    }
  });
});

describeWithProcesses('kill -9 of the plan process at its work', () => {
  it('is repeated: nothing has begun', async () => {
    const rehearsal = await startRehearsal();
    try {
      const run = await rehearsal.begin(load);
      for (const pid of await untilProcess(rehearsal, 'plan')) kill(pid);
      const ended = await run.ended();
      const { execution, report } = ended;
      expect(falseClaims(ended, { intended: 1_000 })).toEqual([]);
      expect(execution.status).toBe('SUCCEEDED');
      expect(report.messages).toMatchObject({ sent: 1_000, received: 1_000, lost: 0 });
    } finally {
      await rehearsal.close();
    }
  });
});

describeWithProcesses('kill -9 of the summarize process at its work', () => {
  it('is repeated, and the report is there', async () => {
    const rehearsal = await startRehearsal();
    try {
      const ended = await rehearsal.run(load, async ({ timeline }) => {
        // It waits for the end of the drain, then for CloudWatch.
        await sleep(timeline.drainEndAt + 500 - Date.now());
        for (const pid of await untilProcess(rehearsal, 'summarize')) kill(pid);
      });
      const { execution, report } = ended;
      expect(falseClaims(ended, { intended: 1_000 })).toEqual([]);
      expect(execution.status).toBe('SUCCEEDED');
      expect(report.messages).toMatchObject({ sent: 1_000, received: 1_000, lost: 0 });
    } finally {
      await rehearsal.close();
    }
  });
});
