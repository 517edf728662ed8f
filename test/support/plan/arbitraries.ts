import fc from 'fast-check';
import type { Plan } from '../../../src/plan/plan.ts';
import type { LoadProfile } from '../../../src/profile/load-profile.ts';
import type { RateShape } from '../../../src/profile/load-shapes/rate-stretches.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';

const rate = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 1_000_000 }),
  fc.double({ min: 0.001, max: 100_000, noNaN: true }),
);

const stage = fc.record({
  durationMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900_000 })),
  targetPerSecond: rate,
});

/** Any load: ramps up and down, jumps, stretches of nothing; at least one message in all. */
export const loads: fc.Arbitrary<RateShape> = fc
  .record({ startRatePerSecond: rate, stages: fc.array(stage, { minLength: 1, maxLength: 8 }) })
  .filter((load) => areaOf(load) >= 1);

/** ∫ rate dt by the trapezoids themselves. */
export function areaOf({ startRatePerSecond, stages }: RateShape): number {
  let before = startRatePerSecond;
  let area = 0;
  for (const { durationMs, targetPerSecond } of stages) {
    area += ((before + targetPerSecond) / 2) * (durationMs / 1_000);
    before = targetPerSecond;
  }
  return area;
}

export function profileOf(overrides: Partial<LoadProfile> & { readonly devices: number }): LoadProfile {
  const base = parseLoadProfile({ devices: 1_000_000, ratePerSecond: 100, duration: '30s' });
  return { ...base, ...overrides };
}

/** A plan of that many messages over that many slices, whatever a real one would choose. */
export function planOf(profile: LoadProfile, messages: number, slices: number): Plan {
  return {
    version: 1,
    runId: 'r',
    profile,
    timeline: { createdAt: 0, startAt: 0, publishAt: 0, publishEndAt: 0, drainEndAt: 0, deadlineAt: 0 },
    load: { messages, peakPerSecond: 0 },
    slices: { count: slices, devicesPerSlice: Math.ceil(profile.devices / slices) },
  };
}

/** Devices and slices: at least one device a slice. */
export const fleets = fc
  .integer({ min: 1, max: 10_000 })
  .chain((slices) =>
    fc.record({ slices: fc.constant(slices), devices: fc.integer({ min: slices, max: 9_000_000 }) }),
  );
