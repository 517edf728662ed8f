import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findHighestRate } from '../../../scripts/bench/highest-rate.ts';
import { randomCases } from '../../support/effort.ts';

describe('the search for the highest rate that is held', () => {
  it('ends within 4 % below it, wherever it begins', async () => {
    const rates = fc.integer({ min: 1_000, max: 200_000 });
    await fc.assert(
      fc.asyncProperty(rates, fc.integer({ min: 1_000, max: 16_000 }), async (highest, from) => {
        const tried: number[] = [];
        const { ratePerSecond, report } = await findHighestRate(from, async (rate) => {
          tried.push(rate);
          return { isHeld: rate <= highest, report: rate };
        });
        expect(report).toBe(ratePerSecond);
        expect(ratePerSecond).toBeLessThanOrEqual(highest);
        expect(ratePerSecond * 1.05 + 2).toBeGreaterThan(highest);
        expect(tried.length).toBeLessThan(40);
      }),
      randomCases(),
    );
  });

  it('does not go beyond what may be asked for', async () => {
    const tried: number[] = [];
    const found = await findHighestRate(
      16_000,
      async (rate) => {
        tried.push(rate);
        return { isHeld: true, report: rate };
      },
      22_000,
    );
    expect(found.ratePerSecond).toBe(22_000);
    expect(tried).toEqual([16_000, 20_000, 22_000]);
  });

  it('gives up where nothing is held', async () => {
    const tried: number[] = [];
    const found = await findHighestRate(16_000, async (rate) => {
      tried.push(rate);
      return { isHeld: false, report: rate };
    });
    expect(found).toEqual({ ratePerSecond: 0, report: undefined });
    expect(tried).toEqual([16_000, 8_000, 4_000, 2_000, 1_000]);
  });
});
