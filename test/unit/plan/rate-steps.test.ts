import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LiveAction } from '../../../src/plan/actions/action.ts';
import { refuseRate, withActions } from '../../../src/plan/actions/with-actions.ts';
import { makeArrivalRate } from '../../../src/plan/arrival-rate.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { kindsOf } from '../../../src/plan/kinds.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { countDueBefore } from '../../../src/plan/schedule.ts';
import { sharesOf } from '../../../src/plan/slices.ts';
import { intendedOf, intendedOfGroup, type ScheduledStream, streamsOf } from '../../../src/plan/streams.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { type RateChange, rateChangeOf } from '../../../src/profile/rate-step.ts';
import { sumBy, sumOf } from '../../../src/shared/counts.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf, profileOf } from '../../support/plan/arbitraries.ts';
import { integrate, reachedBefore } from '../../support/plan/exact-integral.ts';

const durationMs = 60_000;

function draftOf(profile: object): Plan {
  const parsed = parseLoadProfile({
    devices: 12,
    ...('stages' in profile ? {} : { duration: '60s' }),
    ...profile,
  });
  return draftPlan({ profile: parsed, runId: 'r', now: 0 }).plan;
}

function rateAt(plan: Plan, afterMs: number, change: RateChange, group?: string): LiveAction {
  const at = plan.timeline.publishAt + afterMs;
  return { at, ...(group === undefined ? {} : { group }), action: { kind: 'rate', ...change } };
}

/** N′, step by step, without the amended rate. */
function addUp(plan: Plan, steps: readonly { ms: number; change: RateChange }[], untilMs: number): number {
  const [{ profile }] = groupsOf(plan) as [ReturnType<typeof groupsOf>[0]];
  const { messagesBy } = makeArrivalRate(profile);
  const instants = [...steps.map(({ ms }) => ms).filter((ms) => ms < untilMs), untilMs];
  return sumBy(instants, (toMs) => {
    const fromMs = Math.max(...instants.filter((ms) => ms < toMs), 0);
    const change = steps.findLast(({ ms }) => ms <= fromMs)?.change ?? { factor: 1 };
    if ('perSecond' in change) return ((toMs - fromMs) * change.perSecond) / 1_000;
    return change.factor * (messagesBy(toMs) - messagesBy(fromMs));
  });
}

const patterns: readonly object[] = [
  { ratePerSecond: 40 },
  {
    stages: [
      { duration: '20s', target: 60 },
      { duration: '25s', target: 5 },
      { duration: '15s', target: 30 },
    ],
  },
  { ratePerSecond: 40, arrivals: 'poisson' },
  { everySeconds: 4, jitter: '3s' },
  { everySeconds: { exponential: 3 } },
  { everySeconds: 7, together: true, jitter: '2s' },
  { burst: { count: 5, spacing: '100ms', everySeconds: 6 } },
];

const loads = fc.record({
  pattern: fc.constantFrom(...patterns),
  seed: fc.nat(1_000),
  devicesPerSlice: fc.integer({ min: 1, max: 12 }),
});
const changes = fc.oneof(
  fc.record({ factor: fc.constantFrom(0, 0.3, 1, 1.5, 4) }),
  fc.record({ perSecond: fc.constantFrom(0, 7, 40, 90) }),
);
const steps = fc
  .uniqueArray(fc.record({ ms: fc.integer({ min: 0, max: durationMs - 1 }), change: changes }), {
    minLength: 1,
    maxLength: 5,
    selector: ({ ms }) => ms,
  })
  .map((list) => list.toSorted((a, b) => a.ms - b.ms));

function planWith({
  pattern,
  seed,
  devicesPerSlice,
}: {
  pattern: object;
  seed: number;
  devicesPerSlice: number;
}): Plan {
  return draftOf({ ...pattern, seed, slices: { devicesPerSlice } });
}

function streamOf(plan: Plan, slice: number): ScheduledStream {
  return streamsOf(plan, slice)[0] as ScheduledStream;
}

