import { describe, expect, it } from '@jest/globals';
import { reconnectDelayMs } from '../../../src/device/backoff.ts';
import { type Backoff, defaultBackoff } from '../../../src/profile/backoff.ts';
import { makeRandom } from '../../../src/shared/random.ts';

const delayMs = (backoff: Backoff, failedInARow: number, random: () => number, sinceLastAnswerMs = 5_000) =>
  reconnectDelayMs(backoff, { failedInARow, sinceLastAnswerMs, leastMs: 1_000 }, random);

describe('the delay before connecting again', () => {
  it('has full jitter below a capped exponential by default, and never a second attempt within a second', () => {
    const random = makeRandom(1, 1);
    for (let failures = 0; failures < 300; failures++) {
      const longest = Math.min(30_000, 1_000 * 2 ** failures);
      expect(delayMs(defaultBackoff, failures, () => 0)).toBe(0);
      expect(delayMs(defaultBackoff, failures, () => 0, 200)).toBe(800);
      expect(delayMs(defaultBackoff, failures, () => 0.5)).toBe(longest / 2);
      expect(delayMs(defaultBackoff, failures, random)).toBeLessThan(longest);
    }
  });

  it('waits exactly the capped exponential without jitter', () => {
    const backoff: Backoff = { baseMs: 500, capMs: 6_000, jitter: 'none' };
    expect([0, 1, 2, 3, 4, 5, 300].map((failures) => delayMs(backoff, failures, () => 0.3))).toEqual([
      500, 1_000, 2_000, 4_000, 6_000, 6_000, 6_000,
    ]);
  });

  it.each([
    ['full', 0, 8_000],
    ['equal', 4_000, 8_000],
  ] as const)('is uniform between its edges with %s jitter', (jitter, from, to) => {
    const random = makeRandom(7, 1);
    const backoff: Backoff = { baseMs: 1_000, capMs: 8_000, jitter };
    const draws = Array.from({ length: 20_000 }, () => delayMs(backoff, 5, random)).sort((a, b) => a - b);
    expect(draws[0]).toBeGreaterThanOrEqual(from);
    expect(draws.at(-1)).toBeLessThan(to);
    // Kolmogorov and Smirnov: of 20,000 draws the largest distance from the distribution stays below 1.63/√n in 99 of 100 cases.
    const distance = Math.max(
      ...draws.map((ms, i) => Math.abs((ms - from) / (to - from) - i / draws.length)),
    );
    expect(distance).toBeLessThan(1.63 / Math.sqrt(draws.length));
  });
});
