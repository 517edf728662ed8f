import { describe, expect, it } from '@jest/globals';
import { encodeBuckets, latencyBucketOf } from '../../../src/measure/latency-buckets.ts';
import { LatencySeconds } from '../../../src/measure/latency-seconds.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { PartSeries, stepLimitOf } from '../../../src/measure/part-series.ts';
import { groupReportsOf } from '../../../src/report/group-reports.ts';
import { sumOf } from '../../../src/shared/counts.ts';
import { planOf, resultOf } from '../../support/measure/run-fixture.ts';

const startMs = 1_788_257_410_000;
const startSecond = startMs / 1_000;

function seriesOf(steps: number): PartSeries {
  return new PartSeries(startMs, startMs + 3_600_000, steps);
}

function arrivalsOf(samples: readonly (readonly [atMs: number, latencyMs: number])[]) {
  const seconds = new LatencySeconds();
  for (const [atMs, latencyMs] of samples) seconds.record(startMs + atMs, latencyMs);
  return seconds.encode();
}

describe('series of a group or a kind', () => {
  it('have a step for each second, from the first in which anything happened to the last', () => {
    const series = seriesOf(20);
    series.add('intended', startSecond + 3, [2, 2, 0, 2]);
    series.addEncoded('sent', startSecond, [3, 1, 0, 3, 2, 2]);
    series.addArrivals(
      arrivalsOf([
        [4_500, 10],
        [4_700, 30],
        [6_100, 20],
      ]),
    );
    expect(series.overTime()).toMatchObject({
      startSecond: startSecond + 3,
      secondsPerStep: 1,
      intended: [2, 2, 0, 2, 0],
      sent: [1, 3, 0, 0, 2],
      arrivals: [0, 2, 0, 1, 0],
    });
    const { p50 = [], p99 = [] } = series.overTime() ?? {};
    for (const [step, ms] of [10, 20].entries()) expect(p50[1 + 2 * step]! / ms).toBeCloseTo(1, 1);
    expect(p99[1]! / 30).toBeCloseTo(1, 1);
    expect([p50[0], p50[2], p50[4]]).toEqual([null, null, null]);
  });

  it('double the length of a step until all fits, and lose nothing, in any order', () => {
    const seconds = Array.from({ length: 1_000 }, (_, i) => i);
    const orders = [seconds, seconds.toReversed(), seconds.toSorted((a, b) => (a % 7) - (b % 7))];
    const [first, ...others] = orders.map((order) => {
      const series = seriesOf(30);
      for (const second of order) {
        series.add('sent', startSecond + second, [second]);
        series.addArrivals({ [startSecond + second]: encodeBuckets(oneAt(latencyBucketOf(second + 1))) });
      }
      return series.overTime()!;
    });
    // 1,000 seconds in at most 30 steps, each a power of two long.
    expect(first).toMatchObject({ secondsPerStep: 64, startSecond });
    expect(first!.sent).toHaveLength(16);
    expect(sumOf(first!.sent)).toBe(sumOf(seconds));
    expect(sumOf(first!.arrivals)).toBe(1_000);
    expect(first!.sent[1]).toBe(sumOf(seconds.slice(64, 128)));
    expect(first!.p50[1]! / 96).toBeCloseTo(1, 1);
    for (const other of others) expect(other).toEqual(first);
  });

  it('leave out what lies outside of the run, and are none where nothing happened', () => {
    const series = seriesOf(30);
    series.add('sent', startSecond - 5, [1, 1, 1]);
    series.addEncoded('sent', startSecond, [1e12, 1]);
    series.addArrivals({ [startSecond + 3_600]: [5, 1], nonsense: [5, 1] });
    expect(series.overTime()).toBeUndefined();
  });

  it('share the steps of a run among its parts', () => {
    expect([0, 1, 100, 200, 1_050].map(stepLimitOf)).toEqual([240, 240, 240, 120, 24]);
  });
});

it('gives each group and each kind its own course, and a flat profile none', () => {
  const stages = [{ duration: '10s', target: 10 }];
  const plan = planOf({
    groups: { one: { devices: 10, stages }, two: { devices: 10, stages } },
  });
  const ledger = makeLedger(plan);
  const result = resultOf(plan, 0);
  const publishSecond = Math.floor(plan.timeline.publishAt / 1_000);
  const perSecond = { ...result.perSecond, startSecond: publishSecond, intended: [20, 30], sent: [10, 40] };
  ledger.addSlice({ ...result, perSecond });
  const [one, two] = groupReportsOf(ledger.close());
  expect(one?.overTime).toMatchObject({ startSecond: publishSecond, intended: [20, 30], sent: [10, 40] });
  expect(two?.overTime).toBeUndefined();
});

function oneAt(bucket: number): Uint32Array {
  const counts = new Uint32Array(bucket + 1);
  counts[bucket] = 1;
  return counts;
}
