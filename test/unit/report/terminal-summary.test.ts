import { describe, expect, it } from '@jest/globals';
import { renderReportHtml } from '../../../src/report/html.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { goldenIn } from '../../support/golden.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { situations } from '../../support/report/situations.ts';
import { playTrueRun } from '../../support/report/true-run.ts';

const expectGolden = goldenIn('report', '.golden');

const troubled = {
  lostPerThousand: 3,
  throttledPerThousand: 4,
  duplicatedPerThousand: 1,
  died: [2],
  clockOffsetMs: 25,
};
const passed = reportOf(runOf());
const failed = reportOf(runOf(troubled));

/** As large as a run gets: 12 digits in every column, and words from the far side. */
function swollen(report: Report): Report {
  const messages = Object.fromEntries(
    Object.keys(report.messages).map((column) => [column, 123_456_789_012]),
  );
  return {
    ...report,
    runId: 'r'.repeat(80),
    messages: messages as unknown as Report['messages'],
    devices: {
      planned: 1_000_000,
      connected: 1_000_000,
      unknown: 0,
      connectFailed: 0,
      reconnects: 1_000_000,
    },
    slices: { planned: 10_000, completed: 9_000, stopped: 300, failed: 300, died: 400 },
    reasons: ['It went wrong: '.repeat(20), 'x'.repeat(300)],
    causes: { ...report.causes, failed: { [`\u001b[31m${'y'.repeat(150)}\n`]: 1 } },
  };
}

describe('renderTerminalSummary', () => {
  it('is as it was for a run that passed', () => {
    const files = ['report.html', 'report.json'].map((name) => `runs/${passed.runId}/${name}`);
    expectGolden('passed.summary', `${renderTerminalSummary(passed, { files })}\n`);
  });

  it('sets PublishOut beside PublishIn, and bounds clocks that are apart by the echoes, where devices echo', () => {
    const run = runOf({ clockOffsetMs: 20 }, { echo: { fraction: 0.25 } });
    const { acked } = run.ledger.messages;
    const sums = {
      'PublishIn.Success': acked,
      'PublishOut.Success': run.ledger.observers.echo!.received,
      'Connect.Success': 404,
    };
    expectGolden('echoing.summary', `${renderTerminalSummary(reportOf(run, sums))}\n`);
  });

  it('lists what was not authorized, as CloudWatch counts it', () => {
    const sums = { 'Connect.AuthError': 1_300, 'PublishIn.AuthError': 2, 'Connect.Success': 404 };
    expect(renderTerminalSummary(reportOf(runOf(), sums))).toContain(
      'why not authorized: Connect.AuthError 1,300, PublishIn.AuthError 2 (CloudWatch)',
    );
  });

  it('is as it was for a run with every kind of trouble', () => {
    expectGolden('failed.summary', `${renderTerminalSummary(failed)}\n`);
  });

  it.each([
    ['passed', passed],
    ['failed', failed],
    ['swollen', swollen(failed)],
  ])('fits 100 columns: %s', (_name, report) => {
    for (const line of renderTerminalSummary(report).split('\n'))
      expect(line.length).toBeLessThanOrEqual(100);
  });

  it.each([
    ['passed', passed],
    ['failed', failed],
  ])('fits 80 columns, with the same words: %s', (_name, report) => {
    const narrow = renderTerminalSummary(report, { columns: 80 });
    for (const line of narrow.split('\n')) expect(line).toMatch(/^.{0,80}$/);
    const wordsOf = (text: string) => text.replace(/[\s▁-█]+/g, ' ');
    expect(wordsOf(narrow)).toBe(wordsOf(renderTerminalSummary(report)));
    expect(renderTerminalSummary(report, { columns: 20 })).toBe(narrow);
    expect(renderTerminalSummary(report, { columns: 300 })).toBe(renderTerminalSummary(report));
  });

  it.each([...situations])('fits 80 columns in any situation: %s', (_name, situation) => {
    const lines = renderTerminalSummary(playTrueRun(situation).report, { columns: 80 }).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('says the same with colour as without', () => {
    const styled = renderTerminalSummary(failed, { style: (styleName, text) => `<${styleName}|${text}|>` });
    expect(styled.replace(/<(heading|dim|good|warning|bad)\||\|>/g, '')).toBe(renderTerminalSummary(failed));
    expect(styled).toContain('<bad|✗ FAILED|>');
  });

  it('gives an inconclusive run a mark of its own, which is not green, here and on the page', () => {
    const inconclusive = { ...failed, verdict: 'inconclusive' } as const;
    const styled = renderTerminalSummary(inconclusive, {
      style: (styleName, text) => `<${styleName}|${text}|>`,
    });
    expect(styled).toContain('<warning|? INCONCLUSIVE|>');
    const page = renderReportHtml(inconclusive);
    expect(page).toMatch(/<p class="verdict inconclusive">\? inconclusive/);
    expect(page).toMatch(/\.inconclusive[^{}]*\{ color: var\(--warning\); \}/);
  });

  it('lets no control character of the far side through', () => {
    expect(renderTerminalSummary(swollen(failed))).not.toContain('\u001b');
  });
});
