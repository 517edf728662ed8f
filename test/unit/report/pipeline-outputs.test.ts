import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatLevel } from '../../../src/plan/search/format-level.ts';
import { compareReports } from '../../../src/report/compare-reports.ts';
import { renderComparisonSummary } from '../../../src/report/comparison-summary.ts';
import { formatChange, renderComparison } from '../../../src/report/comparison-text.ts';
import { renderJUnit } from '../../../src/report/junit.ts';
import { renderComparisonJUnit } from '../../../src/report/junit-comparison.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { searchOutcomeOf } from '../../../src/report/search-outcome.ts';
import { renderStepSummary } from '../../../src/report/step-summary.ts';
import { randomCases } from '../../support/effort.ts';
import { goldenIn } from '../../support/golden.ts';
import { objectiveSituations } from '../../support/report/objective-situations.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { requestSituation } from '../../support/report/request-situation.ts';
import { searchSituations } from '../../support/report/search-situations.ts';
import { playTrueRun } from '../../support/report/true-run.ts';

const expectGolden = goldenIn('report', '.golden');

const good = reportOf(runOf());
const bad = reportOf(
  runOf({ lostPerThousand: 3, throttledPerThousand: 4, duplicatedPerThousand: 1, died: [2] }),
);
const regressed = compareReports(good, bad, 0.1);
const doubtful = reportOf(runOf({ busyMs: 40 }));
const aborted: Report = {
  ...good,
  verdict: 'aborted',
  reasons: ['The run ended before its time: stopped by the user.'],
  slices: { ...good.slices, completed: 1, stopped: good.slices.planned - 1 },
  stop: { reason: 'stopped by the user', at: good.endedAt, lastSentAfterMs: 12 },
};
const slower: Report = {
  ...good,
  latencyMs: {
    ...good.latencyMs,
    end_to_end_latency: { ...good.latencyMs.end_to_end_latency, p50: 28, p99: 97.5 },
    connect: { ...good.latencyMs.connect, p95: 9 },
  },
};

const outcomesOfHolds = { passed: 'passed', failed: 'failed', void: 'void' } as const;
const outcomesOfIntervals = { passed: 'judged', failed: 'overloaded', void: 'void' } as const;

/** Cases of a suite, with the message of what failed or was skipped. */
function casesIn(xml: string): { name: string; failure?: string; skipped?: string }[] {
  const plain = (text = '') => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  return [
    ...xml.matchAll(
      /<testcase [^>]*?name="([^"]*)" time="0\.000"(?:\/>|>\s*<(failure|skipped) message="([^"]*)")/g,
    ),
  ].map(([, name = '', kind, message]) => ({
    name: plain(name),
    ...(kind !== undefined && { [kind]: plain(message) }),
  }));
}

