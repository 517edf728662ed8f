import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeArrivalRate } from '../../../src/plan/arrival-rate.ts';
import { deploymentOf } from '../../../src/plan/deployment.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { kindsOf } from '../../../src/plan/kinds.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { peaksOf } from '../../../src/plan/peaks.ts';
import { sharesOf } from '../../../src/plan/slices.ts';
import { isScheduled, plannedStreamsOf } from '../../../src/plan/streams.ts';
import { sumLoads } from '../../../src/profile/load-shapes/rate-stretches.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { randomCases } from '../../support/effort.ts';
import { areaOf, loads } from '../../support/plan/arbitraries.ts';

const rate = fc.double({ min: 0.5, max: 50, noNaN: true });
const stages = fc
  .array(
    fc.record({
      duration: fc.integer({ min: 1, max: 20 }).map((seconds) => `${seconds}s`),
      target: fc.oneof(fc.constant(0), rate),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .filter((all) => all.some(({ target }) => target > 0));
const kind = fc.oneof(
  fc.record({ weight: fc.double({ min: 0.1, max: 100, noNaN: true }) }),
  fc.record({ ratePerSecond: rate }),
  fc.record({ everySeconds: fc.double({ min: 1, max: 100, noNaN: true }) }),
  fc.record({ stages }),
);
/** Groups by shares, each with kinds of every sort; the first kind has a share of the load at the top. */
const mixes = fc
  .array(fc.array(kind, { minLength: 0, maxLength: 4 }), { minLength: 1, maxLength: 4 })
  .chain((groups) =>
    fc.record({
      groups: fc.constant(groups),
      parts: fc.array(fc.integer({ min: 5, max: 100 }), {
        minLength: groups.length,
        maxLength: groups.length,
      }),
      devices: fc.integer({ min: 100, max: 5_000 }),
      devicesPerSlice: fc.integer({ min: 7, max: 900 }),
    }),
  );

function planOf({
  groups,
  parts,
  devices,
  devicesPerSlice,
}: typeof mixes extends fc.Arbitrary<infer T> ? T : never) {
  const all = sumBy(parts, (part) => part);
  const named = groups.map((kinds, i) => {
    const messages = Object.fromEntries([{ weight: 1 }, ...kinds].map((each, k) => [`k${k}`, each]));
    return [`g${i}`, { share: parts[i]! / all, messages }] as const;
  });
  const profile = parseLoadProfile({
    devices,
    ratePerSecond: 20,
    duration: '17s',
    slices: { devicesPerSlice },
    groups: Object.fromEntries(named),
  });
  return makePlan({ runId: 'r', now: 0, coldStart: { leadMs: 0, environmentsPerSecond: 100 }, profile });
}

describe('kinds of message in a plan', () => {
  it('come to their integrals, and slices to shares that sum to them exactly', () => {
    fc.assert(
      fc.property(mixes, (mix) => {
        const plan = planOf(mix);
        const groups = groupsOf(plan);
        expect(sumBy(groups, ({ profile }) => profile.devices)).toBe(mix.devices);
        for (const group of groups) {
          const kinds = kindsOf(group);
          const shares = sharesOf(group);
          const streams = shares.map(plannedStreamsOf);
          expect(sumBy(shares, ({ devices }) => devices)).toBe(group.profile.devices);
          expect(sumBy(kinds, ({ load }) => load.messages)).toBe(group.load.messages);
          for (const { profile, load, stream } of kinds) {
            expect(Math.abs(load.messages - areaOf(profile))).toBeLessThanOrEqual(0.5 + 1e-6);
            expect(sumBy(streams, (each) => each[stream]!.messages)).toBe(load.messages);
          }
          // Nothing is of stream 0, and a slice's messages are those of its streams.
          for (const [i, each] of streams.entries()) {
            expect(each[0]!.messages).toBe(0);
            expect(sumBy(each, ({ messages }) => messages)).toBe(shares[i]!.messages);
          }
          expect(group.load.peakPerSecond).toBeCloseTo(makeArrivalRate(group.profile).peakPerSecond, 9);
        }
        expect(plan.load.messages).toBe(sumBy(groups, ({ load }) => load.messages));
      }),
      randomCases(),
    );
  });

  it('are due in the order of their numbers, within the time of their load', () => {
    fc.assert(
      fc.property(mixes, (mix) => {
        for (const group of groupsOf(planOf(mix))) {
          const [share] = sharesOf(group);
          for (const [stream, planned] of plannedStreamsOf(share!).entries()) {
            if (!isScheduled(planned) || planned.messages === 0) continue;
            const { durationMs } = makeArrivalRate(kindsOf(group)[stream - 1]!.profile);
            const last = planned.offsetMs(planned.messages - 1);
            expect(planned.offsetMs(0)).toBeGreaterThanOrEqual(0);
            expect(last).toBeGreaterThanOrEqual(planned.offsetMs(0));
            expect(last).toBeLessThanOrEqual(durationMs + 1e-6);
          }
        }
      }),
      randomCases(40),
    );
  });
});

/** The rate at an instant that lies within a stage. */
function rateAt({ startRatePerSecond, stages: all }: Parameters<typeof areaOf>[0], atMs: number): number {
  let from = startRatePerSecond;
  let fromMs = 0;
  for (const { durationMs, targetPerSecond } of all) {
    if (atMs < fromMs + durationMs) return from + ((targetPerSecond - from) * (atMs - fromMs)) / durationMs;
    fromMs += durationMs;
    from = targetPerSecond;
  }
  return 0;
}

describe('the sum of loads', () => {
  it('has the sum of their rates at every instant, and of their messages', () => {
    fc.assert(
      fc.property(
        fc.array(loads, { minLength: 1, maxLength: 6 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 }),
        (parts, instants) => {
          const sum = sumLoads(parts);
          const endMs = Math.max(
            ...parts.map(({ stages: all }) => sumBy(all, ({ durationMs }) => durationMs)),
          );
          expect(sumBy(sum.stages, ({ durationMs }) => durationMs)).toBeCloseTo(endMs, 3);
          for (const share of instants) {
            // Between whole milliseconds, where stages end.
            const atMs = Math.floor(share * endMs) + 0.5;
            const rates = sumBy(parts, (part) => rateAt(part, atMs));
            expect(Math.abs(rateAt(sum, atMs) - rates)).toBeLessThanOrEqual(1e-9 * Math.max(1, rates));
          }
          const area = sumBy(parts, areaOf);
          expect(Math.abs(areaOf(sum) - area)).toBeLessThanOrEqual(1e-9 * area);
        },
      ),
      randomCases(200),
    );
  });
});

describe('peaks of devices that echo several kinds', () => {
  const topic = (name: string) => `{topicRoot}/{runId}/{deviceId}/${name}`;
  const peaksWith = (messages: object) => {
    const profile = parseLoadProfile({
      devices: 100,
      ratePerSecond: 100,
      duration: '10s',
      connect: { ratePerSecond: 50 },
      echo: { fraction: 0.5 },
      messages,
    });
    const plan = makePlan({
      runId: 'r',
      now: 0,
      coldStart: { leadMs: 0, environmentsPerSecond: 100 },
      profile,
    });
    return peaksOf(plan, deploymentOf(plan));
  };

  it('have a subscription for each topic, not for each kind', () => {
    expect(peaksWith({ a: {}, b: {} })).toMatchObject({
      subscriptionsPerConnection: 1,
      subscribesPerSecond: 25,
    });
    expect(peaksWith({ a: {}, b: { topic: topic('b') }, c: { topic: topic('c') } })).toMatchObject({
      subscriptionsPerConnection: 3,
      subscribesPerSecond: 75,
    });
  });
});
