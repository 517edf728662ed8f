import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type FigureSample, measureChange } from '../../../src/report/judge-change.ts';
import { makeRandom, type Random } from '../../../src/shared/random.ts';
import { sizeOf } from '../../support/effort.ts';
import { gaussian } from '../../support/report/simulated-run.ts';

const alpha = 0.01;
const runsOf = (runs: number, of: () => FigureSample) => Array.from({ length: runs }, of);

/** Share of `count` comparisons in which the candidate is beyond the noise, on either side. */
function shareBeyond(
  count: number,
  sides: (random: Random) => readonly [baseline: FigureSample[], candidate: FigureSample[]],
  kind: 'latency' | 'share' = 'latency',
): number {
  let beyond = 0;
  for (let i = 0; i < count; i++) {
    const [baseline, candidate] = sides(makeRandom(i, 9));
    if (measureChange(kind, baseline, candidate, alpha).isBeyondNoise) beyond++;
  }
  return beyond / count;
}

const count = sizeOf(20_000, 3_000);
/** Of both directions, and four standard deviations. */
const most = 2 * alpha + 4 * Math.sqrt((2 * alpha) / count);

const normal =
  (sd: number, shift = 0) =>
  (random: Random): FigureSample => ({
    value: 100 * Math.exp(shift + sd * gaussian(random)),
  });
/** One run in ten has three times the noise. */
const contaminated = (random: Random): FigureSample => ({
  value: 100 * Math.exp((random() < 0.1 ? 0.15 : 0.05) * gaussian(random)),
});
/** A run is delayed now and then, and never early. */
const delayed = (random: Random): FigureSample => ({
  value: 100 * Math.exp(0.02 * gaussian(random) - 0.1 * Math.log(1 - random())),
});

describe('measureChange', () => {
  it.each([
    ['5 runs against 5', 5, 5, normal(0.05)],
    ['2 runs against 2', 2, 2, normal(0.05)],
    ['8 runs against 3', 8, 3, normal(0.05)],
    ['1 run against 6', 1, 6, normal(0.05)],
    ['6 runs against 1', 6, 1, normal(0.05)],
    ['runs with outliers', 5, 5, contaminated],
    ['runs that are late at random', 5, 5, delayed],
  ])('is beyond the noise as rarely as asked for: %s', (_name, before, after, draw) => {
    const share = shareBeyond(count, (random) => [
      runsOf(before, () => draw(random)),
      runsOf(after, () => draw(random)),
    ]);
    expect(share).toBeLessThanOrEqual(most);
  });

  it('is so of one run each with the noise within them', () => {
    const draw = (random: Random): FigureSample => ({
      value: 100 + 5 * gaussian(random),
      sd: 5,
      degrees: Number.POSITIVE_INFINITY,
    });
    const share = shareBeyond(count, (random) => [[draw(random)], [draw(random)]]);
    expect(share).toBeLessThanOrEqual(most);
    expect(share).toBeGreaterThan(alpha);
  });

  it('is so of shares of rare events', () => {
    const draw = (random: Random): FigureSample => {
      let events = 0;
      for (let i = 0; i < 400; i++) if (random() < 0.01) events++;
      return { value: events / 400, trials: 400 };
    };
    const size = sizeOf(5_000, 500);
    const share = shareBeyond(size, (random) => [[draw(random)], [draw(random)]], 'share');
    expect(share).toBeLessThanOrEqual(2 * alpha + 4 * Math.sqrt((2 * alpha) / size));
  });

  // What docs/comparing-runs.md says of how many runs it takes.
  const foundOf = (runs: number, sd: number) => {
    let found = 0;
    const size = sizeOf(5_000, 500);
    for (let i = 0; i < size; i++) {
      const random = makeRandom(i, 11);
      const side = (shift: number) => runsOf(runs, () => normal(sd, shift)(random));
      const change = measureChange('latency', side(0), side(Math.log(1.1)), 0.01 / 13);
      if (change.isBeyondNoise && change.candidate > 1.05 * change.baseline) found++;
    }
    return found / size;
  };
  it.each([
    [5, 0.02],
    [8, 0.03],
    [10, 0.035],
  ])('finds 10 % with %d runs a side and noise of %d, of 13 figures, in 9 of 10', (runs, sd) => {
    expect(foundOf(runs, sd)).toBeGreaterThan(0.9);
  });

  it('finds 10 % with 5 runs a side and noise of 3 % in two of three', () => {
    const found = foundOf(5, 0.03);
    expect(found).toBeGreaterThan(0.58);
    expect(found).toBeLessThan(0.75);
  });

  it('has p99s of lognormal latencies that differ by 3.7·σ/√n by chance', () => {
    const random = makeRandom(2, 12);
    const [n, sigma] = [2_000, 0.5];
    const p99s = Array.from({ length: sizeOf(1_000, 250) }, () => {
      const latencies = Float64Array.from({ length: n }, () => Math.exp(sigma * gaussian(random))).sort();
      return Math.log(latencies[0.99 * n]!);
    });
    const mean = p99s.reduce((sum, each) => sum + each, 0) / p99s.length;
    const sd = Math.sqrt(p99s.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (p99s.length - 1));
    expect(sd / ((3.7 * sigma) / Math.sqrt(n))).toBeGreaterThan(0.85);
    expect(sd / ((3.7 * sigma) / Math.sqrt(n))).toBeLessThan(1.15);
  });

  it('takes runs that are alike by chance for no less noisy than they are within', () => {
    const alike = (value: number) => runsOf(3, () => ({ value, sd: 10, degrees: 20 }));
    expect(measureChange('latency', alike(100), alike(110), alpha).isBeyondNoise).toBe(false);
    const steady = (value: number) => runsOf(3, () => ({ value, sd: 0.1, degrees: 20 }));
    expect(measureChange('latency', steady(100), steady(110), alpha).isBeyondNoise).toBe(true);
  });

  it('has no noise of one run each without noise within them', () => {
    const change = measureChange('latency', [{ value: 10 }], [{ value: 11 }], alpha);
    expect(change).toEqual({ baseline: 10, candidate: 11, noise: null, isBeyondNoise: true });
  });

  it('gives finite figures of any values', () => {
    const samples = fc.array(
      fc.record({
        value: fc.double({ min: -1e4, max: 1e6, noNaN: true }),
        sd: fc.double({ min: 0, max: 1e4, noNaN: true }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(samples, samples, (before, after) => {
        const { baseline, candidate, noise } = measureChange('latency', before, after, alpha);
        for (const each of [baseline, candidate]) expect(Number.isFinite(each)).toBe(true);
        if (noise !== null) expect(noise).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
