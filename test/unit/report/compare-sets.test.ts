import { describe, expect, it } from '@jest/globals';
import { type Comparison, compareReports, compareRuns } from '../../../src/report/compare-reports.ts';
import { renderComparisonSummary, renderHistorySummary } from '../../../src/report/comparison-summary.ts';
import { renderComparison } from '../../../src/report/comparison-text.ts';
import { describeHistory, splitHistory } from '../../../src/report/history-comparison.ts';
import { renderComparisonJUnit, renderHistoryJUnit } from '../../../src/report/junit-comparison.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { sizeOf } from '../../support/effort.ts';
import { goldenIn } from '../../support/golden.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { type SimulatedRun, simulateRun } from '../../support/report/simulated-run.ts';

const base = reportOf(runOf());
const expectGolden = goldenIn('report', '.golden');

/** @param k of the pair: each has random numbers of its own */
function simulate(k: number, runs: number, side: string, run: Omit<SimulatedRun, 'runId'> = {}): Report[] {
  const random = makeRandom(k, side.charCodeAt(0));
  return Array.from({ length: runs }, (_, i) => simulateRun(base, random, { runId: `${side}${i}`, ...run }));
}

const worseIn = ({ figures }: Comparison) =>
  figures.flatMap(({ figure, outcome }) => (outcome === 'worse' ? [figure] : []));

/** How many of these pairs are a regression. */
const countRegressions = (pairs: number, compare: (k: number) => Comparison) =>
  Array.from({ length: pairs }, (_, k) => compare(k)).filter(({ isRegression }) => isRegression).length;

describe('compareRuns', () => {
  it('reports a regression of at most 1 % of pairs of series of the same thing', () => {
    const pairs = sizeOf(400, 20);
    const run = { perSecond: 80, runSd: 0.03 };
    const regressions = countRegressions(pairs, (k) =>
      compareRuns(simulate(k, 5, 'a', run), simulate(k, 5, 'b', run)),
    );
    expect(regressions).toBeLessThanOrEqual(0.01 * pairs + 3 * Math.sqrt(0.01 * pairs));
  });

  it('finds a tail that is slower by 10 % in 9 of 10 pairs of series, in every figure that has it', () => {
    const pairs = sizeOf(100, 8);
    let found = 0;
    for (let k = 0; k < pairs; k++) {
      const comparison = compareRuns(
        simulate(k, 8, 'a', { runSd: 0.01, seconds: 12 }),
        simulate(k, 8, 'b', { runSd: 0.01, seconds: 12, tailScale: 1.12 }),
      );
      if (worseIn(comparison).includes('end_to_end_latency p99')) found++;
    }
    expect(found / pairs).toBeGreaterThanOrEqual(0.8);
  });

  it('does not judge latencies of one run each, unless a tolerance says how far runs are apart', () => {
    const slow = { scale: 1.6 };
    const [before, same, slower] = [simulate(1, 1, 'a'), simulate(1, 1, 'b'), simulate(1, 1, 'c', slow)];
    expect(
      countRegressions(20, (k) =>
        compareRuns(simulate(k, 1, 'a', { perSecond: 80 }), simulate(k, 1, 'b', { perSecond: 80 })),
      ),
    ).toBe(0);
    const unclear = compareRuns(before, slower);
    expect(unclear.isRegression).toBe(false);
    expect(unclear.inconsistencies).toEqual([expect.stringContaining('One run on each side does not show')]);
    expect(unclear.figures.find(({ figure }) => figure === 'end_to_end_latency p50')?.outcome).toBe(
      'unclear',
    );
    expect(renderComparison(unclear)).toMatch(/\? INCONCLUSIVE: \d+ of the latencies may be worse/);
    expect(renderComparisonJUnit(unclear)).toContain(
      'name="end_to_end_latency p50" time="0.000">\n      <skipped',
    );
    expect(worseIn(compareReports(before[0]!, slower[0]!, 0.3))).toContain('end_to_end_latency p50');
    expect(compareReports(before[0]!, same[0]!, 3).isRegression).toBe(false);
  });

  it('judges one run by several earlier ones, and by how far they are apart', () => {
    const earlier = simulate(3, 8, 'a', { runSd: 0.03 });
    expect(compareRuns(earlier, simulate(3, 1, 'b', { runSd: 0.03 })).isRegression).toBe(false);
    expect(worseIn(compareRuns(earlier, simulate(3, 1, 'c', { scale: 2 })))).toContain(
      'end_to_end_latency p99',
    );
  });

  it('counts one lost message where no run of the baseline lost any, and compares the shares otherwise', () => {
    const losing = (report: Report, lost: number): Report => ({
      ...report,
      messages: { ...report.messages, lost, received: report.messages.sent - lost },
    });
    const [before, after] = [simulate(4, 4, 'a'), simulate(4, 4, 'b')];
    const one = after.map((report, i) => losing(report, i === 2 ? 1 : 0));
    expect(worseIn(compareRuns(before, one))).toEqual(['lost_messages rate']);
    const some = before.map((report, i) => losing(report, 40 + i));
    const more = after.map((report, i) => losing(report, 44 - i));
    expect(worseIn(compareRuns(some, more))).toEqual([]);
    expect(
      worseIn(
        compareRuns(
          some,
          after.map((report) => losing(report, 400)),
        ),
      ),
    ).toEqual(['lost_messages rate']);
  });

  it('counts a threshold that most runs fail and that no earlier one failed', () => {
    const failing = (report: Report): Report => ({
      ...report,
      thresholds: report.thresholds.map((each, i) => (i === 0 ? { ...each, passed: false } : each)),
    });
    const [before, after] = [simulate(5, 3, 'a'), simulate(5, 3, 'b')];
    const failed = (runs: number) => after.map((report, i) => (i < runs ? failing(report) : report));
    expect(compareRuns(before, failed(1)).brokenThresholds).toEqual([]);
    expect(compareRuns(before, failed(2)).brokenThresholds).toEqual(['end_to_end_latency p(95)<1000']);
    expect(compareRuns([failing(before[0]!), before[1]!], failed(3)).brokenThresholds).toEqual([]);
  });

  it('looks as it did', () => {
    const comparison = compareRuns(
      simulate(6, 6, 'a', { runSd: 0.01 }),
      simulate(6, 6, 'b', { runSd: 0.01, scale: 1.3 }),
    );
    expectGolden('compare-sets.txt', renderComparison(comparison));
    expectGolden('compare-sets.step-summary.md', renderComparisonSummary(comparison));
  });
});

