import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// A stack with ceilings: whole executions, started as anyone who may call StartExecution would.

const profile = {
  devices: 4,
  connect: { client: 'dense' },
  ratePerSecond: 8,
  duration: '8s',
  drain: '1s',
  slices: { devicesPerSlice: 4 },
};

let rehearsal: Rehearsal;
beforeAll(async () => {
  rehearsal = await startRehearsal({
    parameters: { maxDevices: '10', maxConcurrentExecutions: '1', allowForce: 'false' },
  });
});
afterAll(() => rehearsal.close());

describe('a stack with ceilings', () => {
  it.each([
    ['more devices', { devices: 11, slices: { devicesPerSlice: 11 } }, '--param maxDevices=11'],
    ['a profile that switches preflight off', { limits: { enforce: false } }, '--param allowForce=true'],
  ])('refuses an execution for %s, and says what to do', async (_what, change, remedy) => {
    const run = await rehearsal.begin({ ...profile, ...change });
    expect(await run.executionEnded()).toMatchObject({
      status: 'FAILED',
      error: 'RefusedByPreflight',
      cause: expect.stringContaining(remedy),
    });
  });

  it('refuses the younger of two executions, and lets the older one run to its report', async () => {
    const older = await rehearsal.begin(profile);
    const younger = await rehearsal.begin(profile);
    expect(await younger.executionEnded()).toMatchObject({
      status: 'FAILED',
      error: 'RefusedByPreflight',
      cause: expect.stringContaining(`has not ended (${older.runId})`),
    });
    const { execution, report } = await older.ended();
    expect(execution.status).toBe('SUCCEEDED');
    expect(report.messages.lost).toBe(0);
    // Once it has ended, the next one may begin.
    const next = await rehearsal.begin({ ...profile, duration: '1s' });
    expect((await next.ended()).execution.status).toBe('SUCCEEDED');
  });
});
