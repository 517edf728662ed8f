import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { heatRowFromMs, heatRowOf, heatRows } from '../../../src/live/heat-rows.ts';
import { encodeBuckets } from '../../../src/measure/latency-buckets.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { renderReportHtml } from '../../../src/report/html.ts';
import { latencyDistribution } from '../../../src/report/latency-distribution.ts';
import { fieldOf } from '../../../src/report/plots/figure.ts';
import { renderHeatmap } from '../../../src/report/plots/latency-plots.ts';
import { renderLedgerFlow, renderLiveFlow } from '../../../src/report/plots/ledger-flow.ts';
import { renderMarkNames, renderMarks } from '../../../src/report/plots/marks.ts';
import { linearScale, logScale, niceStep, timeScale } from '../../../src/report/plots/scale.ts';
import { renderStartLagPlot } from '../../../src/report/plots/start-lag-plot.ts';
import { stepsOf } from '../../../src/report/plots/time-axis.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { connectsPlotOf } from '../../../src/report/report-plots.ts';
import type { StormsReport } from '../../../src/report/storm-report.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf } from '../../support/measure/run-fixture.ts';
import { largeReport } from '../../support/report/large-run-fixture.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';

const drawn = { from: 300, to: 20 };
/** Twelve million messages: made once, and only read. */
const large = largeReport();
const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });

describe('scales', () => {
  it('draw the ends of the values at the ends of the drawing, and ticks within', () => {
    fc.assert(
      fc.property(positive, positive, (low, more) => {
        const values = { from: low, to: low + more };
        for (const scale of [linearScale(values, drawn, String), logScale(values, drawn, String)]) {
          expect(scale.at(values.from)).toBeCloseTo(300, 3);
          expect(scale.at(values.to)).toBeCloseTo(20, 3);
          for (const { value } of scale.ticks) {
            expect(scale.at(value)).toBeGreaterThan(19.9);
            expect(scale.at(value)).toBeLessThan(300.1);
          }
        }
      }),
      randomCases(),
    );
  });

  it('have neither too few ticks nor too many', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), (to) => {
        const { ticks } = linearScale({ from: 0, to }, drawn, String);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(6);
        expect(timeScale({ from: 0, to: to * 0.08 }, drawn).ticks.length).toBeLessThanOrEqual(10);
      }),
      randomCases(),
    );
  });

  it('end, and stay small, whatever a file says', () => {
    const given = fc.oneof(fc.double(), fc.constantFrom(0, -0, 5e-324, 1e300, Number.NaN, -1e15, 1.79e308));
    fc.assert(
      fc.property(given, given, (from, to) => {
        for (const scale of [
          linearScale({ from, to }, drawn, String),
          logScale({ from, to }, drawn, String),
          timeScale({ from, to }, drawn),
        ]) {
          expect(scale.ticks.length).toBeLessThanOrEqual(100);
        }
      }),
      randomCases(),
    );
    // A run that began in 1970: its days are too many to be marked one by one.
    expect(timeScale({ from: 0, to: 1_788_257_410_000 }, drawn).ticks.length).toBeLessThan(20);
  });

  it('step by 1, 2 or 5', () => {
    expect([0.3, 1, 1.1, 2.4, 7, 12_345].map(niceStep)).toEqual([0.5, 1, 2, 5, 10, 20_000]);
  });

  it('label time as a clock', () => {
    const labels = (ms: number) => timeScale({ from: 0, to: ms }, drawn).ticks.map(({ label }) => label);
    expect(labels(20_000).slice(0, 3)).toEqual(['0:00', '0:05', '0:10']);
    expect(labels(5_400_000).at(-1)).toBe('1:30:00');
  });
});

describe('heat rows', () => {
  it('hold what lies between their edges', () => {
    fc.assert(
      fc.property(fc.double({ min: -10, max: 3_600_000, noNaN: true }), (ms) => {
        const row = heatRowOf(ms);
        expect(row).toBeLessThan(heatRows);
        expect(heatRowFromMs(row)).toBeLessThanOrEqual(ms * (1 + 1e-12));
        expect(heatRowFromMs(row + 1)).toBeGreaterThanOrEqual(ms * (1 - 1e-12));
      }),
      randomCases(),
    );
  });
});

