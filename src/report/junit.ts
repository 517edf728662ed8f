import { formatShare } from '../shared/format.ts';
import type { Comparison } from './compare-reports.ts';
import { describeRuns, formatChange, formatFigure, formatNoise } from './comparison-text.ts';
import { inconsistenciesOf } from './inconsistencies.ts';
import { hasArrivals } from './ledger-equations.ts';
import { type Repeats, repeatRows } from './repeats.ts';
import type { Report } from './report-model.ts';
import { type SearchReport, verdictOfSearch } from './search-report.ts';
import { describeAnswer } from './search-text.ts';
import { describeMeasured } from './threshold-figures.ts';

/** One line of a pipeline's test report. */
interface TestCase {
  readonly group: string;
  readonly name: string;
  /** Why it failed; absent: it did not. */
  readonly failure?: string | undefined;
  /** Why nothing was judged; absent: it was judged. */
  readonly skipped?: string | undefined;
}

export interface ConclusiveOptions {
  /** An inconclusive result is a failure; otherwise it is skipped, which pipelines show as neither. */
  readonly requireConclusive?: boolean | undefined;
}

/**
 * A run as a JUnit suite: its thresholds or its search, its ledger, its slices, and whether it ran to its end.
 * @see https://github.com/testmoapp/junitxml
 */
export function renderJUnit(report: Report, options: ConclusiveOptions = {}): string {
  const seconds = (Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1_000;
  return renderSuite({
    name: report.name,
    startedAt: report.startedAt,
    seconds,
    cases: casesOf(report, options),
    properties: propertiesOf(report),
  });
}

/** A comparison as a JUnit suite: a case a figure. */
export function renderComparisonJUnit(comparison: Comparison, options: ConclusiveOptions = {}): string {
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
  ] as const;
  return renderSuite({
    name: `${candidate[0]?.name}.compare`,
    startedAt: candidate[0]?.startedAt ?? '',
    seconds: 0,
    cases: allCases,
    properties,
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

function casesOf(report: Report, options: ConclusiveOptions): TestCase[] {
  const { thresholds, imbalances, slices, verdict, reasons, search } = report;
  const inconsistencies = inconsistenciesOf(report);
  const intolerable = reasons.find((reason) => reason.includes('slices.toleratedFailureShare'));
  const isWhole = verdict !== 'aborted' && (slices.stopped === 0 || hasSearchEnded(report));
  return [
    ...thresholds.map((threshold): TestCase => {
      const { metric, expression, passed, isExcusedByStop } = threshold;
      const measured = describeMeasured(threshold);
      return {
        group: 'thresholds',
        name: `${metric} ${expression}`,
        ...(isExcusedByStop === true
          ? { skipped: `the run was stopped; ${measured}` }
          : passed
            ? {}
            : { failure: measured }),
      };
    }),
    {
      group: 'run',
      name: 'the ledger balances',
      ...(imbalances.length === 0
        ? {}
        : {
            failure: imbalances
              .map(({ equation, left, right }) => `${equation}: ${left} ≠ ${right}`)
              .join('; '),
          }),
    },
    {
      group: 'run',
      name: 'the run came to its end',
      ...(isWhole ? {} : { failure: reasons[0] ?? 'it was stopped' }),
    },
    {
      group: 'run',
      name: 'slices are tolerable',
      // Fewer than the profile tolerates fail no run.
      ...(intolerable === undefined ? {} : { failure: intolerable }),
    },
    search === undefined
      ? conclusiveCase(
          'run',
          inconsistencies.length > 0 ? `Inconclusive: ${inconsistencies.join(' ')}` : undefined,
          options,
        )
      : searchCase(search, options),
  ];
}

/** A run that its own search stops has come to its end. */
function hasSearchEnded({ search, stop }: Report): boolean {
  if (search === undefined || stop === undefined) return false;
  return search.answer.ended !== 'stopped' && stop.threshold === undefined;
}

/** Levels above the knee strain the generator, too: whether the answer is conclusive is said by how the search ended. */
function searchCase(search: SearchReport, { requireConclusive = false }: ConclusiveOptions): TestCase {
  const verdict = verdictOfSearch(search);
  const isFailed = verdict === 'failed' || (verdict === 'inconclusive' && requireConclusive);
  const answer = describeAnswer(search);
  return {
    group: 'search',
    name: search.settings.planned === undefined ? 'the search has an answer' : 'the planned load is held',
    ...(isFailed ? { failure: answer } : verdict === 'passed' ? {} : { skipped: answer }),
  };
}

function conclusiveCase(
  group: string,
  doubt: string | undefined,
  { requireConclusive = false }: ConclusiveOptions,
): TestCase {
  const outcome = requireConclusive ? { failure: doubt } : { skipped: doubt };
  return { group, name: 'the result is conclusive', ...(doubt === undefined ? {} : outcome) };
}

function propertiesOf(report: Report): (readonly [string, string])[] {
  const { runId, verdict, messages, generator, conditions, search } = report;
  return [
    ['runId', runId],
    ['verdict', verdict],
    ...(search === undefined ? [] : [['answer', describeAnswer(search)] as const]),
    ['rehearsal', String(conditions?.isRehearsal === true)],
    ['sent', String(messages.sent)],
    ...(hasArrivals(report)
      ? ([
          ['received', String(messages.received)],
          ['lost', String(messages.lost)],
          ['notRead', String(messages.notRead ?? 0)],
          ['deadLettered', String(messages.deadLettered ?? 0)],
          ['unaccounted', String(messages.unaccounted ?? 0)],
        ] as const)
      : ([
          ['succeeded', String(messages.acked)],
          ['failed', String(messages.failed)],
          ['unanswered', String(messages.unacknowledged)],
        ] as const)),
    ['generator', generator.health.state],
  ];
}

interface Suite {
  readonly name: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly cases: readonly TestCase[];
  readonly properties: readonly (readonly [string, string])[];
}

function renderSuite({ name, startedAt, seconds, cases, properties }: Suite): string {
  const suite = `stampede.${name}`;
  const counts = attributes({
    tests: cases.length,
    failures: cases.filter(({ failure }) => failure !== undefined).length,
    skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
    errors: 0,
    time: seconds.toFixed(3),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name: 'stampede' })} ${counts}>`,
    `  <testsuite ${attributes({ name: suite })} ${counts} ${attributes({ timestamp: startedAt.slice(0, 19) })}>`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property ${attributes({ name: key, value })}/>`),
    '    </properties>',
    ...cases.flatMap((each) => renderCase(suite, each)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function renderCase(suite: string, { group, name, failure, skipped }: TestCase): string[] {
  const head = attributes({ classname: `${suite}.${group}`, name, time: '0.000' });
  if (failure !== undefined) {
    return [
      `    <testcase ${head}>`,
      `      <failure ${attributes({ message: failure, type: group })}/>`,
      '    </testcase>',
    ];
  }
  if (skipped !== undefined) {
    return [
      `    <testcase ${head}>`,
      `      <skipped ${attributes({ message: skipped })}/>`,
      '    </testcase>',
    ];
  }
  return [`    <testcase ${head}/>`];
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeAttribute(String(value))}"`)
    .join(' ');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 does not allow become blanks: reasons may contain any text of a service. */
function escapeAttribute(text: string): string {
  return text
    .replace(/[^\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, ' ')
    .replace(/[&<>"]/g, (character) => entities[character]!);
}
