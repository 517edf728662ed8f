import { inconsistenciesOf } from './inconsistencies.ts';
import { type ConclusiveOptions, conclusiveCase, renderSuite, type TestCase } from './junit-suite.ts';
import { hasArrivals } from './ledger-equations.ts';
import type { Report } from './report-model.ts';
import { cameToItsEnd } from './run-end.ts';
import { type SearchOutcome, searchOutcomeOf } from './search-outcome.ts';
import { describeMeasured } from './threshold-figures.ts';

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

function casesOf(report: Report, options: ConclusiveOptions): TestCase[] {
  const { thresholds, imbalances, reasons } = report;
  const search = searchOutcomeOf(report);
  const inconsistencies = inconsistenciesOf(report);
  const intolerable = reasons.find((reason) => reason.includes('slices.toleratedFailureShare'));
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
      ...(cameToItsEnd(report) ? {} : { failure: reasons[0] ?? 'it was stopped' }),
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

/** Levels above the knee strain the generator, too: whether the answer is conclusive is said by how the search ended. */
function searchCase(
  { verdict, answer, isPlanned }: SearchOutcome,
  { requireConclusive = false }: ConclusiveOptions,
): TestCase {
  const isFailed = verdict === 'failed' || (verdict === 'inconclusive' && requireConclusive);
  return {
    group: 'search',
    name: isPlanned ? 'the planned load is held' : 'the search has an answer',
    ...(isFailed ? { failure: answer } : verdict === 'passed' ? {} : { skipped: answer }),
  };
}

function propertiesOf(report: Report): (readonly [string, string])[] {
  const { runId, verdict, messages, generator, conditions } = report;
  const search = searchOutcomeOf(report);
  return [
    ['runId', runId],
    ['verdict', verdict],
    ...(search === undefined ? [] : [['answer', search.answer] as const]),
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