describe('a heatmap', () => {
  it('has room for all that took time, also where some samples of each second are below zero', () => {
    const heatOf = (latencies: readonly number[]) => {
      const counts = new Uint32Array(heatRows);
      for (const ms of latencies) counts[heatRowOf(ms)]!++;
      return encodeBuckets(counts);
    };
    const noPercentiles = { p50: null, p90: null, p99: null, max: null };
    const heat = heatOf([-0.3, 0.002, 0.4, 0.5, 0.6, 40]);
    const { markup } = renderHeatmap({
      name: 'end_to_end_latency',
      meaning: 'intended → arrival',
      frame: { startAt: 0, publishAt: 0, publishEndAt: 2_000, endAt: 2_000 },
      overTime: {
        startSecond: 0,
        secondsPerStep: 1,
        steps: [
          { ...noPercentiles, heat },
          { ...noPercentiles, heat },
        ],
      },
    });
    expect(markup).toContain('>1 ms<');
    // One sample of six takes no more of the axis than what a network can do.
    expect(markup).not.toContain('>10 µs<');
    const cells = [...markup.matchAll(/<path class="h\d" d="([^"]*)"/g)]
      .map(([, path = '']) => path)
      .join('');
    const tops = [...cells.matchAll(/M\S+ ([\d.]+)H/g)].map(([, top]) => Number(top));
    expect(new Set(tops).size).toBe(5);
  });
});

describe('marks of actions', () => {
  const startAt = 1_000_000;
  const marks = [
    { at: startAt + 61_000, label: 'rate × 2' },
    { at: startAt + 5_000, label: 'network lte' },
    { at: startAt + 5_500, label: 'faults <b>' },
    { at: startAt + 6_000, label: 'stop' },
    { at: startAt + 200_000, label: 'rate × 3' },
  ];
  const field = { x: { from: 0, to: 1_000 }, y: { from: 100, to: 12 } };
  const position = (at: number) => (at - startAt) / 100;

  it('have numbers in the order of time, joined where they are near one another', () => {
    const { markup } = renderMarks(marks, position, field);
    const numbers = [...markup.matchAll(/<text x="([\d.]+)"[^>]*>([^<]*)</g)];
    expect(numbers.map(([, x, number]) => [Number(x), number])).toEqual([
      [55, '1–3'],
      [610, '4'],
    ]);
    // The last lies outside of the plot.
    expect(markup.match(/<title>/g)).toHaveLength(4);
    expect(renderMarks([], position, field).markup).toBe('');
  });

  it('have their names below the plot', () => {
    expect(renderMarkNames(marks, startAt).markup).toBe(
      '<ol class="mark-names" aria-label="Actions"><li>0:05 network lte</li><li>0:05 faults &lt;b&gt;</li><li>0:06 stop</li><li>1:01 rate × 2</li><li>3:20 rate × 3</li></ol>\n',
    );
  });

  it('stand in the plot of connects, from the beginning of publishing', () => {
    const timeline = { publishAt: startAt };
    const connects = {
      startSecond: startAt / 1_000,
      offered: [5, 5, 0, 2, 7, 8, 1],
      granted: [5, 5, 0, 2, 7, 8, 1],
    };
    const { markup } = connectsPlotOf(
      { timeline, actions: [{ at: startAt + 3_000, label: 'disconnect 50 %' }] } as unknown as Report,
      { connects } as unknown as StormsReport,
    );
    const { x } = fieldOf(270);
    // Points are in the middle of their seconds: the last at 6.5 s.
    const at = Math.round(10 * (x.from + ((x.to - x.from) * 3) / 6.5)) / 10;
    expect(markup).toContain(`<title>disconnect 50 %</title><path d="M${at} `);
  });
});

describe('stepsOf', () => {
  it('keeps what was counted, however few the steps', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(20_000), { maxLength: 2_000 }),
        fc.integer({ min: 1, max: 700 }),
        fc.constantFrom(undefined, 1, 36),
        (counts, most, secondsPerStep) => {
          const steps = stepsOf(
            counts,
            { startSecond: 100, ...(secondsPerStep && { secondsPerStep }) },
            most,
          );
          expect(steps.length).toBeLessThanOrEqual(most);
          const length = Math.max(1, Math.ceil(counts.length / most));
          const sum = steps.reduce(
            (total, [, mean], i) =>
              total + mean * Math.min(length, counts.length - i * length) * (secondsPerStep ?? 1),
            0,
          );
          expect(sum).toBeCloseTo(
            counts.reduce((a, b) => a + b, 0),
            3,
          );
        },
      ),
      randomCases(),
    );
  });
});

