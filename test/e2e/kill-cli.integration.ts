import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Report } from '../../src/report/report-model.ts';
import { sumBy } from '../../src/shared/counts.ts';
import { processesOf } from '../support/cli/processes.ts';
import { type CliResult, makeWorkplace, runCli, startCli } from '../support/cli/run-cli.ts';
import { processOfEmbeddedAws, processOfIotCore } from '../support/run/function-processes.ts';
import { falseClaims } from '../support/run/recorded-truth.ts';
import { type Recorded, readRecording, recorderVariables } from '../support/run/recording.ts';
import { until } from '../support/until.ts';

// The command line, embedded AWS or its IoT Core is killed or stopped, with what it held in memory: the run ends, and the report that is
// made of what was stored says what is not known.

const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 200,
  duration: '5s',
  publish: { ackTimeout: '2s' },
  slices: { devicesPerSlice: 20, toleratedFailureShare: 0 },
  drain: '1s',
};

const describeWithProcesses = existsSync('/proc/self/environ') ? describe : describe.skip;

function kill(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined) throw new Error('there is no such process');
  process.kill(pid, signal);
}

const recordingOf = (runs: string) => `${runs}.lines`;

/** Waits until that many arrivals are in the run store: on a busy machine that is not a matter of seconds. */
async function untilStored(runs: string, arrivals: number): Promise<void> {
  const windowsOf = (): readonly string[] =>
    readdirSync(runs, { recursive: true })
      .map(String)
      .filter((file) => /[/\\]arrivals[/\\].*\.json$/.test(file));
  const countOf = (file: string): number =>
    Number(/"arrivals":(\d+)/.exec(readFileSync(path.join(runs, file), 'utf8'))?.[1] ?? 0);
  const areStored = (): boolean => sumBy(windowsOf(), countOf) >= arrivals;
  await until(areStored, `${arrivals} stored arrivals`, 100);
}

/** A report of what was stored, with what IoT Core had seen of the run. */
async function reportOf(runs: string, name: string) {
  const runId = readdirSync(runs).find((each) => each.startsWith(name)) ?? '';
  const shown = await runCli(['report', runId, '--runs', runs]);
  const json = await runCli(['report', runId, '--runs', runs, '--json']);
  return {
    runId,
    shown,
    report: JSON.parse(json.stdout) as Report,
    recorded: readRecording(recordingOf(runs), runId, 2_000),
  };
}

describeWithProcesses('kill -9 of the CLI', () => {
  const workplace = makeWorkplace();
  afterAll(() => workplace.remove());

  interface LeftBehind {
    readonly shown: CliResult;
    readonly report: Report;
    readonly recorded: Recorded;
  }

  /** @param alsoAws the process of embedded AWS too, so that no process is left to end the others */
  async function killCli(name: string, alsoAws: boolean): Promise<LeftBehind> {
    const runs = path.join(workplace.directory, name);
    const file = workplace.writeProfile(`${name}.json`, { ...load, name, duration: '10m' });
    const cli = startCli(['run', file, '--runs', runs], recorderVariables(recordingOf(runs)));
    await cli.untilOutput(' publishing,');
    await untilStored(runs, 200);
    const embedded = processOfEmbeddedAws(runs);
    kill(cli.child.pid);
    if (alsoAws) kill(embedded);
    // The time limit is far below the ten minutes of the run.
    await until(() => processesOf(runs).length === 0, 'the end of every process', 100);
    return reportOf(runs, name);
  }

  let orphan: LeftBehind;
  let beheaded: LeftBehind;
  beforeAll(async () => {
    [orphan, beheaded] = await Promise.all([killCli('orphan', false), killCli('beheaded', true)]);
  });

  it('stops the run; its report is there', () => {
    const { shown, report } = orphan;
    expect(shown.code).toBe(130);
    expect(report).toMatchObject({ verdict: 'aborted', slices: { stopped: 2 }, imbalances: [] });
    expect(report.reasons[0]).toContain('embedded AWS is shutting down');
    expect(report.messages.received).toBeGreaterThanOrEqual(200);
    expect(report.messages.lost).toBe(0);
    expect(falseClaims(orphan, { intended: null })).toEqual([]);
  });

  it('and of embedded AWS with it: every child ends, and the report is made of what was stored', () => {
    const { shown, report } = beheaded;
    expect(shown.code).toBe(99);
    expect(shown.stdout).toContain('2 slices: 2 died');
    expect(report).toMatchObject({ verdict: 'failed', slices: { died: 2 }, imbalances: [] });
    expect(report.messages.received).toBeGreaterThanOrEqual(200);
    expect(falseClaims(beheaded, { intended: null, slicesKilled: 2, isQueueLost: true })).toEqual([]);
  });
});