describe('splitHistory', () => {
  const at = (i: number) => new Date(Date.UTC(2026, 8, 1 + i)).toISOString();
  const historyOf = (scales: readonly number[], k = 0) =>
    scales.map((scale, i) => {
      const [run] = simulate(100 * k + i, 1, 'h', { scale, runSd: 0.01, perSecond: 80 });
      return { ...run!, runId: `run-${i}`, startedAt: at(i) };
    });
  const steps = (...parts: readonly (readonly [runs: number, scale: number])[]) =>
    parts.flatMap(([runs, scale]) => Array.from({ length: runs }, () => scale));

  it('finds where the runs changed, whatever their order, and compares what was before with what came after', () => {
    const runs = historyOf(steps([8, 1], [7, 1.3]));
    const history = splitHistory(runs.toReversed());
    const { before, after, changes } = history;
    expect(after[0]?.runId).toBe('run-8');
    expect(before.map(({ runId }) => runId)).toEqual(runs.slice(0, 8).map(({ runId }) => runId));
    expect(new Set(changes.map(({ figure }) => figure))).toEqual(new Set(['p50Ms', 'p99Ms']));
    const [line] = describeHistory(history);
    expect(line).toMatch(
      /^changed at run-8: p50 4\d(\.\d)? ms → 5\d(\.\d)? ms \(by chance in <?0\.1 % of histories\)$/,
    );
    const comparison = compareRuns(before, after);
    expect(worseIn(comparison)).toContain('end_to_end_latency p99');
    expect(renderHistorySummary(history)).toContain(`- ${line}\n`);
    expect(renderComparisonJUnit(comparison, {}, history)).toContain(`name="history" value="${line}`);
  });

  it('compares the last change with what there was since the one before', () => {
    const { before, after } = splitHistory(historyOf(steps([8, 1], [8, 1.5], [8, 1.2])));
    expect([before[0]?.runId, after[0]?.runId]).toEqual(['run-8', 'run-16']);
  });

  it('finds nothing where nothing changed, and says when the runs are too few', () => {
    const history = splitHistory(historyOf(steps([14, 1])));
    expect(history).toMatchObject({ after: [], changes: [], leftOut: [] });
    expect(describeHistory(history)).toEqual(['no change in 14 runs']);
    expectGolden('history.junit.xml', renderHistoryJUnit(history));
    expectGolden('history.step-summary.md', renderHistorySummary(history));
    const short = splitHistory(historyOf(steps([6, 1])));
    expect(describeHistory(short)).toEqual(['no change in 6 runs; no change can be shown in fewer than 10']);
    expect(renderHistorySummary(short)).toContain('### ❔ too few runs');
    const outcomes = (requireConclusive: boolean) =>
      [...renderHistoryJUnit(short, { requireConclusive }).matchAll(/<(skipped|failure) /g)].map(
        ([, kind]) => kind,
      );
    expect(outcomes(false)).toEqual(Array.from({ length: 5 }, () => 'skipped'));
    expect(outcomes(true).filter((kind) => kind === 'failure')).toHaveLength(1);
  });

  it('leaves out runs that ended before their time', () => {
    const runs = historyOf(steps([8, 1], [7, 1.3])).map((run, i): Report => {
      return i === 3
        ? { ...run, verdict: 'aborted', latencyMs: reportOf(runOf({ busyMs: 900 })).latencyMs }
        : run;
    });
    const history = splitHistory(runs);
    expect(history.leftOut).toEqual(['run-3']);
    expect([...history.before, ...history.after].map(({ runId }) => runId)).not.toContain('run-3');
    expect(describeHistory(history).at(-1)).toBe('left out, because they ended before their time: 1 run');
  });
});
