import { expect, it } from '@jest/globals';
import { renderRepeatsJUnit } from '../../../src/report/junit-comparison.ts';
import { describeIntervals, renderRepeats, repeatsOf } from '../../../src/report/repeats.ts';
import { renderRepeatsHtml } from '../../../src/report/repeats-html.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { goldenIn } from '../../support/golden.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { simulateRun } from '../../support/report/simulated-run.ts';

const expectGolden = goldenIn('report', '.golden');
const base = reportOf(runOf());
const random = makeRandom(8, 8);
const reports = [1, 2, 3, 4, 5, 6].map((i) =>
  simulateRun(base, random, { runId: `run-${i}`, perSecond: 80 }),
);

it('looks as it did', () => {
  const repeats = repeatsOf(reports, 6);
  expectGolden('repeats.txt', renderRepeats(repeats, ['runs/repeats-run-1.html']));
  expectGolden('repeats.junit.xml', renderRepeatsJUnit(repeats));
});

const threshold = { metric: 'end_to_end_latency', expression: 'p(99)<10', actual: 41 };
it.each([
  ['a user stopped', { verdict: 'aborted' }, '2 passed, 1 aborted'],
  [
    'abortOnFail ended',
    {
      verdict: 'failed',
      slices: { ...reports[2]!.slices, stopped: 4 },
      stop: { reason: 'a threshold failed', at: reports[2]!.endedAt, lastSentAfterMs: 12, threshold },
    },
    '2 passed, 1 failed',
  ],
] satisfies [string, Partial<Report>, string][])(
  'has no figures of a run that %s, and says that runs are missing',
  (_name, end, verdicts) => {
    const stopped: Report = { ...reports[2]!, ...end };
    const repeats = repeatsOf([reports[0]!, reports[1]!, stopped], 5);
    expect(repeats.runs).toHaveLength(3);
    expect(repeats.figures.find(({ figure }) => figure === 'throughput rate')?.values).toHaveLength(2);
    expect(renderRepeats(repeats, [])).toContain(`3 of 5 runs: ${verdicts}`);
    expect(renderRepeatsJUnit(repeats)).toContain('2 of 5 runs have none');
  },
);

it.each([
  [1, 'One run shows nothing'],
  [3, 'confidence of 75 %'],
  [5, 'confidence of 94 %'],
  [6, 'confidence of 97 %'],
])('says how far %d runs carry', (runs, sentence) => {
  expect(describeIntervals(repeatsOf(reports.slice(0, runs), runs))).toContain(sentence);
  expect(describeIntervals(repeatsOf([{ ...reports[0]!, verdict: 'aborted' }], 1))).toContain('no figure');
});

it('is a page that links the reports beside it, whatever the name', () => {
  const page = renderRepeatsHtml(repeatsOf([{ ...reports[0]!, name: '<script>' }], 1));
  expect(page).toContain('<a href="run-1/report.html">');
  expect(page).not.toContain('<script>');
});
