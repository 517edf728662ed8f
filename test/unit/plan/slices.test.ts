import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sliceOf, splitIntoSlices } from '../../../src/plan/slices.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { randomCases } from '../../support/effort.ts';
import { fleets, planOf, profileOf } from '../../support/plan/arbitraries.ts';

function constant(ratePerSecond: number) {
  return {
    startRatePerSecond: ratePerSecond,
    stages: [{ durationMs: 60_000, targetPerSecond: ratePerSecond }],
  };
}

describe('sliceOf', () => {
  it('gives shares that sum to exactly the devices and messages of the run, without gap or overlap', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 10 ** 12 }), ({ slices, devices }, messages) => {
        const plan = planOf(profileOf({ devices }), messages, slices);
        let nextDevice = 0;
        let messagesSoFar = 0;
        for (let s = 0; s < slices; s++) {
          const slice = sliceOf(plan, s);
          if (slice.firstDevice !== nextDevice || slice.devices < 1) expect(slice).toBe('contiguous');
          if (slice.messages < 0 || !Number.isSafeInteger(slice.messages)) expect(slice).toBe('counted');
          if (slice.devices > plan.slices.devicesPerSlice) expect(slice).toBe('no larger than the plan says');
          nextDevice += slice.devices;
          messagesSoFar += slice.messages;
        }
        expect(nextDevice).toBe(devices);
        expect(messagesSoFar).toBe(messages);
      }),
      randomCases(50),
    );
  });

  it('shares evenly: no slice is a device, or a message per device, from the others', () => {
    fc.assert(
      fc.property(
        fleets,
        fc.integer({ min: 1, max: 10 ** 12 }),
        fc.nat(),
        ({ slices, devices }, messages, pick) => {
          const plan = planOf(profileOf({ devices }), messages, slices);
          const slice = sliceOf(plan, pick % slices);
          expect(Math.abs(slice.devices - devices / slices)).toBeLessThan(1);
          expect(Math.abs(slice.messages - (messages * slice.devices) / devices)).toBeLessThan(
            1 + messages * 1e-15,
          );
        },
      ),
      randomCases(),
    );
  });

  it('refuses a slice that is not in the plan', () => {
    const plan = planOf(profileOf({ devices: 10 }), 10, 2);
    expect(() => sliceOf(plan, 2)).toThrow(RangeError);
    expect(() => sliceOf(plan, -1)).toThrow(RangeError);
    expect(() => sliceOf(plan, 0.5)).toThrow(RangeError);
  });
});

describe('splitIntoSlices', () => {
  it('takes what the profile says', () => {
    const slices = { devicesPerSlice: 900, toleratedFailureShare: 0 };
    expect(splitIntoSlices(profileOf({ devices: 10_000, slices }))).toEqual({
      count: 12,
      devicesPerSlice: 834,
    });
  });

  it.each([
    ['500 devices in one', 10_000, constant(2_000), { count: 20, devicesPerSlice: 500 }],
    ['5,000 publishes a second in one', 2_000, constant(20_000), { count: 4, devicesPerSlice: 500 }],
    ['5,000 publishes a second of a few devices', 400, constant(20_000), { count: 4, devicesPerSlice: 100 }],
    ['250 connects a second in one', 400, constant(100), { count: 2, devicesPerSlice: 200 }],
    ['no more slices than devices', 1, constant(100), { count: 1, devicesPerSlice: 1 }],
    [
      '800 slices, which is the share of Lambda concurrency',
      500_000,
      constant(100),
      { count: 800, devicesPerSlice: 625 },
    ],
    [
      '900 devices in one, whatever the concurrency',
      9_000_000,
      constant(100),
      { count: 10_000, devicesPerSlice: 900 },
    ],
  ])('chooses by %s', (_, devices, load, expected) => {
    expect(splitIntoSlices(profileOf({ devices, ...load }))).toEqual(expected);
  });

  it('reckons with the concurrency that the account has', () => {
    const limits = accountLimitsOf('default', { lambdaConcurrency: 10 });
    expect(splitIntoSlices(profileOf({ devices: 5_000, ...constant(100) }), { limits }).count).toBe(8);
  });

  it('reckons with the concurrency that the stack has reserved for slices, all of it', () => {
    const split = (publishConcurrency: number) =>
      splitIntoSlices(profileOf({ devices: 5_000, ...constant(100) }), {
        deployment: { publishConcurrency },
      }).count;
    // 10 slices of 500 would be comfortable, 6 of 834 fit; fewer than 5.6 would be more than 900 devices each.
    expect([200, 7, 1].map(split)).toEqual([10, 7, 6]);
  });
});