describe('rate steps', () => {
  it('change nothing that is due before them, to the bit, whatever the pattern', () => {
    fc.assert(
      fc.property(loads, steps, (load, list) => {
        const plan = planWith(load);
        for (let i = 0; i < list.length; i++) {
          const before = withActions(
            plan,
            list.slice(0, i).map(({ ms, change }) => rateAt(plan, ms, change)),
          );
          const after = withActions(
            plan,
            list.slice(0, i + 1).map(({ ms, change }) => rateAt(plan, ms, change)),
          );
          for (let slice = 0; slice < plan.slices.count; slice++) {
            const [a, b] = [streamOf(before, slice), streamOf(after, slice)];
            const due = countDueBefore(a, list[i]!.ms);
            expect(countDueBefore(b, list[i]!.ms)).toBe(due);
            for (let n = 0; n < due; n++)
              if (
                a.offsetMs(n) !== b.offsetMs(n) ||
                a.turns.deviceOf(n) !== b.turns.deviceOf(n) ||
                a.turns.messageOf(n) !== b.turns.messageOf(n)
              )
                expect({ n, a: a.offsetMs(n), b: b.offsetMs(n) }).toBe('the same');
          }
        }
      }),
      randomCases(60),
    );
  });

  it('keep messages in order, devices in turn, and dueBefore, nextOf and countFrom in agreement', () => {
    fc.assert(
      fc.property(loads, steps, fc.integer({ min: 0, max: durationMs }), (load, list, instant) => {
        const base = planWith(load);
        const plan = withActions(
          base,
          list.map(({ ms, change }) => rateAt(base, ms, change)),
        );
        for (let slice = 0; slice < plan.slices.count; slice++) {
          const { messages, offsetMs, turns, dueBefore } = streamOf(plan, slice);
          const offsets = Array.from({ length: messages }, (_, n) => offsetMs(n));
          const places = new Map<number, number[]>();
          for (const [n, ms] of offsets.entries()) {
            if (!(ms >= (offsets[n - 1] ?? 0) - 1e-6 && ms < durationMs)) expect({ n, ms }).toBe('rising');
            const device = turns.deviceOf(n);
            places.set(device, [...(places.get(device) ?? []), n]);
          }
          for (const own of places.values()) {
            for (const [i, n] of own.entries()) {
              expect(turns.messageOf(n)).toBe(turns.messageOf(own[0]!) + i);
              if (i + 1 < own.length) expect(turns.nextOf(n)).toBe(own[i + 1]);
              else expect(turns.nextOf(n)).toBeGreaterThanOrEqual(messages);
              if (i < 3) expect(turns.countFrom(n, messages)).toBe(own.length - i);
            }
          }
          if (dueBefore !== undefined)
            expect(dueBefore(instant)).toBe(offsets.filter((ms) => ms < instant).length);
        }
      }),
      randomCases(40),
    );
  });

  it('come to the integral of the amended rate, within half a message a slice for even arrivals', () => {
    fc.assert(
      fc.property(
        loads.filter(({ pattern }) => patterns.indexOf(pattern) < 2),
        steps,
        (load, list) => {
          const base = planWith(load);
          const plan = withActions(
            base,
            list.map(({ ms, change }) => rateAt(base, ms, change)),
          );
          const integral = addUp(base, list, durationMs);
          const [group] = groupsOf(plan) as [ReturnType<typeof groupsOf>[0]];
          const rate = makeArrivalRate(group.profile);
          expect(rate.messages).toBeCloseTo(integral, 6);
          for (const ms of [0, 9_999.5, 30_000, durationMs]) {
            expect(rate.messagesBy(ms)).toBeCloseTo(addUp(base, list, ms), 6);
          }
          const planned = makeArrivalRate(groupsOf(base)[0]!.profile).messages;
          // Slices share whole messages: M of them in place of N.
          const share = Math.round(planned) / planned;
          expect(Math.abs(intendedOfGroup(group) - integral * share)).toBeLessThanOrEqual(
            plan.slices.count / 2 + 1e-6,
          );
          // The nearest whole number; where it ends in ½, the lower one.
          expect(Math.abs(group.load.messages - integral)).toBeLessThanOrEqual(0.5 + 1e-6);
        },
      ),
      randomCases(100),
    );
  });
});

