import { describe, expect, it } from '@jest/globals';
import { renderHistoryCsv, renderHistoryTable } from '../../../../src/cli/output/history-text.ts';
import { plainStyler } from '../../../../src/cli/output/style.ts';
import type { Report } from '../../../../src/report/report-model.ts';
import { changesByRun, type RunFigures, runFiguresOf } from '../../../../src/report/run-history.ts';
import { goldenIn } from '../../../support/golden.ts';
import { searchSituations } from '../../../support/report/search-situations.ts';
import { simulateHistory } from '../../../support/report/simulated-history.ts';
import { playTrueRun } from '../../../support/report/true-run.ts';

const expectGolden = goldenIn('report', '.golden');
const reports = simulateHistory('nightly', 15);
const stopped: Report = { ...reports[3]!, verdict: 'aborted' };
const runs = reports.with(3, stopped).map(runFiguresOf);
const render = (of: readonly RunFigures[], columns = 80) =>
  renderHistoryTable(of, changesByRun(of), { style: plainStyler, columns });

describe('the list of runs', () => {
  it('has a line before the first run of a change, and the course of each figure, in 80 columns', () => {
    const text = render(runs);
    expectGolden('history.txt', text);
    const lines = text.split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    const change = lines.findLastIndex((line) => line.includes('changed: p99 '));
    expect(lines[change + 1]).toContain(`✓ ${runs[8]!.runId}`);
    expect(text).toContain('1 run ended before its time');
  });

  it('leaves out columns where it is narrow, and cuts no id', () => {
    const narrow = render(runs, 60);
    for (const { runId } of runs) expect(narrow).toContain(runId);
    expect(narrow).toContain('p99');
    expect(narrow).not.toContain('devices');
    const [head = ''] = narrow.split('\n');
    expect(head.length).toBeLessThanOrEqual(60);
  });

  it('finds changes by profile, and names the profile where there are several', () => {
    const other = simulateHistory('weekly', 3).map(runFiguresOf);
    const text = render([...runs, ...other]);
    expect(text).toContain('▼ changed: nightly: p99 ');
    expect(text).toContain('--profile NAME');
  });

  it('says how few runs show nothing', () => {
    expect(render(runs.slice(0, 3))).toContain(
      'no change in 3 runs; no change can be shown in fewer than 10',
    );
  });

  it('has of a search what it holds, and none of the figures of its many loads', () => {
    const [, situation] = searchSituations.find(([name]) => name === 'a search found the knee')!;
    const { report } = playTrueRun(situation);
    const run = runFiguresOf(report);
    expect(run).toMatchObject({
      ratePerSecond: null,
      p50Ms: null,
      p99Ms: null,
      lostShare: null,
      isWhole: true,
    });
    expect(run.holdsLevel).toBe(report.search!.answer.holds);
    expect(render([run])).toMatch(/run +devices +holds\n/);
    expect(render([run])).not.toContain('so far');
    expect(render([{ ...run, isWhole: false }])).toMatch(/ so far\n/);
  });

  it('is comma-separated values with a heading, and names what changed', () => {
    const named = runs.with(0, { ...runs[0]!, name: 'a "quoted", name' });
    const [heading, first, ...others] = renderHistoryCsv(named, changesByRun(runs)).trimEnd().split('\n');
    expect(heading).toMatch(/^runId,name,verdict,.*,p50Ms,p99Ms,.*,changed$/);
    expect(first).toContain(',"a ""quoted"", name",passed,true,2026-09-01T03:00:00.000Z,');
    expect(others).toHaveLength(runs.length - 1);
    expect(others[7]).toMatch(/,"p50Ms p99Ms"$/);
  });
});
