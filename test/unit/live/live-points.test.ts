import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { arrivalPoints } from '../../../src/live/live-arrivals.ts';
import { type LivePoint, liveTimestamp, nanosecondsOf } from '../../../src/live/live-points.ts';
import { makeSlicePoints } from '../../../src/live/live-slice.ts';
import { makeStageTags } from '../../../src/live/live-stage.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { sliceLatencyNames } from '../../../src/measure/latency-names.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeTestPlan, simulate } from '../../support/device/make-run.ts';
import { randomCases } from '../../support/effort.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

const named = <Name extends LivePoint['measurement']>(points: readonly LivePoint[], name: Name) =>
  points.filter((point) => point.measurement === name) as unknown as LivePoint<Name>[];

const identityOf = ({ measurement, tags, timestampNs }: LivePoint): string =>
  JSON.stringify([measurement, tags, timestampNs]);

const sum = (points: readonly { readonly fields: object }[], field: string): number =>
  points.reduce((total, { fields }) => total + Number((fields as Record<string, unknown>)[field] ?? 0), 0);

describe('the points of a slice', () => {
  it.each([
    ['a noFaults run', {}],
    ['a run that was stopped', { stopAfterMs: 4_321 }],
    [
      'a run that was refused',
      {
        echoFraction: 0.5,
        behaviour: {
          connect: (device: number) => (device === 3 ? ('NotAuthorized' as const) : 5),
          publish: (_device: number, n: number) =>
            n % 5 === 0 ? 'throttled' : n % 7 === 0 ? undefined : 900,
        },
      },
    ],
  ])('add up to its counters: %s', async (_what, options) => {
    const { plan, result, snapshots } = await simulate({ devices: 10, slices: 2, slice: 1, ...options });
    const pointsOf = makeSlicePoints(onlyGroupOf(plan));
    const points = snapshots.flatMap((snapshot) => pointsOf(snapshot));

    const slicePoints = named(points, 'stampede_slice');
    for (const [field, count] of Object.entries(result.messages)) expect(sum(slicePoints, field)).toBe(count);
    expect(sum(slicePoints, 'connects')).toBe(result.devices.connected);
    expect(sum(slicePoints, 'connect_failed')).toBe(result.devices.connectFailed);

    for (const name of sliceLatencyNames) {
      const whole = result.latencies[name];
      // At QoS 1 nothing is completed, and no device came back or moved.
      if (whole === undefined)
        expect(['pubcomp_round_trip', 'reconnect', 'handover', 'failover_time']).toContain(name);
      else {
        const merged = new LatencyHistogram();
        for (const { latencies } of snapshots) merged.mergeEncoded(latencies[name]!);
        expect(merged.summary()).toEqual(LatencyHistogram.decode(whole).summary());
      }
    }
  });

  it('are one a second and never the same one twice', async () => {
    const { plan, snapshots } = await simulate({ readyAfterMs: 345, seconds: 5 });
    const seconds = snapshots.map(({ second }) => second);
    expect(seconds).toEqual(seconds.map((_, i) => seconds[0]! + i));
    const points = snapshots.flatMap(makeSlicePoints(onlyGroupOf(plan)));
    expect(new Set(points.map(identityOf)).size).toBe(points.length);
  });

  it('say which stage of the plan a second begins in', () => {
    const plan = makeTestPlan();
    const twoStages = [
      { durationMs: 2_500, targetPerSecond: 100 },
      { durationMs: 2_500, targetPerSecond: 0 },
    ];
    const stageTags = makeStageTags({
      ...plan,
      profile: { ...onlyGroupOf(plan).profile, stages: twoStages } as Plan['profile'],
    });
    const first = plan.timeline.publishAt / 1_000;
    const stages = [-1, 0, 2, 3, 4, 5, 6].map((after) => stageTags(first + after).stage);
    expect(stages).toEqual(['connect', '1', '1', '2', '2', 'drain', 'drain']);
  });
});

describe('the points of a batch of arrivals', () => {
  const plan = makeTestPlan();
  const { publishAt } = plan.timeline;
  const message = (n: number, arrivedAt: number) => ({
    messageId: `id-${n}`,
    body: JSON.stringify({
      run: plan.runId,
      slice: 0,
      n,
      device: 0,
      at: publishAt + n,
      sent: publishAt + n,
      rule: publishAt + n,
    }),
    attributes: { SentTimestamp: String(arrivedAt) },
  });
  const batch = Array.from({ length: 100 }, (_, n) => message(n, publishAt + 500 + 15 * n));
  const pointsOf = (records: readonly ReturnType<typeof message>[], receivedAt: number) =>
    measureArrivals({ Records: records }, receivedAt).windows.flatMap((window) =>
      arrivalPoints(plan, window),
    );

  it('are the same however often and in whatever order it is delivered', () => {
    const again = [...batch].reverse();
    expect(pointsOf(again, publishAt + 60_000)).toEqual(pointsOf(batch, publishAt + 3_000));
  });

  it('are not those of another batch of the same second', () => {
    const points = [...pointsOf(batch.slice(0, 50), publishAt), ...pointsOf(batch.slice(50), publishAt)];
    expect(new Set(points.map(identityOf)).size).toBe(points.length);
  });

  it('count arrivals where they arrived, and carry all three latencies', () => {
    const points = pointsOf(batch, publishAt + 3_000);
    const arrivals = named(points, 'stampede_arrivals');
    expect(arrivals.map(({ fields }) => fields.arrivals)).toEqual([34, 66]);
    expect(named(points, 'stampede_latency').map(({ tags, fields }) => [tags.latency, fields.count])).toEqual(
      [
        ['end_to_end_latency', 100],
        ['rule_latency', 100],
        ['transit', 100],
      ],
    );
  });
});

describe('timestamps', () => {
  it('are a second and nanoseconds within it', () => {
    expect(liveTimestamp(1_700_000_000, 42)).toBe('1700000000000000042');
  });

  it('spread names over the second', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(nanosecondsOf(name)).toBeGreaterThanOrEqual(0);
        expect(nanosecondsOf(name)).toBeLessThan(1e9);
      }),
      randomCases(),
    );
    const names = Array.from({ length: 5_000 }, (_, i) => `${i}-9f3c0a1b5d7e2468`);
    const spread = names.map(nanosecondsOf);
    // 5,000 names in 10⁹ places: one chance in eighty of a single meeting.
    expect(new Set(spread).size).toBeGreaterThanOrEqual(4_999);
    const tenths = new Set(spread.map((ns) => Math.floor(ns / 1e8)));
    expect(tenths.size).toBe(10);
  });
});
