import { describe, expect, it } from '@jest/globals';
import { renderPartLatencies, renderPartRates } from '../../../src/report/plots/part-plots.ts';

const frame = { startAt: 0, publishAt: 2_000, publishEndAt: 8_000, endAt: 10_000 };

/** @param rate messages a second, all sent and received */
function partOf(label: string, rate: number, ms: number | null, secondsPerStep = 2) {
  const counts = [rate, rate, rate].map((each) => each * secondsPerStep);
  const latencies = counts.map(() => ms);
  const overTime = { startSecond: 2, secondsPerStep, intended: counts, sent: counts, arrivals: counts };
  return { label, isObserved: true, overTime: { ...overTime, p50: latencies, p99: latencies } };
}

/** The points of the first line with a mark, in the cell of a label. */
function lineOf(markup: string, label: string, mark: string): [number, number][] {
  const cell = markup.split('<g class="cell">').find((each) => each.includes(`>${label}</text>`)) ?? '';
  const [, path = ''] = new RegExp(`class="line ${mark}" d="([^"]*)"`).exec(cell) ?? [];
  return [...path.matchAll(/[ML](\S+?) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

describe('plots by group and kind', () => {
  it('draw each part on its own scale of rates, and on one scale of latencies', () => {
    const parts = [partOf('meters', 1_000, 10), partOf('meters / alarm', 1, 1_000)];
    const { markup } = renderPartRates({ frame, parts, due: 'intended' });
    const [meters, alarm] = ['meters', 'meters / alarm'].map((label) => lineOf(markup, label, 'a'));
    expect(meters).toHaveLength(3);
    // Beside each other, and as high.
    expect(alarm!.map(([, y]) => y)).toEqual(meters!.map(([, y]) => y));
    expect(alarm![0]![0] - meters![0]![0]).toBeCloseTo(1_000 / 3, 0);
    expect(markup).toContain('meters: at most 1,000/s intended, 1,000/s sent, 1,000/s arrived.');
    const latencies = renderPartLatencies({ frame, parts }).markup;
    const [fast] = lineOf(latencies, 'meters', 'b');
    const [slow] = lineOf(latencies, 'meters / alarm', 'b');
    expect(slow![1]).toBeLessThan(fast![1]);
    expect(latencies).toContain('meters / alarm: p50 up to 1,000 ms, p99 up to 1,000 ms.');
  });

  it('have no line of arrivals where nothing observes them, and no plot of latencies where none was measured', () => {
    const parts = [{ ...partOf('operator', 5, null), isObserved: false }];
    expect(lineOf(renderPartRates({ frame, parts, due: 'intended' }).markup, 'operator', 'c')).toEqual([]);
    expect(renderPartLatencies({ frame, parts }).markup).toBe('');
  });

  it('draw the first of many, and say how many are in the file', () => {
    const parts = Array.from({ length: 30 }, (_, i) => partOf(`group ${i}`, i, 10));
    const { markup } = renderPartRates({ frame, parts, due: 'due' });
    expect(markup.match(/class="cell"/g)).toHaveLength(24);
    expect(markup).toContain('The first 24; report.json has 6 more.');
    expect(markup).toContain('>group 29</th>');
  });
});
