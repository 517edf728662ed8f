import { describe, expect, it } from '@jest/globals';
import { latencyOverTime } from '../../../src/live/latency-over-time.ts';
import { busiestOf } from '../../../src/measure/stepped-series.ts';
import { stepsOf } from '../../../src/report/plots/time-axis.ts';
import { sumOf } from '../../../src/shared/counts.ts';
import {
  type LongRun,
  planOfLongRun,
  playLongRun,
  type SecondRecord,
  samplesOfSecond,
} from '../../support/measure/long-run.ts';
import { createdAt } from '../../support/measure/run-fixture.ts';

const runs: readonly (LongRun & { readonly secondsPerStep: number })[] = [
  { hours: 2, perSecond: 20_000, slices: 4, secondsPerStep: 1 },
  { hours: 72, perSecond: 20_000, slices: 4, secondsPerStep: 36 },
  { hours: 719, perSecond: 100, slices: 1, secondsPerStep: 360 },
];

function recordOf(hours: number): SecondRecord {
  const seconds = () => new Float64Array((hours + 1) * 3_600);
  return { sent: seconds(), connected: seconds(), offered: seconds(), arrivals: seconds(), samples: 0 };
}

const most = (counts: Float64Array) => counts.reduce((highest, count) => Math.max(highest, count), 0);

describe.each(runs)('a run of $hours h at $perSecond messages a second', (run) => {
  const record = recordOf(run.hours);
  const plan = planOfLongRun(run);
  const { perSecond, busiest, latencySeries, connects } = playLongRun(plan, run, record);
  const { secondsPerStep = 1 } = perSecond;

  it('has as many steps as a run of two hours', () => {
    expect(secondsPerStep).toBe(run.secondsPerStep);
    const lists = [perSecond, perSecond.peaks ?? {}, connects!, connects!.peaks ?? {}]
      .flatMap((each) => Object.values(each) as unknown[])
      .filter((each) => Array.isArray(each));
    for (const list of lists) expect(list.length).toBeLessThanOrEqual(7_300);
    expect(latencySeries.puback_round_trip.starts().length).toBeLessThanOrEqual(7_300);
    expect(JSON.stringify(perSecond).length).toBeLessThan(800_000);
  });

  it('has the sums and the busiest seconds that it had second by second', () => {
    for (const counter of ['sent', 'connected', 'arrivals'] as const) {
      expect(sumOf(perSecond[counter])).toBe(record[counter].reduce((a, b) => a + b));
      expect(busiestOf(perSecond, counter)).toBe(most(record[counter]));
    }
    expect(sumOf(connects!.offered)).toBe(record.offered.reduce((a, b) => a + b));
    expect(busiestOf(connects!, 'offered')).toBe(most(record.offered));
    expect(busiest).toEqual({
      publishesIn: most(record.sent),
      publishesOut: most(record.sent),
      ruleEvaluations: most(record.sent),
      connections: most(record.connected),
    });
    expect([perSecond.peaksAreBounds, connects!.peaksAreBounds]).toEqual([undefined, undefined]);
  });

  it('has the sums and peaks of each step', () => {
    const { startSecond, sent, peaks } = perSecond;
    const first = startSecond - Math.floor(createdAt / 1_000);
    const isOf = (step: number) => {
      // The first step may begin before the record does.
      const from = Math.max(0, first + step * secondsPerStep);
      const seconds = record.sent.subarray(from, first + (step + 1) * secondsPerStep);
      const sum = seconds.reduce((a, b) => a + b, 0);
      return sum === sent[step] && (peaks === undefined || most(seconds) === peaks.sent[step]);
    };
    expect(sent.findIndex((_, step) => !isOf(step))).toBe(-1);
  });

  it('has latencies and plots of at most 300 steps, with every sample', () => {
    const { steps } = latencyOverTime(latencySeries.puback_round_trip);
    expect(steps.length).toBeLessThanOrEqual(300);
    const samples = steps.map(({ heat }) => sumOf(heat.filter((_, i) => i % 2 === 1)));
    expect(sumOf(samples)).toBe(record.samples);
    expect(record.samples % samplesOfSecond).toBe(0);
    // Latencies rise from hour to hour.
    const rise = steps.at(-1)!.p50! - steps[0]!.p50!;
    expect(Math.abs(rise - (run.hours - 1))).toBeLessThan(1 + 0.03 * run.hours);
    const points = stepsOf(perSecond.sent, perSecond);
    expect(points.length).toBeLessThanOrEqual(300);
    expect(points[150]![1]).toBeGreaterThanOrEqual(run.perSecond);
  });
});
