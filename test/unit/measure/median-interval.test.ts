import { expect, it } from '@jest/globals';
import { medianInterval } from '../../../src/measure/median-interval.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { sizeOf } from '../../support/effort.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

it.each([
  [1, { median: 1, low: 1, high: 1, confidence: 0 }],
  [2, { median: 1.5, low: 1, high: 2, confidence: 0.5 }],
  [3, { median: 2, low: 1, high: 3, confidence: 0.75 }],
  [5, { median: 3, low: 1, high: 5, confidence: 0.9375 }],
  [6, { median: 3.5, low: 1, high: 6, confidence: 0.96875 }],
  // Tables of the sign test: 2 to 9 of 10 at 97.9 %, 6 to 15 of 20 at 95.9 %.
  [10, { median: 5.5, low: 2, high: 9, confidence: 0.978515625 }],
  [20, { median: 10.5, low: 6, high: 15, confidence: 0.9586105346679688 }],
])('of %d values is what the order statistics give', (n, interval) => {
  expect(medianInterval(upTo(n).toReversed())).toEqual(interval);
});

it('holds the true median as often as it says, of a skewed distribution too', () => {
  const random = makeRandom(1, 1);
  const series = sizeOf(20_000, 5_000);
  for (const n of [3, 5, 8, 12]) {
    let held = 0;
    let confidence = 0;
    for (let i = 0; i < series; i++) {
      const interval = medianInterval(upTo(n).map(() => -Math.log(1 - random())));
      if (interval.low <= Math.LN2 && Math.LN2 <= interval.high) held++;
      ({ confidence } = interval);
    }
    // Four standard deviations.
    expect(Math.abs(held / series - confidence)).toBeLessThan(4 * Math.sqrt(0.25 / series));
  }
});
