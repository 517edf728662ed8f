import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkStoredPlan } from '../../../src/plan/check-plan.ts';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import { groupOfSlice, groupsOf, peakPerSecondOf } from '../../../src/plan/groups.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { randomCases } from '../../support/effort.ts';
import { profileOf } from '../../support/plan/arbitraries.ts';

function planOf(profile: unknown): Plan {
  return makePlan({ runId: 'run', profile: parseLoadProfile(profile), now: 0 });
}

const slicesOf = (plan: Plan) =>
  Array.from({ length: plan.slices.count }, (_, slice) => sliceOf(plan, slice));

const fleets = fc
  .dictionary(
    fc.constantFrom('meters', 'trackers', 'gates', 'web'),
    fc.record({
      devices: fc.integer({ min: 1, max: 3_000 }),
      ratePerSecond: fc.integer({ min: 1, max: 90 }),
      duration: fc.constantFrom('10s', '25s', '1m'),
      echo: fc.constant({ fraction: 0 }),
      connect: fc.constantFrom({ protocol: 'mqtt' }, { protocol: 'https' }),
      slices: fc.record({ devicesPerSlice: fc.integer({ min: 100, max: 900 }) }),
    }),
    { minKeys: 1 },
  )
  .map((groups) => planOf({ groups }));

describe('a plan of groups', () => {
  it('gives each device and each message to one slice, and each slice to one group', () => {
    fc.assert(
      fc.property(fleets, (plan) => {
        const slices = slicesOf(plan);
        expect(sumBy(slices, ({ devices }) => devices)).toBe(plan.profile.devices);
        expect(sumBy(slices, ({ messages }) => messages)).toBe(plan.load.messages);
        const firsts = slices.map(({ firstDevice }) => firstDevice);
        expect(new Set(firsts).size).toBe(slices.length);
        for (const group of groupsOf(plan)) {
          const own = slices.filter((slice) => slice.group.group === group.group);
          expect(own.map(({ slice }) => slice)).toEqual(
            Array.from({ length: group.slices.count }, (_, i) => group.firstSlice + i),
          );
          expect(sumBy(own, ({ messages }) => messages)).toBe(group.load.messages);
          expect(Math.min(...own.map(({ firstDevice }) => firstDevice))).toBe(group.firstDevice);
        }
        expect(checkStoredPlan(plan)).toEqual([]);
      }),
      randomCases(),
    );
  });

  it('numbers slices over MQTT before those over HTTPS, and hands that number to the state machine', () => {
    fc.assert(
      fc.property(fleets, (plan) => {
        const protocols = slicesOf(plan).map(({ group }) => group.profile.connect.protocol);
        const { mqttSlices } = fanOutOf(plan);
        expect(protocols.map((protocol) => protocol === 'mqtt')).toEqual(
          protocols.map((_, i) => i < mqttSlices),
        );
      }),
      randomCases(),
    );
  });

  it('schedules a group as a flat profile of it alone would be', () => {
    const meters = { devices: 90, everySeconds: 3, duration: '30s', slices: { devicesPerSlice: 30 } };
    const grouped = planOf({
      groups: { trackers: { devices: 7, ratePerSecond: 20, duration: '10s' }, meters },
    });
    const flat = planOf(meters);
    const { firstSlice } = groupsOf(grouped)[1]!;
    for (let i = 0; i < flat.slices.count; i++) {
      const [one, other] = [sliceOf(flat, i), sliceOf(grouped, firstSlice + i)].map(makeSliceSchedule);
      expect(other!.messages).toBe(one!.messages);
      for (let n = 0; n < one!.messages; n++) expect(other!.offsetMs(n)).toBe(one!.offsetMs(n));
    }
  });

  it('adds up what groups use, each message at its own size', () => {
    const small = { devices: 10, ratePerSecond: 10, duration: '10s' };
    const large = { ...small, publish: { sizeBytes: 6_000 } };
    const { iot } = forecastUsage(planOf({ groups: { small, large } }));
    expect(iot.messages).toMatchObject([{ publishesIn: 100 }, { publishesIn: 100 }]);
    expect(iot.messages[1]!.meteredBytes).toBeGreaterThan(6_000);
    expect(iot.connects).toBe(20 + 2);
  });

  it('has the peak of the sum of the rates, not the sum of the peaks', () => {
    const up = profileOf({
      devices: 1,
      startRatePerSecond: 0,
      stages: [{ durationMs: 1_000, targetPerSecond: 10 }],
    });
    const down = profileOf({
      devices: 1,
      startRatePerSecond: 8,
      stages: [{ durationMs: 1_000, targetPerSecond: 0 }],
    });
    expect(peakPerSecondOf([up, down])).toBe(10);
    expect(peakPerSecondOf([up])).toBe(10);
    const short = profileOf({
      devices: 1,
      startRatePerSecond: 9,
      stages: [{ durationMs: 500, targetPerSecond: 9 }],
    });
    expect(peakPerSecondOf([up, short])).toBe(14);
  });

  it('has no slice past its last one', () => {
    const plan = planOf({ groups: { one: { devices: 1, ratePerSecond: 1, duration: '1s' } } });
    expect(() => groupOfSlice(plan, 1)).toThrow(RangeError);
  });
});
