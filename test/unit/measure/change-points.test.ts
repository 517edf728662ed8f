import { describe, expect, it } from '@jest/globals';
import { findChangePoints } from '../../../src/measure/change-points.ts';
import { makeRandom, type Random } from '../../../src/shared/random.ts';
import { sizeOf } from '../../support/effort.ts';
import { gaussian } from '../../support/report/simulated-run.ts';

const seriesOf = (length: number, of: (i: number) => number) => Array.from({ length }, (_, i) => of(i));

/** How many of `count` series have a change point, by these. */
function countFound(count: number, make: (random: Random) => number[], fits = (_at: number) => true): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    const random = makeRandom(i, 3);
    if (findChangePoints(make(random), { random }).some(({ at }) => fits(at))) found++;
  }
  return found;
}

describe('findChangePoints', () => {
  it.each([
    ['normal', gaussian],
    ['heavy-tailed', (random: Random) => gaussian(random) / Math.sqrt(random() + 1e-9)],
    ['of few values', (random: Random) => Math.floor(3 * random())],
  ])('finds a change in 1 %% of series that do not change at most: %s', (_name, draw) => {
    const count = sizeOf(2_000, 200);
    const found = countFound(count, (random) => seriesOf(20, () => draw(random)));
    // Mean and four standard deviations of a binomial count.
    expect(found).toBeLessThanOrEqual(0.01 * count + 4 * Math.sqrt(0.01 * count));
  });

  it('finds a shift of 10 % in noise of 3 %, where it is, in 9 of 10 histories of ten runs and ten', () => {
    const count = sizeOf(500, 60);
    const shifted = (random: Random) =>
      seriesOf(20, (i) => (i < 10 ? 100 : 110) * Math.exp(0.03 * gaussian(random)));
    const found = countFound(count, shifted, (at) => Math.abs(at - 10) <= 1);
    expect(found / count).toBeGreaterThan(0.9);
  });

  it('finds both of two shifts, and none of a single outlier', () => {
    const random = makeRandom(5, 5);
    const steps = seriesOf(36, (i) => (i < 12 ? 40 : i < 24 ? 60 : 45) + gaussian(random));
    expect(findChangePoints(steps, { random }).map(({ at }) => at)).toEqual([12, 24]);
    const outlier = seriesOf(20, (i) => (i === 13 ? 900 : 40 + gaussian(random)));
    expect(findChangePoints(outlier, { random })).toEqual([]);
  });

  it('finds nothing in too few values, or in equal ones', () => {
    const random = makeRandom(1, 1);
    expect(findChangePoints([1, 1, 1, 9, 9, 9], { random })).toEqual([]);
    expect(findChangePoints([1, 2], { random })).toEqual([]);
    expect(
      findChangePoints(
        seriesOf(30, () => 7),
        { random },
      ),
    ).toEqual([]);
    expect(findChangePoints([1, 2, 1, 2, 1, 8, 9, 8, 9, 8], { random }).map(({ at }) => at)).toEqual([5]);
  });
});
