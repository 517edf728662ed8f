import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CliResult, makeWorkplace, startCli } from '../../../support/cli/run-cli.ts';
import { processesOfFunction } from '../../../support/run/function-processes.ts';

// A run of which a slice was killed, which its profile tolerates: inconclusive, and a failure where a conclusive one is required.

const load = {
  name: 'doubtful',
  devices: 20,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 40,
  duration: '12s',
  slices: { devicesPerSlice: 10, toleratedFailureShare: 0.5 },
  drain: '1s',
  thresholds: {
    lost_messages: [],
    dropped_messages: [],
    unacknowledged_messages: [],
    failed_messages: [],
    devices_not_connected: [],
  },
};

const workplace = makeWorkplace();
afterAll(() => workplace.remove());
const describeWithProcesses = existsSync('/proc/self/environ') ? describe : describe.skip;

describeWithProcesses('--require-conclusive, for a run that was not', () => {
  let ran: CliResult;
  let watched: CliResult;
  beforeAll(async () => {
    const runs = path.join(workplace.directory, 'runs');
    const where = ['--runs', runs, '--require-conclusive'];
    // The profile comes by standard input.
    const run = startCli(['run', '-', ...where], {}, { input: `// tolerant\n${JSON.stringify(load)}` });
    await run.untilOutput(' publishing,');
    const runId = readdirSync(runs).find((name) => name.startsWith('doubtful')) ?? '';
    const watch = startCli(['watch', runId, ...where]);
    await watch.untilOutput(' publishing,');
    await sleep(1_000);
    process.kill(processesOfFunction(runs, 'publish-mqtt').at(-1)!, 'SIGKILL');
    [ran, watched] = await Promise.all([run.result, watch.result]);
  }, 120_000);

  it.each<[string, () => CliResult]>([
    ['run', () => ran],
    ['watch', () => watched],
  ])('%s exits 99', (_command, result) => {
    expect(result().stdout).toMatch(/^ {2}\? INCONCLUSIVE/m);
    expect(result().code).toBe(99);
  });
});
