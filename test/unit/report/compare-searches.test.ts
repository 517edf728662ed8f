import { describe, expect, it } from '@jest/globals';
import type { SearchEnd } from '../../../src/plan/search/search-answer.ts';
import { type Comparison, compareRuns } from '../../../src/report/compare-reports.ts';
import { renderComparisonSummary } from '../../../src/report/comparison-summary.ts';
import { renderComparison } from '../../../src/report/comparison-text.ts';
import { renderComparisonJUnit } from '../../../src/report/junit-comparison.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { runFiguresOf } from '../../../src/report/run-history.ts';
import { goldenIn } from '../../support/golden.ts';
import { objectiveSituations } from '../../support/report/objective-situations.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { searchSituations } from '../../support/report/search-situations.ts';
import { playTrueRun } from '../../support/report/true-run.ts';

const expectGolden = goldenIn('report', '.golden');
const reportIn = (name: string) => playTrueRun(searchSituations.find(([each]) => each === name)![1]).report;
const found = reportIn('a search found less than is planned');
const { holds, breaks } = found.search!.answer as { holds: number; breaks: number };

/** The same search of a service that takes another share of the load. */
function scaled(factor: number, runId = `scaled-${factor}`): Report {
  const search = found.search!;
  const answer = { ...search.answer, holds: Math.round(holds * factor), breaks: Math.round(breaks * factor) };
  return { ...found, runId, search: { ...search, answer } };
}

const endedBy = (ended: SearchEnd, answered: { holds: number | null; breaks: number | null }): Report => ({
  ...found,
  runId: ended,
  search: { ...found.search!, answer: { ...found.search!.answer, ...answered, ended } },
});

/** The same search with other figures at a level; lost messages and a factor of the latencies. */
function changedAt(level: number, { lost = 0, slower = 1 }): Report {
  const steps = found.search!.steps.map((step) => {
    if (step.level !== level) return step;
    const { figures } = step;
    const latencyMs = Object.fromEntries(
      Object.entries(figures.latencyMs).map(([name, each]) => [
        name,
        { ...each, count: 500, p50: each.p50 * slower, p95: each.p95 * slower, p99: each.p99 * slower },
      ]),
    );
    return { ...step, figures: { ...figures, lost: figures.lost + lost, latencyMs } };
  });
  return { ...found, runId: 'changed', search: { ...found.search!, steps } };
}

const figureIn = ({ figures }: Comparison, name: string) => figures.find(({ figure }) => figure === name);
const worseIn = ({ figures }: Comparison) =>
  figures.flatMap(({ figure, outcome }) => (outcome === 'worse' ? [figure] : []));

