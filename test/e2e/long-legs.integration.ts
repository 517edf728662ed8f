import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeRunStore } from '../../src/aws/bucket.ts';
import { makeControl } from '../../src/aws/control.ts';
import { legsOf } from '../../src/plan/legs.ts';
import { makeRunControl } from '../../src/worker/run-control.ts';
import { keyIn } from '../support/embedded/test-key.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// Legs in a rehearsal at length, of functions that Lambda ends after a minute: STAMPEDE_LEGS=small takes three minutes, STAMPEDE_LEGS=large a
// quarter of an hour and all of a machine.

const size = process.env.STAMPEDE_LEGS;
const describeSmall = size === 'small' && existsSync('/proc/self/environ') ? describe : describe.skip;
const describeLarge = size === 'large' ? describe : describe.skip;

const small = {
  devices: 40,
  ratePerSecond: 200,
  duration: '40s',
  legs: { length: '14s', overlap: '3s' },
  slices: { devicesPerSlice: 20, toleratedFailureShare: 1 },
  drain: '2s',
  publish: { ackTimeout: '10s' },
};

let rehearsal: Rehearsal;
beforeAll(async () => {
  if (size !== undefined) rehearsal = await startRehearsal({ parameters: { sliceSeconds: 60 } });
});
afterAll(() => rehearsal?.close());

async function stop(runId: string, at: number): Promise<void> {
  const { environment } = rehearsal.aws;
  const settings = { region: environment.AWS_REGION!, credentials: keyIn(environment) };
  const client = new IoTDataPlaneClient({
    ...settings,
    endpoint: environment.AWS_ENDPOINT_URL_IOT_DATA_PLANE!,
  });
  const s3 = new S3Client({ ...settings, endpoint: environment.AWS_ENDPOINT_URL! });
  const store = makeRunStore(environment.RUN_BUCKET!, s3);
  const runControl = makeRunControl({ store, control: makeControl(client) });
  await runControl.requestStop(runId, { reason: 'stopped by the user', at });
  client.destroy();
  s3.destroy();
}

function expectBalanced({ report, recorded }: EndedRehearsal): void {
  expect(report.imbalances).toEqual([]);
  expect(report.messages).toMatchObject({ lost: 0, duplicates: 0, received: recorded.sent });
  expect(recorded.duplicates).toBe(0);
}

describeSmall('legs of a rehearsal', () => {
  it('go on where one was killed', async () => {
    let seconds = 0;
    const ended = await rehearsal.run(small, async (plan) => {
      const [, second] = legsOf(plan, 0);
      await sleep(second!.takesOver!.until + 2_000 - Date.now());
      for (const pid of processesOfFunction(rehearsal.runsDirectory, 'publish-mqtt'))
        process.kill(pid, 'SIGKILL');
      seconds = (second!.letsGo!.until - Date.now()) / 1_000;
    });
    expectBalanced(ended);
    const { intended, sendUnknown, dropped } = ended.report.messages;
    expect(intended).toBe(8_000);
    // Of the second leg, and of nothing else but what waited for a Lambda.
    expect(sendUnknown + dropped).toBeLessThan(200 * (seconds + 8));
  });

  it('end at once where the run is stopped while devices move', async () => {
    const run = await rehearsal.begin(small);
    const plan = await run.plan();
    const [, second] = legsOf(plan, 0);
    await sleep(second!.from + 1_500 - Date.now());
    const stoppedAt = Date.now();
    await stop(run.runId, stoppedAt);
    const ended = await run.ended();
    expectBalanced(ended);
    expect(ended.report.slices).toMatchObject({ stopped: 2, died: 0 });
    expect(ended.report.messages.intended).toBeLessThan(8_000);
    expect(Date.now() - stoppedAt).toBeLessThan(60_000);
  });
});

describeLarge('thirty legs of twenty slices at 2,000 messages a second', () => {
  it('lose no message to a handover', async () => {
    const ended = await rehearsal.run({
      devices: 400,
      ratePerSecond: 2_000,
      duration: '13m',
      legs: { length: '26s', overlap: '4s' },
      slices: { devicesPerSlice: 20 },
      drain: '5s',
      publish: { ackTimeout: '5s' },
    });
    expectBalanced(ended);
    expect(ended.report.slices).toMatchObject({ completed: 20, died: 0 });
    const { messages, latencyMs, devices } = ended.report;
    expect(messages).toMatchObject({ intended: 1_560_000, sendUnknown: 0 });
    expect(devices.reconnects).toBe(0);
    process.stdout.write(`handovers ${JSON.stringify(latencyMs.handover)}, dropped ${messages.dropped}\n`);
  }, 1_200_000);
});
