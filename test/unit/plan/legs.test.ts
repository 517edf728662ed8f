import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Deployment, defaultDeployment } from '../../../src/plan/deployment.ts';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { heldMessages } from '../../../src/plan/held-messages.ts';
import { handoversOf, lambdaMsOf, legSplitOf, legsOf } from '../../../src/plan/legs.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { sharesOf } from '../../../src/plan/slices.ts';
import { type ScheduledStream, streamsOf } from '../../../src/plan/streams.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { randomCases } from '../../support/effort.ts';

const hasLoad = (profile: object) => 'everySeconds' in profile || 'burst' in profile || 'stages' in profile;

function draftOf(profile: object, deployment?: Deployment) {
  return draftPlan({
    deployment,
    runId: 'r',
    now: 1_788_257_410_000,
    profile: parseLoadProfile({
      devices: 100,
      duration: '1h',
      ...(hasLoad(profile) ? {} : { ratePerSecond: 10 }),
      ...profile,
    }),
  });
}

const errorsOf = (profile: object) =>
  draftOf(profile).walls.map(({ path, message }) => `${path}: ${message}`);

describe('the legs of a run', () => {
  it('are one where a Lambda lives as long as the run', () => {
    const { plan } = draftOf({ duration: '13m' });
    expect(legSplitOf(plan).count).toBe(1);
    expect(legsOf(plan, 0)).toEqual([{ from: plan.timeline.startAt, until: plan.timeline.deadlineAt }]);
  });

  it('are as many as stretches of 12 minutes, equally long, and each fits into a Lambda', () => {
    const { plan, walls } = draftOf({});
    expect(walls).toEqual([]);
    expect(legSplitOf(plan)).toMatchObject({ count: 6, overlapMs: 30_000 });
    expect(lambdaMsOf(plan)).toBeLessThan(900_000);
    const legs = legsOf(plan, 0);
    expect(legs).toHaveLength(6);
    for (const [i, { from, letsGo }] of legs.entries()) {
      expect(letsGo?.from).toBe(legs[i + 1]?.from);
      expect(from).toBeCloseTo(plan.timeline.startAt + i * legSplitOf(plan).stretchMs, -1);
    }
  });

  it('let devices move no faster than they may connect', () => {
    const { plan } = draftOf({ devices: 30_000, connect: { ratePerSecond: 200 } });
    expect(legSplitOf(plan).overlapMs).toBe(150_000);
    expect(errorsOf({ devices: 30_000, connect: { ratePerSecond: 200 }, legs: { overlap: '20s' } })).toEqual([
      expect.stringMatching(/^legs.overlap: the devices move within 20s, faster/),
    ]);
  });

  it('fit into the time that the stack gives its functions, or are refused', () => {
    const deployment = { ...defaultDeployment, sliceSeconds: 60 };
    const draft = (profile: object) => draftOf({ duration: '2m', ...profile }, deployment);
    const fits = draft({ legs: { length: '20s', overlap: '4s' } });
    expect(fits.walls).toEqual([]);
    expect(lambdaMsOf(fits.plan)).toBeLessThan(60_000);
    expect(preflight(fits.plan).quotas.find(({ quota }) => quota === 'lambdaSeconds')?.limit).toBe(60);
    expect(draft({ legs: { length: '40s', overlap: '4s' } }).walls).toMatchObject([
      {
        path: 'legs.length',
        message: expect.stringMatching(/^a leg would live 1m\d+s, with .*, and a Lambda ends at 1m$/),
      },
    ]);
    // Without legs of its own, as many as it needs.
    expect(legSplitOf(draft({}).plan)).toMatchObject({ count: 3 });
    expect(legSplitOf(draft({ duration: '20s' }).plan)).toMatchObject({ count: 1 });
  });

  it.each([
    [0.05, 5],
    [0.5, 50],
    // A stop ends one child of each slice, and with them the Map.
    [1, 99.5],
  ])('have two children a slice, of which a share of %j of the slices may lose one', (share, children) => {
    const slices = { devicesPerSlice: 1, toleratedFailureShare: share };
    const { toleratedFailurePercentage, slices: numbers } = fanOutOf(draftOf({ slices }).plan);
    expect(numbers).toHaveLength(200);
    expect(toleratedFailurePercentage).toBeCloseTo(children / 2, 9);
  });

  it('connect each device once a leg, and cost so', () => {
    const { plan } = draftOf({ devices: 60, duration: '72h', slices: { devicesPerSlice: 20 } });
    const { count } = legSplitOf(plan);
    expect(count).toBe(361);
    expect(handoversOf(plan)).toBe(360 * 60);
    // With each leg's control channel, in each of three slices.
    const { iot, lambda } = forecastUsage(plan);
    expect(iot.connects).toBe(361 * (60 + 3));
    expect(lambda['publish-mqtt']?.invocations).toBe(361 * 3);
  });

  it('need a ceiling of the cost where they cost more than $100, whatever is allowed else', () => {
    const long = { devices: 20_000, ratePerSecond: 10_000, duration: '10h' };
    const [error] = draftOf({ ...long, limits: { enforce: false } }).walls;
    expect(error).toEqual({
      path: 'limits.maxCostUsd',
      message: expect.stringMatching(
        /^\$[\d,.]+ forecast, and a run in legs that costs more than \$100.00 needs a ceiling$/,
      ),
      hint: expect.stringMatching(/^give --max-cost \d+ or more, or shorten the run$/),
    });
    const [, least] = /(\d+) or more/.exec(error!.hint!)!;
    expect(draftOf({ ...long, limits: { maxCostUsd: Number(least) } }).walls).toEqual([]);
    expect(preflight(draftOf({ ...long, limits: { maxCostUsd: Number(least) } }).plan).refusals).toEqual([]);
    expect(draftOf({ ...long, ratePerSecond: 1 }).walls).toEqual([]);
  });

  it('end before the run store deletes what they began with', () => {
    const refusalOf = (duration: string, retentionDays: number | undefined) => {
      const { subscriber, arrivals, stream } = defaultDeployment;
      const { walls } = draftPlan({
        runId: 'r',
        now: 1_788_257_410_000,
        profile: parseLoadProfile({ devices: 10, ratePerSecond: 1, duration }),
        deployment: { subscriber, arrivals, stream, ...(retentionDays && { retentionDays }) },
      });
      return walls;
    };
    expect(refusalOf('330h', 14)).toEqual([
      {
        path: 'stages',
        message: expect.stringMatching(
          /^the run lasts 330h\S* with its start and its end, and this stack deletes what a run stores after 14 days \(its parameter retentionDays\): 312h are kept safely$/,
        ),
        hint: 'shorten the run, or have the stack’s owner redeploy it with --param retentionDays=30',
      },
    ]);
    const isRefused = (duration: string, days: number | undefined) => refusalOf(duration, days).length > 0;
    expect([
      isRefused('311h', 14),
      isRefused('719h', 60),
      isRefused('719h', undefined),
      isRefused('11h', 1),
      isRefused('10m', 1),
    ]).toEqual([false, false, false, false, false]);
    expect([isRefused('719h', 30), isRefused('12h', 1), isRefused('24h', 2)]).toEqual([true, true, true]);
  });

  it('move the devices of all slices evenly', () => {
    const { plan } = draftOf({ devices: 60, slices: { devicesPerSlice: 20 } });
    const moves = groupsOf(plan)
      .flatMap(sharesOf)
      .flatMap(({ slice, devices }) => {
        const { letsGo } = legsOf(plan, slice)[0]!;
        return Array.from({ length: devices }, (_, device) => letsGo!.at(device) - letsGo!.from);
      })
      .toSorted((a, b) => a - b);
    expect(moves).toEqual(Array.from({ length: 60 }, (_, i) => expect.closeTo((i + 0.5) * 500, 3)));
  });

  it('may go on for 30 days', () => {
    const lasts = errorsOf({ duration: '30d' }).filter((error) => error.startsWith('stages'));
    expect(lasts).toEqual([]);
  });

  it.each([
    [{ duration: '27m50s', legs: { length: '14m', overlap: '1m' } }, /^legs.length: a leg would live/],
    [{ duration: '20s', legs: { length: '4s', overlap: '3s' } }, /^legs.overlap: devices move for 3s/],
    [{ duration: '31d' }, /^stages: a run lasts 720h at most/],
    [{ devices: 1_000, connect: { ratePerSecond: 1 } }, /^connect.ratePerSecond: devices connect for/],
    [{ echo: { fraction: 0.1 } }, /^echo.fraction: devices that receive their own messages cannot/],
    [{ connect: { protocol: 'https' } }, /^connect.protocol: devices without a connection/],
    [{ connect: { cleanStart: false, sessionExpiry: '1h' } }, /^connect.cleanStart: sessions/],
    [{ lifecycle: { awake: '1m', asleep: '1m' } }, /^lifecycle: devices that sleep/],
    [{ devices: 20_000, ratePerSecond: 10_000, duration: '10h' }, /^limits.maxCostUsd: \$[\d,.]+ forecast/],
  ])('of %j are refused', (profile, expected) => {
    expect(errorsOf(profile)).toContainEqual(expect.stringMatching(expected));
  });
});

