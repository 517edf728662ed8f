import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from '../../../../src/embedded/iot-core/token-bucket.ts';
import { randomCases } from '../../../support/effort.ts';

const ratesAndBursts = [
  fc.integer({ min: 1, max: 50_000 }),
  fc.double({ min: 0.01, max: 3, noNaN: true }),
] as const;

describe('TokenBucket', () => {
  it('grants at most rate · (T + burst) over any interval of T seconds, and at least rate · T to a flood', () => {
    fc.assert(
      fc.property(
        ...ratesAndBursts,
        fc.array(fc.record({ gapMs: fc.nat(300), takes: fc.nat(2_000) }), { minLength: 1, maxLength: 50 }),
        (rate, burst, steps) => {
          const bucket = new TokenBucket(rate, burst);
          const capacity = Math.max(1, rate * burst);
          let now = 1_700_000_000_000;
          const granted: { readonly at: number; readonly count: number }[] = [];
          for (const { gapMs, takes } of steps) {
            now += gapMs;
            let count = 0;
            for (let i = 0; i < takes; i++) if (bucket.take(now)) count++;
            granted.push({ at: now, count });
          }
          for (let from = 0; from < granted.length; from++) {
            let sum = 0;
            for (let to = from; to < granted.length; to++) {
              sum += granted[to]!.count;
              const seconds = (granted[to]!.at - granted[from]!.at) / 1000;
              expect(sum).toBeLessThanOrEqual(rate * seconds + capacity + 1e-6);
            }
          }
        },
      ),
      randomCases(50),
    );
  });

  it('never refuses a load of exactly its rate for a jitter within its burst', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 900, noNaN: true }), { minLength: 2_000, maxLength: 2_000 }),
        (jitter) => {
          const rate = 1_000;
          const bucket = new TokenBucket(rate, 1);
          const arrivals = jitter.map((lateMs, i) => 1e12 + i + lateMs).sort((a, b) => a - b);
          expect(arrivals.every((at) => bucket.take(at))).toBe(true);
        },
      ),
      randomCases(50),
    );
  });

  it('refuses exactly what is past the rate once the burst is used up', () => {
    const bucket = new TokenBucket(100, 1);
    let granted = 0;
    for (let ms = 0; ms < 10_000; ms++) for (let i = 0; i < 5; i++) if (bucket.take(1e12 + ms)) granted++;
    expect(granted).toBe(100 + 999);
  });
});
