import { formatShare } from '../shared/format.ts';
import type { Comparison } from './compare-reports.ts';
import { describeRuns, formatChange, formatFigure, formatNoise } from './comparison-text.ts';
import { describeHistory, historyLabels, type SplitHistory, whyTooShort } from './history-comparison.ts';
import { type ConclusiveOptions, conclusiveCase, renderSuite, type TestCase } from './junit-suite.ts';
import { type Repeats, repeatRows } from './repeats.ts';
import { historyFigures, runFiguresOf } from './run-history.ts';

/** A comparison as a JUnit suite: a case a figure. @param history in which the two sides were found */
export function renderComparisonJUnit(
  comparison: Comparison,
  options: ConclusiveOptions = {},
  history?: SplitHistory,
): string {
  const { baseline, candidate, tolerance, brokenThresholds } = comparison;
  const cases = comparison.figures.map((figure): TestCase => {
    const { outcome } = figure;
    const values = `${formatFigure(figure, figure.baseline)} → ${formatFigure(figure, figure.candidate)}`;
    return {
      group: 'figures',
      name: figure.figure,
      ...(outcome === 'worse'
        ? {
            failure: `${values} (${formatChange(figure)}), ${formatShare(tolerance)} is tolerated, and noise is ${formatNoise(figure)}`,
          }
        : {}),
      ...(outcome === 'unknown' || outcome === 'unclear' ? { skipped: values } : {}),
    };
  });
  const broken = brokenThresholds.map((threshold): TestCase => {
    return { group: 'thresholds', name: threshold, failure: 'passed in the baseline, fails now' };
  });
  const doubt =
    comparison.inconsistencies.length > 0
      ? `Inconclusive: ${comparison.inconsistencies.join(' ')}`
      : undefined;
  const allCases = [...cases, ...broken, conclusiveCase('comparison', doubt, options)];
  const properties = [
    ['baseline', describeRuns(baseline)],
    ['candidate', describeRuns(candidate)],
    ...(history === undefined ? [] : [['history', describeHistory(history).join('; ')] as const]),
  ] as const;
  return renderSuite({
    name: `${candidate[0]?.name}.compare`,
    startedAt: candidate[0]?.startedAt ?? '',
    seconds: 0,
    cases: allCases,
    properties,
  });
}

/** A history without a change as a JUnit suite: a case a figure, and one for its length. */
export function renderHistoryJUnit(history: SplitHistory, options: ConclusiveOptions = {}): string {
  const runs = history.before;
  const figures = runs.map(runFiguresOf);
  const tooShort = whyTooShort(history);
  const cases = historyFigures
    .filter((figure) => figures.some((run) => run[figure] !== null))
    .map((figure): TestCase => {
      return { group: 'history', name: `${historyLabels[figure]} has not changed`, skipped: tooShort };
    });
  return renderSuite({
    name: `${runs.at(-1)?.name ?? ''}.history`,
    startedAt: runs.at(-1)?.startedAt ?? '',
    seconds: 0,
    cases: [...cases, conclusiveCase('history', tooShort, options)],
    properties: [
      ['runs', describeRuns(runs)],
      ['history', describeHistory(history).join('; ')],
    ],
  });
}

/** A series as a JUnit suite: a case a run, and the medians as properties. */
export function renderRepeatsJUnit(repeats: Repeats, { requireConclusive }: ConclusiveOptions = {}): string {
  const { name, runs, requested } = repeats;
  const cases = runs.map(({ runId, verdict }): TestCase => {
    const isFailed = verdict === 'failed' || (verdict === 'inconclusive' && requireConclusive === true);
    const isPassed = verdict === 'passed';
    return {
      group: 'runs',
      name: runId,
      ...(isFailed ? { failure: verdict } : isPassed ? {} : { skipped: verdict }),
    };
  });
  const missing = requested - runs.length;
  const [first, last] = [runs[0], runs.at(-1)];
  return renderSuite({
    name: `${name}.repeats`,
    startedAt: first?.startedAt ?? '',
    seconds: (Date.parse(last?.endedAt ?? '') - Date.parse(first?.startedAt ?? '')) / 1_000,
    cases: [
      ...cases,
      {
        group: 'runs',
        name: 'every run has a report',
        ...(missing > 0 ? { skipped: `${missing} of ${requested} runs have none` } : {}),
      },
    ],
    properties: repeatRows(repeats).map(([figure = '', median = '', interval = '']) => [
      figure,
      `${median} (${interval})`,
    ]),
  });
}