/** Rates such that N′ often comes to a message at the very end, at a step, or at the beginning of a stretch without messages. */
const wholeRate = fc.oneof(fc.constantFrom(0, 40, 1_000, 5_000), fc.integer({ min: 0, max: 900 }));
const exactLoads = fc
  .record({
    startRatePerSecond: wholeRate,
    stages: fc.array(
      fc.record({
        durationMs: fc.oneof(fc.constantFrom(1_000, 2_500), fc.integer({ min: 1, max: 4_000 })),
        targetPerSecond: wholeRate,
      }),
      { minLength: 1, maxLength: 3 },
    ),
    isConstant: fc.boolean(),
    slices: fc.integer({ min: 1, max: 20 }),
    spare: fc.integer({ min: 0, max: 19 }),
  })
  .map(({ isConstant, stages, slices, spare, ...load }) => ({
    ...load,
    stages: isConstant
      ? stages.map(({ durationMs }) => ({ durationMs, targetPerSecond: load.startRatePerSecond }))
      : stages,
    slices,
    devices: 3 * slices + (spare % slices),
  }))
  .filter((load) => Number(integrate(load, []).planned[0]) >= 1_000 * Number(integrate(load, []).planned[1]));
const exactSteps = fc.array(
  fc.record({
    /** 0–1, of the duration. */
    share: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    change: fc.oneof(
      fc.record({ factor: fc.constantFrom(0, 0.2, 0.5, 1, 1.25, 1.5, 2) }),
      fc.record({ perSecond: wholeRate }),
    ),
  }),
  { minLength: 1, maxLength: 8 },
);

describe('the number of messages of an amended rate', () => {
  it('is that of the messages that the exact integral reaches before the end, in every slice', () => {
    fc.assert(
      fc.property(exactLoads, exactSteps, ({ slices, devices, ...load }, drawn) => {
        const endMs = sumBy(load.stages, (each) => each.durationMs);
        const byMs = new Map(drawn.map(({ share, change }) => [Math.floor(share * endMs), change]));
        const list = [...byMs].map(([ms, change]) => ({ ms, change })).toSorted((a, b) => a.ms - b.ms);
        const base = planOf(
          profileOf({ devices, ...load }),
          Math.round(makeArrivalRate(load).messages),
          slices,
        );
        const plan = withActions(
          base,
          list.map(({ ms, change }) => rateAt(base, ms, change)),
        );
        const [group] = groupsOf(plan) as [ReturnType<typeof groupsOf>[0]];
        const exact = integrate(load, list);
        const shares = sharesOf(group);
        const reached = shares.map(({ messages }, s) =>
          reachedBefore(exact, { messages, phase: [2n * BigInt(s) + 1n, 2n * BigInt(slices)] }),
        );
        expect(shares.map((_, s) => streamOf(plan, s).messages)).toEqual(reached);
        expect(intendedOfGroup(group)).toBe(sumOf(reached));
        // Equal shares of a whole number: message k of the run is due where N′ reaches k + ½.
        const isWhole = exact.planned[0] % exact.planned[1] === 0n;
        if (!isWhole || new Set(shares.map(({ messages }) => messages)).size > 1) return;
        const whole = reachedBefore(exact, { messages: base.load.messages, phase: [1n, 2n] });
        expect(sumOf(reached)).toBe(whole);
      }),
      randomCases(2_000),
    );
  });

  it('leaves out a message that is due at the very end, and has one that is due when a rate becomes 0', () => {
    const load = { startRatePerSecond: 5_000, stages: [{ durationMs: 12_000, targetPerSecond: 5_000 }] };
    const base = planOf(profileOf({ devices: 100, ...load }), 60_000, 20);
    const factors = [1.5, 0.2, 1.4, 0, 0.5, 1];
    const random = makeRandom(15, 0);
    const counts = { atEnd: 0, atRest: 0 };
    for (let i = 0; i < 100; i++) {
      const list = factors
        .map((factor) => ({ ms: 5_000 + Math.floor(random() * 6_500), change: { factor } }))
        .toSorted((a, b) => a.ms - b.ms)
        .filter(({ ms }, place, all) => ms !== all[place + 1]?.ms);
      const plan = withActions(
        base,
        list.map(({ ms, change }) => rateAt(base, ms, change)),
      );
      const exact = integrate(load, list);
      expect(intendedOfGroup(groupsOf(plan)[0]!)).toBe(
        reachedBefore(exact, { messages: 60_000, phase: [1n, 2n] }),
      );
      const [numerator, denominator] = exact.amended;
      const isHalf = (2n * numerator) % (2n * denominator) === denominator;
      if (isHalf) counts[exact.isEarly ? 'atRest' : 'atEnd']++;
    }
    expect(counts.atEnd).toBeGreaterThan(20);
    expect(counts.atRest).toBeGreaterThan(0);
  });
});

