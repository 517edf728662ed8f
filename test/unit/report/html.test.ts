import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { renderReportHtml } from '../../../src/report/html.ts';
import { html } from '../../../src/report/html-markup.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { goldenIn } from '../../support/golden.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';

const expectGolden = goldenIn('report', '.golden');

const passed = reportOf(runOf());

/** Every text of the report, wherever it stands, made dangerous. */
function poisoned<T>(value: T): T {
  if (typeof value === 'string') return `${value}<script>"'&` as T;
  if (Array.isArray(value)) return value.map(poisoned) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poisoned(inner)])) as T;
}

describe('renderReportHtml', () => {
  it('is as it was', () => {
    expectGolden('report.html', renderReportHtml(passed));
  });

  it('asks for nothing from anywhere', () => {
    const page = renderReportHtml(passed);
    const [, css = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    const hash = createHash('sha256').update(css).digest('base64');
    expect(page).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash}'; form-action 'none'; base-uri 'none'"`,
    );
    expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/);
  });

  it('escapes every text', () => {
    const report: Report = { ...poisoned(passed), verdict: 'failed', protocol: 'mqtt' };
    const troubled = {
      ...report,
      reasons: ['<script>'],
      causes: { ...report.causes, failed: { '<script>': 1 } },
    };
    expect(renderReportHtml(troubled)).not.toMatch(/<script|"'&[^a-z#]/);
  });

  it('gives every table a caption and every row a name', () => {
    const page = renderReportHtml(passed);
    const count = (pattern: RegExp) => page.match(pattern)?.length ?? 0;
    expect(count(/<caption>/g)).toBe(count(/<table>/g));
    expect(count(/<th scope="row"/g)).toBe(count(/<tr class/g));
  });

  it('marks actions on every plot over time, and on no other', () => {
    const actions = [{ at: passed.timeline.publishAt + 1_000, label: 'rate × 2' }];
    const figures = renderReportHtml({ ...passed, actions })
      .split('<figure')
      .slice(1);
    const keys = figures.map((figure) => [/id="([^"]*)"/.exec(figure)![1], figure.includes('class="marks"')]);
    const isOverTime = (figure: string) => figure.includes('>0:00<');
    expect(keys).toEqual(figures.map((figure, i) => [keys[i]![0], isOverTime(figure)]));
    expect(figures.filter(isOverTime)).toHaveLength(5);
  });

  it('shows why a run failed', () => {
    const page = renderReportHtml(reportOf(runOf({ died: [0], lostPerThousand: 5 })));
    expect(page).toContain('<li>Of 4 slices, 1 died (1 of TypeError: x is not a function);');
    expect(page).toContain('✗ failed');
    expect(page).toContain('slice-died');
  });
});

describe('html', () => {
  it('takes nothing of a file for markup', () => {
    const hostile = { markup: '<img src=x onerror=alert(1)>' };
    const parts = [hostile, [hostile], [[hostile, '<b>']], { toString: 1 }, { toString: () => '<i>' }];
    for (const part of parts) {
      expect(html`<p>${part as never}</p>`.markup).not.toMatch(/<(img|b|i)/);
    }
    const hostileReport = { ...passed, name: [hostile], runId: hostile, reasons: [hostile, [hostile]] };
    expect(renderReportHtml(hostileReport as never)).not.toContain('<img');
  });

  it('escapes texts and keeps markup', () => {
    const inner = html`<b>${'<&>'}</b>`;
    expect(html`<p title="${'"\''}">${inner}${[inner, html`!`]}${5}</p>`.markup).toBe(
      '<p title="&quot;&#39;"><b>&lt;&amp;&gt;</b><b>&lt;&amp;&gt;</b>!5</p>',
    );
  });
});
