import { setTimeout as sleep } from 'node:timers/promises';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeRunStore } from '../../../../src/aws/bucket.ts';
import { type Control, makeControl } from '../../../../src/aws/control.ts';
import { attachBackend } from '../../../../src/cli/backend/attached-backend.ts';
import { stopRun } from '../../../../src/cli/run/stop-run.ts';
import { executionReportOf, reportOf } from '../../../../src/cli/runs/make-report.ts';
import type { SliceResult } from '../../../../src/measure/slice-result.ts';
import { makeRandom } from '../../../../src/shared/random.ts';
import { makeRunControl, type RunControl } from '../../../../src/worker/run-control.ts';
import { processesOf } from '../../../support/cli/processes.ts';
import { keyIn } from '../../../support/embedded/test-key.ts';
import { falseClaims } from '../../../support/run/recorded-truth.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from '../../../support/run/rehearsal.ts';
import { acrossTests } from '../../../support/until.ts';

// Runs stopped at random moments, from before their first line of code to after their last message.

const load = {
  devices: 20,
  connect: { client: 'dense', ratePerSecond: 20 },
  ratePerSecond: 200,
  duration: '4s',
  slices: { devicesPerSlice: 10 },
  drain: '1s',
};
const random = makeRandom(20_261_121, 0);

let rehearsal: Rehearsal;
let client: IoTDataPlaneClient;
let s3: S3Client;
let control: Control;
let runControl: RunControl;
/** Stops by itself, beside the others. */
let aborting: Promise<EndedRehearsal>;
beforeAll(async () => {
  rehearsal = await startRehearsal();
  const { environment } = rehearsal.aws;
  client = new IoTDataPlaneClient({
    endpoint: environment.AWS_ENDPOINT_URL_IOT_DATA_PLANE!,
    region: environment.AWS_REGION!,
    credentials: keyIn(environment),
  });
  control = makeControl(client);
  s3 = new S3Client({
    endpoint: environment.AWS_ENDPOINT_URL!,
    region: environment.AWS_REGION!,
    credentials: keyIn(environment),
  });
  runControl = makeRunControl({ store: makeRunStore(environment.RUN_BUCKET!, s3), control });
  // Loads what the first request of a client loads: it is not the stop that is slow.
  await control.read('no-such-run');
  aborting = acrossTests(() =>
    rehearsal.run({
      ...load,
      duration: '60s',
      thresholds: {
        end_to_end_latency: [{ threshold: 'p(95)<0', abortOnFail: true, delayAbortEval: '2s' }],
      },
    }),
  );
});
afterAll(async () => {
  client.destroy();
  s3.destroy();
  const { runsDirectory } = rehearsal;
  await rehearsal.close();
  expect(processesOf(runsDirectory)).toEqual([]);
});

interface StoppedRun extends EndedRehearsal {
  readonly stoppedAt: number;
  readonly slices: readonly SliceResult[];
}

/** Several runs at once, each stopped at a moment of its own. */
async function stopAll(profile: object, count: number): Promise<StoppedRun[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const run = await rehearsal.begin(profile);
      const { timeline } = await run.plan();
      const moment = timeline.createdAt + random() * (timeline.publishEndAt + 500 - timeline.createdAt);
      await sleep(Math.max(0, moment - Date.now()));
      const stoppedAt = Date.now();
      await runControl.requestStop(run.runId, { reason: 'stopped by the user', at: stoppedAt });
      const ended = await run.ended();
      return { ...ended, stoppedAt, slices: await run.slices() };
    }),
  );
}

