import { describe, expect, it } from '@jest/globals';
import { renderReportHtml } from '../../../src/report/html.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { literalTexts } from '../../support/report/literal-texts.ts';
import { situations } from '../../support/report/situations.ts';
import { playTrueRun } from '../../support/report/true-run.ts';

// A sentence that no situation of test/support/report/situations.ts brings about has no check of its truth: a new one needs a
// situation there and, beside it, a rule.

const spaces = (text: string) => text.replace(/\s+/g, ' ');
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" };
const plain = (markup: string) =>
  spaces(
    markup
      .replace(/<style>[\s\S]*?<\/style>/g, '')
      .replace(/<[^>]*>/g, ' ')
      .replace(/&(lt|gt|quot|amp|#39);/g, (_, name: string) => entities[name]!),
  );

const printed = situations.map(([, situation]) => {
  const { report } = playTrueRun(situation);
  return `${plain(renderReportHtml(report))}\n${spaces(renderTerminalSummary(report))}`;
});
const corpus = printed.join('\n');

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