describe('the messages that legs hold', () => {
  const patterns = fc.constantFrom<object>(
    {},
    { arrivals: 'poisson' },
    { everySeconds: 4, jitter: '3s' },
    { burst: { count: 3, spacing: '100ms', everySeconds: 9 } },
    {
      duration: undefined,
      stages: [
        {
          repeat: 3,
          stages: [
            { duration: '15s', target: 9 },
            { duration: '5s', target: 0 },
          ],
        },
      ],
    },
    { everySeconds: { exponential: 5 } },
    {
      timeline: [
        { at: '20s', rate: '3x' },
        { at: '40s', rate: '0.5x' },
      ],
    },
  );
  const planOf = (pattern: object, devices: number, devicesPerSlice: number, legs: object): Plan => {
    const profile = { devices, duration: '60s', slices: { devicesPerSlice }, legs, ...pattern };
    return draftOf(profile).plan;
  };

  it('are of exactly one leg each, and their counts add up', () => {
    const property = fc.property(
      patterns,
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 30 }),
      fc.record({
        length: fc.constantFrom('7s', '12s', '25s'),
        overlap: fc.constantFrom('100ms', '2s', '6s'),
      }),
      (pattern, devices, devicesPerSlice, legs) => {
        const plan = planOf(pattern, devices, devicesPerSlice, legs);
        const { publishAt } = plan.timeline;
        for (const { slice } of groupsOf(plan).flatMap(sharesOf)) {
          const [stream] = streamsOf(plan, slice) as readonly ScheduledStream[];
          const held = legsOf(plan, slice).map((leg) => heldMessages(stream!, leg, publishAt));
          for (let n = 0; n < stream!.messages; n++) expect(held.filter((leg) => leg.has(n))).toHaveLength(1);
          expect(sumBy(held, (leg) => leg.countBefore(leg.end))).toBe(stream!.messages);
          for (const leg of held) {
            const ranges: number[] = [];
            leg.forEachRange(0, stream!.messages, (start, length) => {
              for (let n = start; n < start + length; n++) ranges.push(n);
            });
            const own = Array.from({ length: stream!.messages }, (_, n) => n).filter((n) => leg.has(n));
            expect(ranges).toEqual(own);
            const some = Math.floor((leg.first + leg.end) / 3);
            expect(leg.countBefore(some)).toBe(own.filter((n) => n < some).length);
          }
        }
      },
    );
    fc.assert(property, randomCases(60));
  });
});
