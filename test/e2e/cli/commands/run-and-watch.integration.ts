import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CliResult, makeWorkplace, runCli, startCli } from '../../../support/cli/run-cli.ts';
import { processesOfFunction } from '../../../support/run/function-processes.ts';

// A run of which a slice was killed, which its profile tolerates: inconclusive, and a failure where a conclusive one is required.

const load = {
  name: 'doubtful',
  devices: 20,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 40,
  duration: '20s',
  slices: { devicesPerSlice: 10, toleratedFailureShare: 0.5 },
  drain: '1s',
  thresholds: {
    lost_messages: [],
    dropped_messages: [],
    unacknowledged_messages: [],
    failed_messages: [],
    throttled_messages: [],
    devices_not_connected: [],
  },
};

const workplace = makeWorkplace();
afterAll(() => workplace.remove());
const describeWithProcesses = existsSync('/proc/self/environ') ? describe : describe.skip;

interface Doubtful {
  readonly ran: CliResult;
  readonly watched: CliResult;
  readonly reported: CliResult;
}

/** A run, and beside it who watches it and who reads its report later. @param flags of all three */
async function play(name: string, flags: readonly string[]): Promise<Doubtful> {
  const runs = path.join(workplace.directory, name);
  const where = ['--runs', runs, ...flags];
  // The profile comes by standard input.
  const run = startCli(['run', '-', ...where], {}, { input: `// tolerant\n${JSON.stringify(load)}` });
  await run.untilOutput(' publishing,');
  const runId = readdirSync(runs).find((each) => each.startsWith('doubtful')) ?? '';
  await sleep(1_000);
  process.kill(processesOfFunction(runs, 'publish-mqtt').at(-1)!, 'SIGKILL');
  // Only now: on a busy machine the command takes seconds to start.
  const watch = startCli(['watch', runId, ...where]);
  const [ran, watched] = await Promise.all([run.result, watch.result]);
  return { ran, watched, reported: await runCli(['report', runId, ...where]) };
}

describeWithProcesses('a run that was inconclusive', () => {
  let plain: Doubtful;
  let strict: Doubtful;
  beforeAll(async () => {
    [plain, strict] = await Promise.all([play('plain', []), play('strict', ['--require-conclusive'])]);
  });

  it.each<[string, (of: Doubtful) => CliResult]>([
    ['run', ({ ran }) => ran],
    ['watch', ({ watched }) => watched],
    ['report', ({ reported }) => reported],
  ])('ends %s with 0, and with 99 where a conclusive one is required', (_command, resultOf) => {
    for (const each of [plain, strict]) expect(resultOf(each).stdout).toMatch(/^ {2}\? INCONCLUSIVE/m);
    expect([resultOf(plain).code, resultOf(strict).code]).toEqual([0, 99]);
  });
});