describe('compareRuns, of searches', () => {
  it('compares their answers and levels that both held, and nothing of the whole runs', () => {
    const { figures, isRegression, inconsistencies } = compareRuns([found], [scaled(1)]);
    expect([isRegression, inconsistencies]).toEqual([false, []]);
    const names = figures.map(({ figure }) => figure);
    expect(names.slice(0, 3)).toEqual(['search holds', 'search breaks', 'search headroom']);
    for (const name of names.slice(3)) expect(name).toMatch(/ at [\d,]+\/s$/);
    const levels = [...new Set(names.slice(3).map((name) => name.replace(/.* at /, '')))];
    expect(levels.length).toBeGreaterThan(1);
    expect(levels.every((level) => Number(level.replace(/\D/g, '')) <= holds)).toBe(true);
  });

  it('is a regression where less is held, by more than the tolerance and the precision of the searches', () => {
    const worse = compareRuns([found], [scaled(0.8)]);
    expect(worseIn(worse)).toEqual(['search holds', 'search breaks', 'search headroom']);
    expect(figureIn(worse, 'search holds')).toMatchObject({
      baseline: holds,
      candidate: Math.round(0.8 * holds),
    });
    expect(figureIn(worse, 'search headroom')?.baseline).toBeCloseTo(holds / 6_000, 9);
    expect(compareRuns([found], [scaled(1.3)]).isRegression).toBe(false);
    // The next bracket of the same search is within its precision.
    expect(compareRuns([found], [scaled(holds / breaks)], 0.01).isRegression).toBe(false);
    expectGolden('compare-searches.txt', renderComparison(worse));
    expect(renderComparisonSummary(worse)).toContain('\ncandidate: You plan 6,000/s; it holds ');
    expect(renderComparisonJUnit(worse)).toMatch(/name="search holds"[^>]*>\s*<failure message="[\d,]+ → /);
  });

  it('finds losses and slower answers at a level that both held', () => {
    const [lowest] = found.search!.steps;
    const lossy = compareRuns([found], [changedAt(lowest!.level, { lost: 40 })]);
    expect(worseIn(lossy)).toEqual([expect.stringMatching(/^lost_messages rate at /)]);
    const base = changedAt(lowest!.level, {});
    const slow = compareRuns([base], [changedAt(lowest!.level, { slower: 2 })]);
    expect(slow.isRegression).toBe(false);
    expect(slow.inconsistencies).toEqual([expect.stringContaining('One run on each side does not show')]);
    expect(worseIn(compareRuns([base], [changedAt(lowest!.level, { slower: 2 })], 0.2))).toEqual(
      ['p50', 'p95', 'p99'].map((each) => expect.stringContaining(`end_to_end_latency ${each} at `)),
    );
  });

  it('takes a search that held nothing for the worst, and one that held all for no worse', () => {
    const none = endedBy('none-passed', { holds: null, breaks: 1_000 });
    expect(worseIn(compareRuns([found], [none]))).toEqual([
      'search holds',
      'search breaks',
      'search headroom',
    ]);
    expect(worseIn(compareRuns([none], [found]))).toEqual([]);
    const all = endedBy('all-passed', { holds: 8_000, breaks: null });
    expect(compareRuns([found], [all]).isRegression).toBe(false);
    expect(worseIn(compareRuns([all], [found]))).toEqual(['search holds', 'search headroom']);
  });

  it.each<SearchEnd>(['void', 'stopped', 'out-of-time', 'refused', 'contradicted'])(
    'is inconclusive where a search ended %s',
    (ended) => {
      const comparison = compareRuns([found], [endedBy(ended, { holds, breaks: null })]);
      expect(comparison.isRegression).toBe(false);
      expect(comparison.inconsistencies[0]).toMatch(/^The search of the candidate has no answer, because /);
      expect(figureIn(comparison, 'search holds')?.outcome).toBe('unknown');
    },
  );

  it('judges several searches by how far they are apart', () => {
    const before = [0.98, 1, 1.02, 1].map((factor, i) => scaled(factor, `a${i}`));
    const after = [0.86, 0.88, 0.9, 0.88].map((factor, i) => scaled(factor, `b${i}`));
    expect(compareRuns(before, before.slice(1)).isRegression).toBe(false);
    expect(worseIn(compareRuns(before, after))).toEqual(['search holds', 'search breaks', 'search headroom']);
  });

  it('compares searches that hold an objective by the level that they held', () => {
    const [, situation] = objectiveSituations[0]!;
    const { report } = playTrueRun(situation);
    const heldAt = (level: number): Report => {
      const answer = { ...report.objective!.answer, ended: 'found' as const };
      const range = { lowest: 0.98 * level, highest: 1.01 * level };
      return { ...report, objective: { ...report.objective!, answer: { ...answer, level, ...range } } };
    };
    const [held, halved] = [heldAt(980), heldAt(490)];
    const comparison = compareRuns([held], [halved]);
    expect(comparison.figures.map(({ figure }) => figure)).toEqual(['objective level', 'objective headroom']);
    expect(worseIn(comparison)).toContain('objective level');
    expect(compareRuns([halved], [held]).isRegression).toBe(false);
    expect(compareRuns([found], [held]).figures).toEqual([]);
    expect(runFiguresOf(held)).toMatchObject({ holdsLevel: 980, ratePerSecond: null });
  });

  it('compares no search with another run or a search of something else, and says when the objectives differ', () => {
    const run = reportOf(runOf());
    const mixed = compareRuns([run], [found]);
    expect([mixed.figures, mixed.isRegression]).toEqual([[], false]);
    expect(mixed.inconsistencies).toEqual([expect.stringContaining('Searches and other runs, or')]);
    const { search } = scaled(0.1);
    const ofDevices = { ...found, search: { ...search!, settings: { ...search!.settings, of: 'devices' } } };
    const others = compareRuns([found], [ofDevices as Report]);
    expect([others.figures, others.isRegression]).toEqual([[], false]);
    expect(others.inconsistencies).toEqual(mixed.inconsistencies);
    const under = (lost: string) => {
      const conditions = { profile: { thresholds: { lost_messages: [lost] } } };
      return { ...found, conditions } as unknown as Report;
    };
    const { cautions } = compareRuns([under('count==0')], [under('rate<0.5')]);
    expect(cautions).toEqual([
      'The conditions are not the same: profile.thresholds.lost_messages.0 was count==0 and is rate<0.5.',
    ]);
  });
});
