import { describe, expect, it } from '@jest/globals';
import { netemArguments } from '../../../../src/plan/tc/class-arguments.ts';
import { type DelayTable, delayTable, delayTables } from '../../../../src/plan/tc/delay-tables.ts';
import type { RandomTime } from '../../../../src/profile/time-distribution.ts';

/** Every delay that netem draws, as `tabledist` of sch_netem.c computes it, milliseconds, in order. */
function delaysOf(delay: RandomTime): number[] {
  const [, , , , mean = '', jitter = ''] = netemArguments({ delay });
  const [mu, sigma] = [Number.parseInt(mean, 10), Number.parseInt(jitter, 10)];
  return delayTable(delay.kind as DelayTable)
    .map((t) => (mu + (sigma * t) / 8_192) / 1_000)
    .toSorted((a, b) => a - b);
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const quantile = (values: readonly number[], share: number) => values[Math.floor(share * values.length)]!;

describe('tables of delays', () => {
  it('give a uniform delay', () => {
    const delays = delaysOf({ kind: 'uniform', minMs: 40, maxMs: 80 });
    expect(delays[0]).toBeCloseTo(40, 1);
    expect(delays.at(-1)).toBeCloseTo(80, 1);
    for (const share of [0.1, 0.5, 0.9]) expect(quantile(delays, share)).toBeCloseTo(40 + 40 * share, 1);
  });

  it('give an exponential delay, to nine times its mean', () => {
    const delays = delaysOf({ kind: 'exponential', meanMs: 100 });
    expect(meanOf(delays)).toBeCloseTo(100, 0);
    expect(delays[0]).toBeGreaterThanOrEqual(0);
    expect(delays.at(-1)).toBeCloseTo(900, 0);
    for (const share of [0.1, 0.5, 0.9, 0.99])
      expect(quantile(delays, share) / (-100 * Math.log(1 - share))).toBeCloseTo(1, 1);
  });

  it('give a normal delay', () => {
    const delays = delaysOf({ kind: 'normal', meanMs: 100, sdMs: 20 });
    const mean = meanOf(delays);
    expect(mean).toBeCloseTo(100, 1);
    expect(Math.sqrt(meanOf(delays.map((ms) => (ms - mean) ** 2)))).toBeCloseTo(20, 1);
    // 1.2816 standard deviations: a tenth is above.
    expect(quantile(delays, 0.9)).toBeCloseTo(125.63, 1);
  });

  it('are files as tc reads them: whole numbers of 16 bits', () => {
    for (const text of Object.values(delayTables())) {
      const values = text.trim().split(/\s+/).map(Number);
      expect(values).toHaveLength(4_096);
      expect(values.every((value) => Number.isInteger(value) && Math.abs(value) <= 32_768)).toBe(true);
    }
  });
});
