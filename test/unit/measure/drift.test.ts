import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { driftOf, type TimedValue } from '../../../src/measure/drift.ts';
import { leastSteadySteps } from '../../../src/plan/steady-time.ts';
import { makeRandom, type Random } from '../../../src/shared/random.ts';
import { randomCases } from '../../support/effort.ts';

/** Standard normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Noise in which each value keeps a share of the one before it. */
function noise(random: Random, length: number, kept: number): number[] {
  let value = normal(random);
  return Array.from({ length }, () => {
    value = kept * value + Math.sqrt(1 - kept * kept) * normal(random);
    return value;
  });
}

/** Values at equal distances; null: nothing was measured then. */
function timed(values: readonly (number | null)[], hoursApart: number): TimedValue[] {
  return values.flatMap((value, i) => (value === null ? [] : [{ atHours: i * hoursApart, value }]));
}

/** In what share of series the interval has the slope that the series was made with. */
function coverage(kept: number, perHour: number, length = 60): number {
  const random = makeRandom(17, Math.round(kept * 100));
  const hoursApart = 1 / 60;
  const series = 200;
  let covered = 0;
  for (let i = 0; i < series; i++) {
    const values = noise(random, length, kept).map((each, at) => 50 + each + perHour * at * hoursApart);
    const { low, high } = driftOf(timed(values, hoursApart))!;
    if (low <= perHour && perHour <= high) covered++;
  }
  return covered / series;
}

describe('drift', () => {
  it('of a straight line is its slope, whatever the unit of time, with gaps and a few outliers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000, max: 1_000 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 30, max: 60 }),
        (perHour, minutesApart, length) => {
          const hoursApart = minutesApart / 60;
          const line = Array.from({ length }, (_, i) => 1_000 + perHour * i * hoursApart);
          const withGaps = line.map((value, i) => (i % 7 === 3 ? null : i === 10 ? value * 50 : value));
          const drift = driftOf(timed(withGaps, hoursApart))!;
          expect(drift.perHour).toBeCloseTo(perHour, 6);
          expect(drift.low).toBeLessThanOrEqual(drift.perHour);
          expect(drift.high).toBeGreaterThanOrEqual(drift.perHour);
        },
      ),
      randomCases(100),
    );
  });

  it('is known as well as it says: independent noise, and noise that lasts', () => {
    for (const perHour of [0, 3]) {
      expect(coverage(0, perHour)).toBeGreaterThan(0.92);
      expect(coverage(0, perHour)).toBeLessThan(0.99);
      expect(coverage(0.5, perHour)).toBeGreaterThan(0.91);
      expect(coverage(0.85, perHour)).toBeGreaterThan(0.88);
    }
  });

  it('finds a slope of a percent of the level where noise is small', () => {
    const random = makeRandom(3, 0);
    const values = noise(random, 120, 0).map((each, i) => 100 + each * 0.2 + i / 120);
    const { low, high, level } = driftOf(timed(values, 1 / 120))!;
    expect(low).toBeGreaterThan(0.8);
    expect(high).toBeLessThan(1.2);
    expect(level).toBeCloseTo(100.5, 0);
  });

  it('is as wide as what its values cannot show', () => {
    const line = Array.from({ length: 25 }, (_, i) => 100 + i);
    const exact = driftOf(timed(line, 0.5))!;
    const { low, high, perHour } = driftOf(timed(line, 0.5), { resolution: 6 })!;
    expect([exact.low, exact.perHour, exact.high]).toEqual([2, 2, 2]);
    expect([low, perHour, high]).toEqual([1.5, 2, 2.5]);
  });

  it('is not known of few values, and none of values that are all the same', () => {
    expect(driftOf(timed(new Array(leastSteadySteps - 1).fill(1), 1))).toBeUndefined();
    expect(driftOf(timed(new Array(leastSteadySteps).fill(7), 1))).toEqual({
      perHour: 0,
      low: 0,
      high: 0,
      level: 7,
      begin: 7,
      end: 7,
    });
  });
});