function expectStopped(run: StoppedRun, withinMs: number): number {
  const { execution, report, slices, stoppedAt } = run;
  expect(falseClaims(run, { intended: null, isAccountShared: true })).toEqual([]);
  const { messages } = report;
  expect(messages.intended).toBe(messages.sent + messages.dropped);
  expect(messages.sent).toBe(messages.received + messages.lost);
  expect(messages.lost).toBe(0);
  expect(report.slices).toMatchObject({ planned: 2, died: 0, failed: 0 });
  expect(slices).toHaveLength(2);
  const silentAfterMs = Math.max(...slices.map(({ lastSentAt }) => (lastSentAt ?? 0) - stoppedAt));
  expect(silentAfterMs).toBeLessThanOrEqual(withinMs);
  if (report.slices.stopped > 0) {
    expect(report.verdict).toBe('aborted');
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Aborted' });
    expect(report.stop?.reason).toBe('stopped by the user');
  }
  return silentAfterMs;
}

describe('a run that is stopped at a random moment', () => {
  it.each([1, 2, 3])('is silent within a second over MQTT (five of twenty, %d)', async () => {
    const stopped = await stopAll(load, 5);
    for (const each of stopped) expectStopped(each, 1_000);
  });

  it('is silent within a second with the Device SDK (five of twenty)', async () => {
    const stopped = await stopAll({ ...load, connect: { client: 'device-sdk', ratePerSecond: 20 } }, 5);
    for (const each of stopped) expectStopped(each, 1_000);
  });

  it('is silent within five seconds over HTTPS', async () => {
    const { connect: _, ...rest } = load;
    const profile = { ...rest, ratePerSecond: 50, duration: '12s', connect: { protocol: 'https' } };
    const stopped = await stopAll(profile, 4);
    for (const each of stopped) expectStopped(each, 5_000);
  });
});

describe('a run whose execution was stopped by StopExecution', () => {
  it('is stopped all the same: its slices are silent within a second, and the report has their ends', async () => {
    const run = await rehearsal.begin({ ...load, duration: '60s' });
    const { timeline } = await run.plan();
    await sleep(timeline.publishAt + 1_000 - Date.now());
    await run.abort();
    const execution = await run.executionEnded();
    expect(execution.status).toBe('ABORTED');
    const backend = attachBackend({ ...rehearsal.aws, pid: process.pid }, rehearsal.runsDirectory);
    // As a report made in between: of slices that run on.
    const early = await reportOf(backend.record, run.runId, {
      now: Date.now(),
      execution: executionReportOf(execution),
      subscriber: 'may-read',
    });
    expect(early.slices.died).toBe(2);
    const stoppedAt = Date.now();
    const found = { runId: run.runId, backend, execution };
    const { slicesWereRunning, report } = await stopRun(found, {
      now: Date.now,
      sleep,
      say: () => undefined,
    });
    expect(slicesWereRunning).toBe(true);
    expect(Date.now()).toBeLessThan(timeline.publishEndAt);
    expect(report).toMatchObject({
      verdict: 'aborted',
      execution: { status: 'ABORTED' },
      slices: { planned: 2, stopped: 2, died: 0 },
      stop: { reason: 'stopped by the user' },
      imbalances: [],
    });
    const slices = await run.slices();
    for (const { lastSentAt } of slices) expect(lastSentAt! - stoppedAt).toBeLessThanOrEqual(1_000);
    expect(report!.messages.sent).toBeGreaterThan(0);
    // Nothing is left on the endpoint.
    expect(await control.read(run.runId)).toBeUndefined();
  });
});

describe('a run that fails a threshold with abortOnFail', () => {
  it('ends by itself, failed and not aborted', async () => {
    const { execution, report } = await aborting;
    expect(execution).toMatchObject({ status: 'FAILED', error: 'ThresholdsFailed' });
    expect(report).toMatchObject({ verdict: 'failed', slices: { stopped: 2 }, imbalances: [] });
    expect(report.reasons[0]).toContain('and ended the run (abortOnFail)');
    expect(report.stop?.threshold).toMatchObject({ metric: 'end_to_end_latency', expression: 'p(95)<0' });
    expect(report.messages.sent).toBeLessThan(60 * 200);
    // Five other runs share its two cores at that moment.
    expect(report.stop?.lastSentAfterMs).toBeLessThanOrEqual(2_000);
  });
});