describeWithProcesses('kill -9 of a process that no run can do without', () => {
  const workplace = makeWorkplace();
  afterAll(() => workplace.remove());

  async function killUnder(name: string, processOf: (runs: string) => number | undefined) {
    const runs = path.join(workplace.directory, name);
    const file = workplace.writeProfile(`${name}.json`, { ...load, name, duration: '10m' });
    const cli = startCli(['run', file, '--runs', runs], recorderVariables(recordingOf(runs)));
    await cli.untilOutput(' publishing,');
    await sleep(3_000);
    kill(processOf(runs));
    const ended = await cli.result;
    await until(() => processesOf(runs).length === 0, 'the end of every process', 100);
    return { ended, ...(await reportOf(runs, name)) };
  }

  const processes = [
    { what: 'embedded IoT Core', name: 'iot-core', processOf: processOfIotCore },
    { what: 'embedded AWS', name: 'aws', processOf: processOfEmbeddedAws },
  ];
  let killed: readonly Awaited<ReturnType<typeof killUnder>>[];
  // The time limit is far below the ten minutes of the runs: they end at once.
  beforeAll(async () => {
    killed = await Promise.all(processes.map(({ name, processOf }) => killUnder(name, processOf)));
  });

  it.each(processes.map(({ what }, i) => [what, i] as const))(
    '%s: says so at once, and how to get the report',
    (what, i) => {
      const { ended, shown, report, runId } = killed[i]!;
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain(`ended: SIGKILL, and run ${runId} with it`);
      expect(ended.stderr).toContain(what);
      expect(ended.stderr).toContain(`npx stampede report ${runId}`);
      expect(ended.stderr).not.toMatch(/internal|ECONN/);
      expect(shown.stdout).toContain(runId);
      expect(report.verdict).not.toBe('passed');
      const claims = falseClaims(killed[i]!, { intended: null, slicesKilled: 2, isQueueLost: true });
      expect(claims).toEqual([]);
    },
  );
});

describeWithProcesses('SIGSTOP of a process that no run can do without', () => {
  const workplace = makeWorkplace();
  afterAll(() => workplace.remove());

  const processes = [
    { what: 'the embedded IoT Core', name: 'iot-core-stopped', processOf: processOfIotCore },
    { what: 'embedded AWS', name: 'aws-stopped', processOf: processOfEmbeddedAws },
  ];

  it('is named while the run goes on, and the run ends', async () => {
    await Promise.all(processes.map(stopUnder));
  });

  async function stopUnder({ what, name, processOf }: (typeof processes)[number]): Promise<void> {
    const runs = path.join(workplace.directory, name);
    const file = workplace.writeProfile(`${name}.json`, { ...load, name, duration: '2m' });
    const cli = startCli(['run', file, '--runs', runs]);
    await cli.untilOutput(' publishing,');
    const pid = processOf(runs);
    kill(pid, 'SIGSTOP');
    await cli.untilOutput(`${what} (process ${pid}) has not answered for 10 s: it is stopped`);
    kill(pid, 'SIGCONT');
    cli.child.kill('SIGINT');
    const { code } = await cli.result;
    expect(code).toBe(130);
    expect(processesOf(runs)).toEqual([]);
  }
});
