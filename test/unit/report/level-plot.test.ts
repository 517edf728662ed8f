import { describe, expect, it } from '@jest/globals';
import { renderReportHtml } from '../../../src/report/html.ts';
import { searchSituations } from '../../support/report/search-situations.ts';
import { playTrueRun } from '../../support/report/true-run.ts';

describe('the plot of a search', () => {
  const plotOf = (name: string) => {
    const { report } = playTrueRun(searchSituations.find(([each]) => each === name)![1]);
    return /<figure class="plot" id="search-latency">[\s\S]*?<\/figure>/.exec(renderReportHtml(report))?.[0];
  };
  const numbers = (markup: string, pattern: RegExp) =>
    [...markup.matchAll(pattern)].map(([, x]) => Number(x));

  it('has a point for each hold, and the knee from the highest level that passes to the lowest that fails', () => {
    const plot = plotOf('a search found the knee')!;
    const passed = numbers(plot, /<circle class="hold-passed" cx="([\d.]+)"/g);
    const failed = numbers(plot, /<circle class="hold-failed" cx="([\d.]+)"/g);
    expect([passed.length, failed.length]).toEqual([4, 3]);
    const [left] = numbers(plot, /<rect x="([\d.]+)"/g);
    const [width] = numbers(plot, /<rect x="[^"]*" y="[^"]*" width="([\d.]+)"/g);
    expect(left).toBe(Math.max(...passed));
    expect(left! + width!).toBeCloseTo(Math.min(...failed), 5);
    const line = numbers(plot, /[ML]([\d.]+) [\d.]+(?=[hL"])/g);
    expect(plot).toMatch(/<path class="line a"/);
    expect(line).toEqual(expect.arrayContaining([...new Set([...passed, ...failed])].sort((a, b) => a - b)));
  });

  it('has no knee where none is known, and is not drawn of one level', () => {
    expect(plotOf('all levels of a search passed')).not.toContain('knee');
    expect(plotOf('the first level of a search failed')).toBeUndefined();
  });
});
