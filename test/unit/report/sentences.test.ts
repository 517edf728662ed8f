import { describe, expect, it } from '@jest/globals';
import { renderReportHtml } from '../../../src/report/html.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { literalTexts } from '../../support/report/literal-texts.ts';
import { falseSentences, sentencesOfPage, sentencesOfTerminal } from '../../support/report/sentences.ts';
import { independent, situations } from '../../support/report/situations.ts';
import { playTrueRun, type Situation } from '../../support/report/true-run.ts';

const spaces = (text: string) => text.replace(/\s+/g, ' ');
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" };
const plain = (markup: string) =>
  spaces(
    markup
      .replace(/<style>[\s\S]*?<\/style>/g, '')
      .replace(/<[^>]*>/g, ' ')
      .replace(/&(lt|gt|quot|amp|#39);/g, (_, name: string) => entities[name]!),
  );

// A sentence that no situation of test/support/report/situations.ts brings about has no check of its truth: a new one needs a
// situation there and, beside it, a rule.

/** The tests only read what is played: each situation is played and rendered once. */
const printed = new Map<Situation, ReturnType<typeof print>>();
function printTrueRun(situation: Situation) {
  const run = printed.get(situation) ?? print(situation);
  printed.set(situation, run);
  return run;
}
function print(situation: Situation) {
  const { report, truth } = playTrueRun(situation);
  return { report, truth, page: renderReportHtml(report), terminal: renderTerminalSummary(report) };
}

describe('every sentence of a report is true', () => {
  it.each(situations)('where %s', (_, situation) => {
    const { report, truth, page } = printTrueRun(situation);
    const sentences = sentencesOfPage(page);
    expect(sentences.length).toBeGreaterThan(12);
    expect(falseSentences(sentences, truth, report)).toEqual([]);
    expect(report.imbalances).toEqual([]);
  });

  it.each(situations)('in the terminal as on the page where %s', (_, situation) => {
    const { report, truth, terminal: summary } = printTrueRun(situation);
    const terminal = spaces(summary);
    const shown = [
      ...report.reasons,
      // A broker has no quotas.
      report.bindingQuota?.sentence ?? '',
      report.generator.health.sentence,
      ...report.reconciliation.map(
        ({ source = 'CloudWatch', metric }) =>
          `${source} ${report.reconciliation[0]?.cloudwatch === null ? `has no ${metric} yet` : metric}`,
      ),
    ];
    for (const sentence of shown) expect(terminal).toContain(sentence);
    expect(falseSentences(sentencesOfTerminal(summary), truth, report)).toEqual([]);
    expect(terminal).not.toMatch(/≠|NaN|undefined|Infinity/);
  });

  const overHttps = situations.filter(
    ([, { profile }]) => (profile?.connect as { protocol?: string } | undefined)?.protocol === 'https',
  );

  it.each(overHttps)('without a PUBACK, which HTTPS does not have, where %s', (_, situation) => {
    const { page, terminal } = printTrueRun(situation);
    expect(`${page}${terminal}`).not.toContain('PUBACK');
  });

  it('finds a false one', () => {
    const { report, truth, page } = printTrueRun({ fateOf: independent });
    const sentences = sentencesOfPage(page);
    const lies = [
      'CloudWatch PublishIn.Success 5 = 4 acked + 1 unexplained',
      '2,101 intended = 2,101 sent + 0 dropped',
      'Whether 3 messages of them left is not known; none of those arrived.',
      'This sentence is unknown.',
      'tile lost: 1 0.1 %',
      'row of What decides the verdict; latencies in milliseconds | Result: ✓ passed | Metric: lost_messages | Threshold: count==0 | Measured: 0',
      '✓ lost_messages count==0 0',
      'why dropped: backlog 12',
      'stage 1 2s 0 → 300 1,500 1,500',
      'connects per second* 400/s 500/s 80 %',
      '✓ PASSED another-run',
      'caption: A table without a rule',
    ];
    expect(falseSentences([...sentences, ...lies], truth, report)).toHaveLength(lies.length);
  });
});

/** What no report can have. */
const unreachable: readonly string[] = [
  // A defect of the measurement; its rule is that a correct report never has it.
  'The ledger does not balance:',
  '. The measurement is at fault; do not trust this report.',
  // No quota that is forecast or measured is without a metric; its rule is the same.
  'no metric counts what was refused',
  // Of a run that goes on: the live page's.
  'No message has been due yet.',
  'not arrived yet',
];

describe('every text that a report can have is in the report of a situation', () => {
  const corpus = situations
    .map(([, situation]) => printTrueRun(situation))
    .map(({ page, terminal }) => `${plain(page)}\n${spaces(terminal)}`)
    .join('\n');

  it.each([
    ['page', 'src/report/html.ts', 'src/report/'],
    ['terminal', 'src/report/terminal-summary.ts', 'src/report/'],
    ['model', 'src/report/build-report.ts', 'src/report/'],
    ['defaults of quotas', 'src/targets/aws-iot/default-limits.ts', 'src/targets/aws-iot/'],
  ])('of the %s', (_what, entry, within) => {
    const texts = literalTexts(entry, within);
    expect(texts.length).toBeGreaterThan(0);
    const unseen = texts.filter(({ text }) => !corpus.includes(text) && !unreachable.includes(text));
    expect([...new Set(unseen.map(({ file, text }) => `${file}: ${text}`))]).toEqual([]);
  });
});