describe('latencyDistribution', () => {
  it('rises from the minimum to the maximum, and has the percentiles people speak of', () => {
    const histogram = new LatencyHistogram();
    for (let i = 1; i <= 2_000; i++) histogram.record(i);
    const { percentiles, ms } = latencyDistribution(histogram);
    expect(ms).toEqual(ms.toSorted((a, b) => a - b));
    expect(percentiles).toEqual(expect.arrayContaining([0, 50, 90, 95, 99, 99.9, 100]));
    expect(ms[percentiles.indexOf(99)]).toBeCloseTo(histogram.percentileAt(99), 0);
    expect([ms[0], ms.at(-1)]).toEqual([1, 2_000]);
    expect(latencyDistribution(new LatencyHistogram()).ms).toEqual([]);
  });
});

describe('ledger flow', () => {
  it('shows one lost message of millions', () => {
    const { messages } = large;
    const { markup } = renderLedgerFlow({
      messages: { ...messages, received: messages.received - 1, lost: 1 },
      due: 'intended',
      acknowledged: true,
      hasArrivals: true,
    });
    expect(markup).toContain('1 lost');
    expect(markup).toMatch(/class="band bad" x="[\d.]+" y="\d+" width="4"/);
  });

  it('is a sentence, and no empty drawing, where nothing was intended', () => {
    const none = { ...reportOf(runOf()).messages, intended: 0, sent: 0 };
    const { markup } = renderLedgerFlow({
      messages: none,
      due: 'intended',
      acknowledged: true,
      hasArrivals: true,
    });
    expect(markup).toContain('No message was due');
    expect(markup).not.toContain('<svg');
  });

  it('does not call lost what may still arrive', () => {
    const answered = { acknowledged: true, hasArrivals: true };
    const messages = {
      intended: 110,
      sent: 100,
      dropped: 4,
      waiting: 6,
      acked: 90,
      throttled: 1,
      failed: 2,
      unanswered: 7,
      received: 93,
      duplicates: 3,
      notArrived: 7,
    };
    const { markup } = renderLiveFlow({ messages, ...answered, due: 'started' });
    expect(markup).toContain('started: 110 = 100 sent + 4 dropped + 6 waiting.');
    expect(markup).toContain('answers: 100 = 90 acked + 1 throttled + 2 failed + 7 unanswered.');
    expect(markup).toContain('arrivals: 100 = 93 received + 7 not arrived yet.');
    expect(markup).not.toContain('lost');
    expect(
      renderLiveFlow({ messages: { ...messages, intended: 0 }, ...answered, due: 'intended' }).markup,
    ).toContain('No message has been due yet.');
  });
});

describe('start lag plot', () => {
  it('says which slices left nothing', () => {
    const { markup } = renderStartLagPlot([0, null, 12.5]);
    expect(markup).toContain('3 slices: 1 late, the latest by 12.5 ms; 1 left nothing.');
    expect(markup.match(/class="bar-bad"/g)).toHaveLength(1);
  });

  it('draws ten thousand slices as distinct bars', () => {
    const { markup } = renderStartLagPlot(Array.from({ length: 10_000 }, (_, i) => i % 97));
    expect(markup.match(/class="bar-a"/g)).toHaveLength(250);
  });
});

describe('report.html of ten minutes at 20,000 a second', () => {
  const page = renderReportHtml(large);

  it('stays far below 2 MB', () => {
    expect(page.length).toBeLessThan(400_000);
  });

  it('gives every plot a title, a description and a unique id', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const plots = page.match(/<svg viewBox/g)?.length ?? 0;
    expect(plots).toBe(8);
    expect(page.match(/<title id=/g)).toHaveLength(plots);
    expect(page.match(/<desc id=[^>]*>[^<]{20,}/g)).toHaveLength(plots);
  });

  it('draws no coordinate that is not a number', () => {
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('report.html of a run in which nothing was sent', () => {
  it('is still a page', () => {
    const plan = planOf();
    const page = renderReportHtml(reportOf({ plan, ledger: makeLedger(plan).close() }));
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page).toContain('Messages a second');
  });
});