describe('withActions', () => {
  it('is the plan itself without an action on rates', () => {
    const plan = draftOf({ ratePerSecond: 40 });
    expect(withActions(plan, [{ at: 1, action: { kind: 'disconnect', share: 1 } }])).toBe(plan);
  });

  it('divides a constant rate by the rates of groups and kinds at that instant', () => {
    const plan = draftOf({
      groups: {
        meters: { devices: 10, ratePerSecond: 30 },
        trackers: {
          devices: 2,
          messages: { position: { ratePerSecond: 8 }, status: { ratePerSecond: 2 } },
        },
      },
      devices: undefined,
    });
    const amended = withActions(plan, [
      rateAt(plan, 10_000, { factor: 2 }, 'trackers'),
      rateAt(plan, 20_000, { perSecond: 100 }),
    ]);
    const [meters, trackers] = groupsOf(amended) as [
      ReturnType<typeof groupsOf>[0],
      ReturnType<typeof groupsOf>[0],
    ];
    expect(meters.profile.rateSteps).toEqual([{ atMs: 20_000, perSecond: 60 }]);
    expect(trackers.profile.rateSteps).toEqual([
      { atMs: 10_000, factor: 2 },
      { atMs: 20_000, perSecond: 40 },
    ]);
    expect(kindsOf(trackers).map(({ profile }) => profile.rateSteps)).toEqual([
      [
        { atMs: 10_000, factor: 2 },
        { atMs: 20_000, perSecond: 32 },
      ],
      [
        { atMs: 10_000, factor: 2 },
        { atMs: 20_000, perSecond: 8 },
      ],
    ]);
    expect(kindsOf(trackers).map(intendedOf)).toEqual([8 * 10 + 16 * 10 + 32 * 40, 2 * 10 + 4 * 10 + 8 * 40]);
    expect(amended.load).toEqual({
      messages: 30 * 20 + 60 * 40 + 10 * 10 + 20 * 10 + 40 * 40,
      peakPerSecond: 100,
    });
  });

  it('lets a slice have a step of its own, or none', () => {
    const plan = draftOf({ ratePerSecond: 40, slices: { devicesPerSlice: 12 } });
    const action = rateAt(plan, 10_000, { factor: 2 });
    const late = withActions(plan, [{ ...action, tookEffectAt: action.at + 5_000 }]);
    expect(streamOf(late, 0).messages).toBe(40 * 15 + 80 * 45);
    expect(
      streamOf(withActions(plan, [{ ...action, tookEffectAt: Number.POSITIVE_INFINITY }]), 0).messages,
    ).toBe(2_400);
  });

  it('says which groups have no rate to change', () => {
    const plan = draftOf({
      devices: undefined,
      duration: '60s',
      groups: {
        users: { devices: 3, users: 3, thinkTime: '1s' },
        idlers: { devices: 2, idle: true },
        meters: { devices: 4, ratePerSecond: 4 },
      },
    });
    expect(refuseRate(plan, 'meters')).toBeUndefined();
    expect(refuseRate(plan, undefined)).toBeUndefined();
    expect(refuseRate(plan, 'users')).toContain('users who decide when they send');
    expect(refuseRate(plan, 'idlers')).toContain('idle');
    expect(refuseRate(plan, 'lamps')).toBe('The run has no group lamps.');
  });

  it('reads no change from what is none', () => {
    for (const data of [
      {},
      { factor: -1 },
      { factor: 1, perSecond: 2 },
      { perSecond: '3' },
      { factor: Number.NaN },
    ])
      expect(rateChangeOf(data)).toBeUndefined();
  });
});