describe('what a pipeline reads', () => {
  it.each([
    ['passed', good],
    ['failed', bad],
    ['aborted', aborted],
    ['inconclusive', doubtful],
  ])('of a run that %s is as it was', (name, report) => {
    expectGolden(`${name}.junit.xml`, renderJUnit(report));
    expectGolden(`${name}.step-summary.md`, renderStepSummary(report));
  });

  it.each([
    ['a search found the knee', 'the search has an answer', undefined, []],
    ['a search found less than is planned', 'the planned load is held', 'failure', []],
    ['the first level of a search failed', 'the planned load is held', 'failure', []],
    ['the holds of a search were void', 'the search has an answer', 'skipped', []],
    ['the user stopped a search', 'the search has an answer', 'skipped', ['the run came to its end']],
    ['StopExecution ended a search', 'the search has an answer', 'skipped', ['the run came to its end']],
    ['an objective was kept', 'the search has an answer', undefined, []],
    ['an objective was kept at less than is planned', 'the planned load is held', 'failure', []],
    ['the lowest level is above an objective', 'the search has an answer', 'failure', []],
    ['the highest level is below an objective', 'the planned load is held', undefined, []],
    ['the intervals of an objective were void', 'the search has an answer', 'skipped', []],
    [
      'the user stopped a search for an objective',
      'the search has an answer',
      'skipped',
      ['the run came to its end'],
    ],
  ])('has a case of its own where %s', (name, searchCase, outcome, failed) => {
    const situations = [...searchSituations, ...objectiveSituations];
    const { report } = playTrueRun(situations.find(([each]) => each === name)![1]);
    const { answer } = searchOutcomeOf(report)!;
    expect(report.reasons).toContain(answer);
    const summary = renderStepSummary(report);
    const outcomes = report.search === undefined ? outcomesOfIntervals : outcomesOfHolds;
    for (const { step, level, outcome } of report.search?.steps ?? report.objective!.intervals)
      expect(summary).toMatch(
        new RegExp(
          `^\\| (✅|❌|❔) \\| ${step}[^|]*\\|.* ${formatLevel('rate', level)} \\|.*\\| ${outcomes[outcome]} \\|$`,
          'm',
        ),
      );
    const cases = casesIn(renderJUnit(report));
    const isSearch = (each: (typeof cases)[number]) => each.name === searchCase;
    expect(cases.filter(isSearch)).toEqual([{ name: searchCase, ...(outcome && { [outcome]: answer }) }]);
    expect(
      cases.filter((each) => !isSearch(each) && each.failure !== undefined).map((each) => each.name),
    ).toEqual(failed);
    expect(cases.filter(({ skipped }) => skipped !== undefined)).toHaveLength(outcome === 'skipped' ? 1 : 0);
    const [required] = casesIn(renderJUnit(report, { requireConclusive: true })).filter(isSearch);
    expect(required?.failure).toBe(outcome === undefined ? undefined : answer);
  });

  it('of a comparison is as it was', () => {
    expectGolden('compare-regressed.txt', renderComparison(regressed));
    expectGolden('compare-regressed.junit.xml', renderComparisonJUnit(regressed));
    expectGolden('compare-regressed.step-summary.md', renderComparisonSummary(regressed));
    const same = compareReports(good, good, 0.1);
    expectGolden('compare-same.txt', renderComparison(same));
    expectGolden('compare-same.step-summary.md', renderComparisonSummary(same));
    expectGolden('compare-slower.txt', renderComparison(compareReports(good, slower, 0.1)));
  });

  it('of a comparison says that nothing follows from a run its generator held up', () => {
    const comparison = compareReports(doubtful, doubtful, 0.1);
    expect(renderComparison(comparison)).toContain('? INCONCLUSIVE: nothing is worse');
    expect(renderComparisonSummary(comparison)).toContain('### ❔ inconclusive: smoke');
    expect(renderComparisonJUnit(comparison)).toContain(
      '<skipped message="Inconclusive: The generator of the',
    );
    expect(renderComparison(compareReports(doubtful, bad, 0.1))).toContain('✗ REGRESSED');
  });

  it('fails an inconclusive run where a conclusive one is required', () => {
    const failure = /<failure message="Inconclusive: The generator was the bottleneck/;
    expect(renderJUnit(doubtful)).not.toMatch(failure);
    expect(renderJUnit(doubtful, { requireConclusive: true })).toMatch(failure);
    expect(renderJUnit(good, { requireConclusive: true })).toBe(renderJUnit(good));
  });

  it('survives what the far side says', () => {
    const hostile = { ...good, verdict: 'failed' as const, reasons: ['<script>|`"\'&\u0000\u001b[31m\nend'] };
    const xml = renderJUnit({ ...hostile, slices: { ...good.slices, stopped: 1 } });
    expect(xml).toContain("&lt;script&gt;|`&quot;'&amp;  [31m end");
    expect(renderStepSummary(hostile)).toContain('> &lt;script&gt;|`"\'& [31m end\n');
  });

  it('fits into 100 columns', () => {
    for (const line of renderComparison(regressed).split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

describe('compareReports', () => {
  const outcomes = (a: Report, b: Report, tolerance = 0.1) =>
    Object.fromEntries(compareReports(a, b, tolerance).figures.map((each) => [each.figure, each.outcome]));

  it('finds no regression in the same run', () => {
    const { figures, isRegression, cautions } = compareReports(good, good, 0);
    expect({ isRegression, cautions }).toEqual({ isRegression: false, cautions: [] });
    expect(new Set(figures.map(({ outcome }) => outcome))).toEqual(new Set(['same']));
  });

  it('leaves out what neither run has: of requests all that arrives, and of messages the time of an answer', () => {
    const requests = playTrueRun(requestSituation[1]).report;
    const namesOf = (a: Report, b: Report) => new Set(Object.keys(outcomes(a, b)));
    const ofArrivals = ['end_to_end_latency p99', 'lost_messages rate', 'duplicate_messages rate'];
    for (const name of ofArrivals) {
      expect(namesOf(requests, requests)).not.toContain(name);
      expect(namesOf(good, good)).toContain(name);
      expect(namesOf(good, requests)).toContain(name);
    }
    expect(outcomes(requests, requests)).toMatchObject({ 'response_time p99': 'same' });
    expect(namesOf(good, good)).not.toContain('response_time p99');
  });

  it('distinguishes worse from better, and both from noise', () => {
    expect(outcomes(good, slower)).toMatchObject({
      'end_to_end_latency p50': 'same',
      'end_to_end_latency p99': 'worse',
      'connect p95': 'better',
      'puback_round_trip p99': 'same',
    });
    expect(outcomes(slower, good)).toMatchObject({
      'end_to_end_latency p99': 'better',
      'connect p95': 'worse',
    });
    expect(compareReports(slower, good, 0.1).isRegression).toBe(true);
    expect(outcomes(good, slower, 2)).toMatchObject({ 'end_to_end_latency p99': 'same' });
  });

  it('takes a millisecond for nothing: arrivals are stamped in whole ones', () => {
    const p50 = good.latencyMs.transit.p50;
    const later = (by: number): Report => ({
      ...good,
      latencyMs: { ...good.latencyMs, transit: { ...good.latencyMs.transit, p50: p50 + by } },
    });
    expect(outcomes(good, later(1), 0)).toMatchObject({ 'transit p50': 'same' });
    expect(outcomes(good, later(1.5), 0)).toMatchObject({ 'transit p50': 'worse' });
  });

  it.each([
    // Of the issue: "+41,034 %", "−100 % better".
    ['transit', 0.005, 2.057, '+2.05 ms', 'worse'],
    ['transit', -3, 0.5, '+3.5 ms', 'worse'],
    ['transit', 4, -2, '−6 ms', 'better'],
    ['transit', 0.4, 0, '−0.4 ms', 'same'],
    ['transit', -52, -51.5, '+0.5 ms', 'same'],
    ['transit', 10, 20, '+100 %', 'worse'],
  ] as const)('holds a %s p50 of %d ms against %d ms: %s', (name, before, after, change, outcome) => {
    const withP50 = (p50: number): Report => ({
      ...good,
      latencyMs: { ...good.latencyMs, [name]: { ...good.latencyMs[name], p50 } },
    });
    const { figures } = compareReports(withP50(before), withP50(after), 0.1);
    const figure = figures.find((each) => each.figure === `${name} p50`)!;
    expect({ change: formatChange(figure), outcome: figure.outcome }).toEqual({ change, outcome });
  });

  it('holds a share that was next to nothing by its difference', () => {
    const withLost = (lost: number): Report => ({
      ...good,
      messages: { ...good.messages, sent: 100_000, received: 100_000 - lost, lost },
    });
    const changeOf = (before: number, after: number) => {
      const { figures } = compareReports(withLost(before), withLost(after), 0.1);
      const figure = figures.find((each) => each.figure === 'lost_messages rate')!;
      return `${formatChange(figure)} ${figure.outcome}`;
    };
    expect(changeOf(1, 411)).toBe('+0.41 points worse');
    expect(changeOf(1, 0)).toBe('−0.001 points better');
    expect(changeOf(0, 1)).toBe('+0.001 points worse');
    expect(changeOf(1_000, 2_000)).toBe('+100 % worse');
  });

  it('states no ratio above what the two figures can carry', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -100, max: 1_000, noNaN: true }),
        fc.double({ min: -100, max: 1_000, noNaN: true }),
        (before, after) => {
          const withP50 = (p50: number): Report => ({
            ...good,
            latencyMs: { ...good.latencyMs, transit: { ...good.latencyMs.transit, p50 } },
          });
          const { figures } = compareReports(withP50(before), withP50(after), 0.1);
          const { change, difference, outcome } = figures.find(({ figure }) => figure === 'transit p50')!;
          expect(difference).toBe(after - before);
          if (change !== null) {
            expect(change).toBeGreaterThanOrEqual(-1);
            expect(before).toBeGreaterThanOrEqual(1);
          }
          if (Math.abs(after - before) <= 1) expect(outcome).toBe('same');
          else if (outcome !== 'same') expect(outcome).toBe(after > before ? 'worse' : 'better');
        },
      ),
      randomCases(),
    );
  });

  it('holds one lost message against none', () => {
    const { messages } = good;
    const lossy = { ...good, messages: { ...messages, lost: 1, received: messages.received - 1 } };
    expect(outcomes(good, lossy, 0.5)).toMatchObject({ 'lost_messages rate': 'worse' });
  });

  it('holds a lower throughput against a run', () => {
    const slow = { ...good, rates: { ...good.rates, throughputPerSecond: 400 } };
    expect(outcomes(good, slow)).toMatchObject({ 'throughput rate': 'worse' });
    expect(outcomes(slow, good)).toMatchObject({ 'throughput rate': 'better' });
  });

  it('judges no percentile of a few samples', () => {
    const few = { ...good.latencyMs.connect, count: 99, p99: 10_000 };
    const report = { ...good, latencyMs: { ...good.latencyMs, connect: few } };
    expect(outcomes(good, report)).toMatchObject({ 'connect p99': 'unknown' });
  });

  it('counts a threshold that broke, and none that failed before', () => {
    const failing = (report: Report): Report => ({
      ...report,
      thresholds: report.thresholds.map((each, i) => (i === 0 ? { ...each, passed: false } : each)),
    });
    const broken = compareReports(good, failing(good), 0.1);
    expect(broken.brokenThresholds).toEqual(['end_to_end_latency p(95)<1000']);
    expect(broken.isRegression).toBe(true);
    expect(compareReports(failing(good), failing(good), 0.1).isRegression).toBe(false);
  });

  it('warns where the loads differ, or one was cut short', () => {
    const other: Report = {
      ...good,
      qos: 0,
      verdict: 'aborted',
      devices: { ...good.devices, planned: 500 },
    };
    expect(compareReports(good, other, 0.1).cautions).toEqual([
      'The load is not the same: the number of devices was 400 and is 500.',
      'The load is not the same: QoS was 1 and is 0.',
      'The candidate ended before its time.',
    ]);
  });
});
