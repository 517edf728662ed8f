import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeArrivalRate } from '../../../src/plan/arrival-rate.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { randomCases } from '../../support/effort.ts';
import { fleets, loads, planOf, profileOf } from '../../support/plan/arbitraries.ts';

function schedulesOf(plan: ReturnType<typeof planOf>) {
  return Array.from({ length: plan.slices.count }, (_, s) => makeSliceSchedule(sliceOf(plan, s)));
}

describe('makeSliceSchedule', () => {
  it('rises with n, from the start of the run to its end', () => {
    fc.assert(
      fc.property(loads, fleets, fc.nat(), (load, { slices, devices }, pick) => {
        const rate = makeArrivalRate(load);
        const plan = planOf(profileOf({ devices, ...load }), Math.round(rate.messages), slices);
        const schedule = makeSliceSchedule(sliceOf(plan, pick % slices));
        const middle = Math.floor(schedule.messages / 2);
        const last = schedule.messages - 1;
        let before = 0;
        for (const n of [...range(0, 300), ...range(middle, 300), ...range(last - 300, 301)]
          .filter((n) => n >= 0 && n <= last)
          .sort((a, b) => a - b)) {
          const offsetMs = schedule.offsetMs(n);
          if (!(offsetMs >= before && offsetMs <= rate.durationMs))
            expect({ n, offsetMs, before }).toBe('rising');
          before = offsetMs;
        }
      }),
      randomCases(),
    );
  });

  it('interleaves the slices so that together they follow the arrival rate to the message', () => {
    const smallFleets = fc.record({
      devices: fc.integer({ min: 20, max: 500 }),
      slices: fc.integer({ min: 1, max: 20 }),
    });
    const smallLoads = loads.filter((load) => makeArrivalRate(load).messages < 20_000);
    fc.assert(
      fc.property(smallLoads, smallFleets, (load, { devices, slices }) => {
        const rate = makeArrivalRate(load);
        const plan = planOf(profileOf({ devices, ...load }), Math.round(rate.messages), slices);
        const offsets = schedulesOf(plan)
          .flatMap((schedule) => range(0, schedule.messages).map(schedule.offsetMs))
          .sort((a, b) => a - b);
        expect(offsets).toHaveLength(plan.load.messages);
        // Each slice is within a message of its share at any time.
        for (const [i, offsetMs] of offsets.entries()) {
          if (Math.abs(rate.messagesBy(offsetMs) - i) > slices + 1) expect({ i, offsetMs }).toBe('on time');
        }
      }),
      randomCases(30),
    );
  });

  it('spaces a constant load of equal slices exactly evenly', () => {
    const load = { startRatePerSecond: 1_000, stages: [{ durationMs: 2_000, targetPerSecond: 1_000 }] };
    const plan = planOf(profileOf({ devices: 400, ...load }), 2_000, 4);
    const offsets = schedulesOf(plan)
      .flatMap((schedule) => range(0, schedule.messages).map(schedule.offsetMs))
      .sort((a, b) => a - b);
    offsets.forEach((offsetMs, i) => {
      expect(offsetMs).toBeCloseTo(i + 0.5, 9);
    });
  });

  it('gives each device one message in every period', () => {
    const devices = 1_000;
    const load = { startRatePerSecond: 200, stages: [{ durationMs: 60_000, targetPerSecond: 200 }] };
    const plan = planOf(profileOf({ devices, ...load }), 12_000, 7);
    for (let s = 0; s < 7; s++) {
      const slice = sliceOf(plan, s);
      const schedule = makeSliceSchedule(slice);
      const apart = range(0, slice.messages - slice.devices).map((n) => {
        const periodMs = schedule.offsetMs(n + slice.devices) - schedule.offsetMs(n);
        return Math.abs(periodMs - 5_000);
      });
      expect(Math.max(...apart)).toBeLessThan(5_000 / slice.devices);
    }
  });

  it('connects all devices of the run at the rate of the profile, one after the other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 2_000 }), fc.integer({ min: 1, max: 20 }), (devices, slices) => {
        const profile = profileOf({ devices });
        const plan = planOf(profile, devices, slices);
        const turns = range(0, slices)
          .flatMap((s) => {
            const slice = sliceOf(plan, s);
            return range(0, slice.devices).map(makeSliceSchedule(slice).connectOffsetMs);
          })
          .sort((a, b) => a - b);
        const { ratePerSecond } = profile.connect;
        const apart = turns.map((turnMs, i) => Math.abs((turnMs * ratePerSecond) / 1_000 - i));
        expect(Math.max(...apart)).toBeLessThanOrEqual(slices + 1);
        expect(turns.at(-1)).toBeLessThanOrEqual((devices / ratePerSecond) * 1_000);
      }),
      randomCases(30),
    );
  });
});

function range(from: number, length: number): number[] {
  return Array.from({ length }, (_, i) => from + i);
}
