import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatReportJson } from '../../../src/report/report-json.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { type CliResult, makeWorkplace, runCli, type Workplace } from '../../support/cli/run-cli.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { simulateHistory } from '../../support/report/simulated-history.ts';

let workplace: Workplace;
let runs: string;
beforeAll(() => {
  workplace = makeWorkplace();
  runs = path.join(workplace.directory, 'runs');
});
beforeEach(() => rmSync(runs, { recursive: true, force: true }));
afterAll(() => workplace.remove());

const good = { ...reportOf(runOf()), runId: 'good' };
const doubtful = { ...reportOf(runOf({ busyMs: 40 })), runId: 'doubtful' };
const lossy = { ...reportOf(runOf({ lostPerThousand: 5 })), runId: 'lossy' };

function store(...files: readonly (readonly [name: string, content: unknown])[]): void {
  for (const [name, content] of files) {
    const file = path.join(runs, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
}

const storeReport = (report: Report) => store([`${report.runId}/report.json`, formatReportJson(report)]);

function stampede(...args: string[]): Promise<CliResult> {
  return runCli([...args, '--runs', runs], { GITHUB_STEP_SUMMARY: '' });
}

describe('stampede report', () => {
  it('makes no report of a plan that names another run', async () => {
    storeReport(good);
    const before = readFileSync(path.join(runs, 'good/report.json'), 'utf8');
    store(['other-run/plan.json', { ...planOf(), runId: 'good' }]);
    const { code, stderr } = await stampede('report', 'other-run');
    expect(code).toBe(2);
    expect(stderr).toContain('plan.json is of another run, "good"');
    expect(readFileSync(path.join(runs, 'good/report.json'), 'utf8')).toBe(before);
  });

  it.each([
    ['passed', good, 0],
    ['failed', lossy, 99],
    ['aborted', { ...good, runId: 'stopped', verdict: 'aborted' as const }, 130],
    ['inconclusive', doubtful, 0],
  ])('shows a report, and exits as the run that %s', async (verdict, report, exitCode) => {
    storeReport(report);
    const { code, stdout } = await stampede('report', report.runId);
    expect(code).toBe(exitCode);
    expect(stdout).toContain(`${verdict.toUpperCase()}  ${report.runId}`);
    expect(stdout).toContain(path.join(runs, report.runId, 'report.html'));
  });

  it('exits 99 for an inconclusive run where a conclusive one is required', async () => {
    storeReport(good);
    storeReport(doubtful);
    expect((await stampede('report', doubtful.runId, '--require-conclusive')).code).toBe(99);
    expect((await stampede('report', good.runId, '--require-conclusive')).code).toBe(0);
    expect((await stampede('compare', good.runId, doubtful.runId, '--tolerance', '100000%')).code).toBe(0);
    const refused = ['compare', good.runId, doubtful.runId, '--tolerance', '100000%', '--require-conclusive'];
    expect((await stampede(...refused)).code).toBe(99);
  });

  it('makes the report of a run that was cut off, of what it had stored by then', async () => {
    const plan = planOf();
    const { runId } = plan;
    const dead = { ...resultOf(plan, 1, [0, 1, 2]), outcome: 'running' };
    const window = windowOf(plan, [
      [0, 0],
      [0, 1],
      [1, 5],
    ]);
    store(
      [`${runId}/plan.json`, plan],
      [`${runId}/slices/0/0.json`, resultOf(plan, 0)],
      [`${runId}/slices/1/0.json`, dead],
      [`${runId}/arrivals/rule/${window.window}.json`, window],
    );
    const { code, stdout } = await stampede('report', 'latest');
    expect(code).toBe(99);
    expect(stdout).toContain('4 slices: 1 completed, 3 died');
    expect(stdout).toContain('CloudWatch has no PublishIn.Success yet');
    const report = JSON.parse(readFileSync(path.join(runs, runId, 'report.json'), 'utf8')) as Report;
    // Three of its checkpoint, and one that arrived after that.
    expect(report.messages).toMatchObject({ sent: 125 + 4, received: 3 });
    expect(report.imbalances).toEqual([]);
    expect(existsSync(path.join(runs, runId, 'report.html'))).toBe(true);
    const again = await stampede('report', runId, '--json');
    expect(JSON.parse(again.stdout)).toEqual(report);
  });

  it.each([
    [['report', 'nowhere'], 'there is no run nowhere in'],
    [['report', '../../etc'], 'there is no run ../../etc in'],
    [['report'], 'latest: there is no run in'],
    [['stop', 'nowhere'], 'no embedded AWS uses the directory'],
  ])('exits 2 for %j', async (args, message) => {
    const { code, stderr } = await stampede(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('→');
  });
});

describe('stampede compare', () => {
  const fileOf = (report: Report) => path.join(runs, report.runId, 'report.json');
  beforeEach(() => {
    storeReport(good);
    storeReport(lossy);
  });

  it('exits 0 without a regression, 99 with one', async () => {
    const same = await stampede('compare', 'good', fileOf(good));
    expect(same.code).toBe(0);
    expect(same.stdout).toContain('NO REGRESSION');
    const worse = await stampede('compare', 'good', path.dirname(fileOf(lossy)));
    expect(worse.code).toBe(99);
    expect(worse.stdout).toContain('✗ lost_messages rate');
    const better = await stampede('compare', 'lossy', 'good');
    expect(better.code).toBe(0);
    expect(better.stdout).toContain('✓ lost_messages rate');
  });

  it('takes a saved baseline, and judges the latest run unless a run is named', async () => {
    const baseline = path.join(workplace.directory, 'baseline.json');
    writeFileSync(baseline, formatReportJson(good));
    store(['lossy/plan.json', '{}']);
    expect((await stampede('compare', '--baseline', baseline)).code).toBe(99);
    expect((await stampede('compare', '--baseline', baseline, 'good')).code).toBe(0);
  });

  it('uses the tolerance that is set', async () => {
    const slower = { ...good, runId: 'slower', rates: { ...good.rates, throughputPerSecond: 400 } };
    storeReport(slower);
    expect((await stampede('compare', 'good', 'slower')).code).toBe(99);
    for (const tolerance of ['20%', '0.2']) {
      const { code, stdout } = await stampede(
        'compare',
        'good',
        'slower',
        '--tolerance',
        tolerance,
        '--json',
      );
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ tolerance: 0.2, isRegression: false });
    }
  });

  it('compares several runs of each side: by their ids, a pattern of ids, or a series by its file', async () => {
    const series = (name: string, report: Report) =>
      [1, 2, 3].map((i) => {
        const run = { ...report, runId: `${name}-${i}` };
        storeReport(run);
        return run.runId;
      });
    const [clean, spoilt] = [series('clean', good), series('spoilt', lossy)];
    const ids = await stampede('compare', '--base', ...clean, '--new', ...spoilt, '--json');
    expect(ids.code).toBe(99);
    expect(JSON.parse(ids.stdout)).toMatchObject({
      baseline: clean.map((runId) => ({ runId })),
      candidate: spoilt.map((runId) => ({ runId })),
      noiseWithin: 'runs',
      tolerance: 0.05,
    });
    store(['repeats-clean-1.json', { version: 1, runs: clean.map((runId) => ({ runId })) }]);
    const same = await stampede('compare', '--base', 'repeats-clean-1.json', '--new', 'cle?n-*', 'good');
    expect(same.code).toBe(0);
    expect(same.stdout).toContain('baseline   3 runs: clean-1 … clean-3  3 passed');
    expect(same.stdout).toContain('candidate  4 runs: clean-1 … good');
  });

  it('finds no change in a history without one', async () => {
    store(['torn/report.json', '{"version":2,']);
    for (const runId of ['h-1', 'h-2', 'h-3']) storeReport({ ...good, runId });
    const [junit, summary] = ['history.xml', 'history.md'].map((name) =>
      path.join(workplace.directory, name),
    );
    const args = ['compare', 'h-*', '--runs', runs, '--junit', junit!];
    const { code, stdout } = await runCli(args, { GITHUB_STEP_SUMMARY: summary! });
    expect([code, stdout]).toEqual([0, '  no change in 3 runs; no change can be shown in fewer than 10\n']);
    expect(readFileSync(junit!, 'utf8')).toContain('<testsuite name="stampede.smoke.history" tests="5"');
    expect(readFileSync(summary!, 'utf8')).toContain('### ❔ too few runs: smoke');
    expect((await stampede('compare', 'h-*', '--require-conclusive')).code).toBe(99);
    expect(JSON.parse((await stampede('compare', 'h-*', '--json')).stdout)).toMatchObject({
      runs: [{ runId: 'h-1' }, { runId: 'h-2' }, { runId: 'h-3' }],
      changes: [],
      isRegression: false,
    });
  });

  it.each([
    [['good'], 'takes two runs'],
    [[], 'takes two runs'],
    [['--base', 'good'], 'takes --new, and no other runs'],
    [['--base', 'good', '--new', 'nothing-*'], 'nothing-*: no run with a report in'],
    [['--base', 'good', '--new', 'repeats-none.json'], 'repeats-none.json: '],
    [['good', 'lossy', '--baseline', 'x.json'], 'is the earlier run already'],
    [['good', 'nowhere'], 'nowhere: is no file, and no run with a report'],
    [['here', 'nowhere'], 'has 2 errors:\n  here: is no file, '],
    [['good', 'lossy', '--tolerance', 'some'], 'It is a share, such as 10% or 0.1.'],
  ])('exits 2 for %j', async (args, message) => {
    const { code, stderr } = await stampede('compare', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('takes nothing for a report that is none', async () => {
    store(['old/report.json', { version: 2, messages: {} }], ['torn/report.json', '{"version":2,']);
    for (const [run, message] of [
      ['old', 'report.json cannot be read: it must have required property'],
      [path.join(runs, 'torn'), 'torn'],
    ] as const) {
      const { code, stderr } = await stampede('compare', 'good', run);
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }
  });
});

describe('stampede history', () => {
  it('lists the newest runs, by id or by profile, as text, JSON or CSV', async () => {
    store(['torn/report.json', '{"version":2,'], ['begun/plan.json', '{}']);
    for (const report of simulateHistory('nightly', 15)) storeReport(report);
    storeReport(good);
    const text = await stampede('history', '--profile', 'night*');
    expect([text.code, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(/changed: p99 .*\n {2}✓ nightly-20260909T030000Z-ab12 /);
    expect(text.stdout).not.toContain(good.runId);
    const json = JSON.parse((await stampede('history', 'nightly-*', '--last', '12', '--json')).stdout);
    expect(json.runs).toHaveLength(12);
    expect(json.runs.at(-1)).toMatchObject({ runId: 'nightly-20260915T030000Z-ab12', verdict: 'passed' });
    const csv = await stampede('history', '--csv');
    expect(csv.stdout.split('\n')).toHaveLength(1 + 16 + 1);
  });

  it.each([
    [['--last', '0'], '1 to 200.'],
    [['--json', '--csv'], '--csv: cannot be given with --json'],
  ])('exits 2 for %j', async (args, message) => {
    const { code, stderr } = await stampede('history', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('what a pipeline gets', () => {
  it('is a JUnit file, and a step summary where there is one', async () => {
    storeReport(lossy);
    const junit = path.join(workplace.directory, 'out', 'results.xml');
    const summary = path.join(workplace.directory, 'summary.md');
    writeFileSync(summary, 'before\n');
    const env = { GITHUB_STEP_SUMMARY: summary };
    expect((await runCli(['report', 'lossy', '--runs', runs, '--junit', junit], env)).code).toBe(99);
    expect(readFileSync(junit, 'utf8')).toMatch(/<testsuite name="stampede\.smoke" tests="13" failures="1"/);
    expect(readFileSync(summary, 'utf8')).toMatch(/^before\n### ❌ smoke: failed\n/);
  });

  it('costs the run nothing where the runner’s file is away, and exits 2 where the user’s is', async () => {
    storeReport(good);
    const nowhere = path.join(workplace.directory, 'no', 'such', 'summary.md');
    const lost = await runCli(['report', 'good', '--runs', runs], { GITHUB_STEP_SUMMARY: nowhere });
    expect([lost.code, lost.stderr]).toEqual([0, expect.stringContaining('no step summary')]);
    writeFileSync(path.join(workplace.directory, 'file'), '');
    const { code, stderr } = await stampede(
      'report',
      'good',
      '--junit',
      path.join(workplace.directory, 'file', 'x.xml'),
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining('cannot be written')]);
  });

  it('is refused before a run where it can be known', async () => {
    const profile = path.join(import.meta.dirname, '../../../profiles/smoke.json');
    const { code, stderr } = await runCli(['run', profile, '--junit', workplace.directory, '--runs', runs]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('cannot be written: it is a directory')]);
  });
});
