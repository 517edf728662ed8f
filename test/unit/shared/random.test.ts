import { describe, expect, it } from '@jest/globals';
import { PositionalRandom } from '../../../src/shared/random.ts';

describe('random numbers by position', () => {
  it('are the same for the same seed, device and message, and others for others', () => {
    const draw = (seed: number, device: number, k: number, lane = 0): number => {
      const random = new PositionalRandom(seed);
      random.seek(device, k, lane);
      return random.next();
    };
    expect(draw(42, 7, 3)).toBe(draw(42, 7, 3));
    const draws = new Set<number>();
    for (let seed = -3; seed <= 3; seed++) {
      for (let device = 0; device < 30; device++) {
        for (let k = 0; k < 30; k++) for (const lane of [0, 1]) draws.add(draw(seed, device, k, lane));
      }
    }
    expect(draws.size).toBe(7 * 30 * 30 * 2);
    expect(draw(2 ** 32 + 1, 0, 0)).not.toBe(draw(1, 0, 0));
  });

  it('are spread evenly, over messages as over draws', () => {
    const random = new PositionalRandom(1);
    const byMessage = new Float64Array(16);
    const byDraw = new Float64Array(16);
    const each = 4_000;
    for (let k = 0; k < 16 * each; k++) {
      random.seek(k % 100, Math.floor(k / 100));
      byMessage[Math.floor(random.next() * 16)]!++;
    }
    for (let i = 0; i < 16 * each; i++) byDraw[Math.floor(random.next() * 16)]!++;
    // χ² with 15 degrees of freedom is above 37.7 once in a thousand times.
    for (const counts of [byMessage, byDraw]) {
      const chiSquared = counts.reduce((sum, count) => sum + (count - each) ** 2 / each, 0);
      expect(chiSquared).toBeLessThan(37.7);
    }
  });

  it('have the mean and the deviation of the normal distribution', () => {
    const random = new PositionalRandom(5);
    random.seek(0, 0);
    const draws = Array.from({ length: 50_000 }, () => random.nextGaussian());
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(1, 1);
  });
});
