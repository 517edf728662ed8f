import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Report } from '../../src/report/report-model.ts';
import { runCli } from '../support/cli/run-cli.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { packageWith } from '../support/run/package-with.ts';
import { falseClaims } from '../support/run/recorded-truth.ts';
import { type BegunRun, type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// plan and summarize stand still for good: the state machine ends their runs, and what can still be reported is reported.

const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 100,
  duration: '3s',
  slices: { devicesPerSlice: 20 },
  drain: '1s',
};
const messages = 300;

const describeWithProcesses = existsSync('/proc/self/environ') ? describe : describe.skip;

/** Minutes, as deployed, are more than this test wants to wait: the rest of the state machine is unchanged. */
async function packageOfShortTimeouts(): Promise<string> {
  const functionFile = path.resolve(import.meta.dirname, '../../functions/plan.ts');
  const root = await packageWith('plan', `export { handler } from ${JSON.stringify(functionFile)};\n`);
  const directory = path.join(root, 'statemachine');
  const file = path.join(directory, 'load-test.asl.json');
  const machine = JSON.parse(await readFile(file, 'utf8'));
  machine.States.Plan.TimeoutSeconds = 10;
  machine.States.Summarize.TimeoutSeconds = 20;
  await rm(directory);
  await mkdir(directory);
  await writeFile(file, JSON.stringify(machine));
  return root;
}

/** Every process of a function, as soon as there is one, and whatever comes after it. */
async function stopForGood(runs: string, name: string, until: Promise<unknown>): Promise<number> {
  const stopped = new Set<number>();
  let isOver = false;
  void until.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const pid of processesOfFunction(runs, name)) {
      if (stopped.has(pid)) continue;
      stopped.add(pid);
      process.kill(pid, 'SIGSTOP');
    }
    await sleep(5);
  }
  return stopped.size;
}

let root: string;
let rehearsals: readonly Rehearsal[] = [];
beforeAll(async () => {
  if (!existsSync('/proc/self/environ')) return;
  root = await packageOfShortTimeouts();
  rehearsals = await Promise.all([
    startRehearsal({ packageRoot: root }),
    startRehearsal({ packageRoot: root }),
  ]);
});
afterAll(async () => {
  await Promise.all(rehearsals.map((each) => each.close()));
  if (root !== undefined) await rm(root, { recursive: true, force: true });
});

describeWithProcesses('SIGSTOP for good', () => {
  it('of plan ends the run before anything has connected, and says that it timed out', async () => {
    const [rehearsal] = rehearsals as [Rehearsal];
    const run = await rehearsal.begin(load);
    const ended = run.executionEnded();
    expect(await stopForGood(rehearsal.runsDirectory, 'plan', ended)).toBeGreaterThan(0);
    expect(await ended).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    const shown = await runCli(['report', run.runId, '--runs', rehearsal.runsDirectory]);
    expect(shown).toMatchObject({ code: 2, stdout: '' });
    expect(shown.stderr).toContain(run.runId);
  });

  it('of summarize leaves a run whose report is made of what was stored, and says what is not known', async () => {
    const [, rehearsal] = rehearsals as [Rehearsal, Rehearsal];
    const run: BegunRun = await rehearsal.begin(load);
    const ended = run.executionEnded();
    const { timeline } = await run.plan();
    await sleep(timeline.publishAt - Date.now());
    expect(await stopForGood(rehearsal.runsDirectory, 'summarize', ended)).toBeGreaterThan(0);
    expect(await ended).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    const args = ['report', run.runId, '--runs', rehearsal.runsDirectory];
    const { stdout } = await runCli([...args, '--json']);
    const report = JSON.parse(stdout) as Report;
    expect(falseClaims({ report, recorded: await run.recorded() }, { intended: messages })).toEqual([]);
    // What the queue holds cannot be asked any more: nothing is called lost.
    expect(report.messages).toMatchObject({ sent: messages, lost: 0 });
  });
});
