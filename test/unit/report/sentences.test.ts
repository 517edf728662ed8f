import { describe, expect, it } from '@jest/globals';
import { renderReportHtml } from '../../../src/report/html.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { falseSentences, sentencesOfPage, sentencesOfTerminal } from '../../support/report/sentences.ts';
import { independent, situations } from '../../support/report/situations.ts';
import { playTrueRun as playOnce, type Situation } from '../../support/report/true-run.ts';

/** The tests only read what is played: each situation is played once. */
const played = new Map<Situation, ReturnType<typeof playOnce>>();
function playTrueRun(situation: Situation) {
  const run = played.get(situation) ?? playOnce(situation);
  played.set(situation, run);
  return run;
}

describe('every sentence of a report is true', () => {
  it.each(situations)('where %s', (_, situation) => {
    const { report, truth } = playTrueRun(situation);
    const sentences = sentencesOfPage(renderReportHtml(report));
    expect(sentences.length).toBeGreaterThan(12);
    expect(falseSentences(sentences, truth, report)).toEqual([]);
    expect(report.imbalances).toEqual([]);
  });

  it.each(situations)('in the terminal as on the page where %s', (_, situation) => {
    const { report, truth } = playTrueRun(situation);
    const terminal = renderTerminalSummary(report).replace(/\s+/g, ' ');
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
    expect(falseSentences(sentencesOfTerminal(renderTerminalSummary(report)), truth, report)).toEqual([]);
    expect(terminal).not.toMatch(/≠|NaN|undefined|Infinity/);
  });

  const overHttps = situations.filter(
    ([, { profile }]) => (profile?.connect as { protocol?: string } | undefined)?.protocol === 'https',
  );

  it.each(overHttps)('without a PUBACK, which HTTPS does not have, where %s', (_, situation) => {
    const { report } = playTrueRun(situation);
    expect(`${renderReportHtml(report)}${renderTerminalSummary(report)}`).not.toContain('PUBACK');
  });

  it('finds a false one', () => {
    const { report, truth } = playTrueRun({ fateOf: independent });
    const sentences = sentencesOfPage(renderReportHtml(report));
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
