import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { classArguments, netemArguments } from '../../../../src/plan/tc/class-arguments.ts';
import { changeNetwork, parseBandwidth } from '../../../../src/profile/network-conditions.ts';
import type { NetworkConditions } from '../../../../src/profile/network-presets.ts';
import type { ThinkTime } from '../../../../src/profile/time-distribution.ts';
import { randomCases } from '../../../support/effort.ts';

const textOf = (conditions: NetworkConditions) => netemArguments(conditions).join(' ');

/** The value after a word. */
const valueAfter = (words: readonly string[], word: string, places = 1) =>
  words[words.indexOf(word) + places]!;
const msOf = (text: string) => Number(/^(\d+)us$/.exec(text)![1]) / 1_000;
const shareOf = (text: string) => Number(/^([\d.]+)%$/.exec(text)![1]) / 100;

const shares = fc.double({ min: 0, max: 1, noNaN: true });
const times = fc.double({ min: 0, max: 60_000, noNaN: true });
const delays: fc.Arbitrary<ThinkTime> = fc.oneof(
  times.map((ms) => ({ kind: 'constant' as const, ms })),
  fc.tuple(times, times).map(([a, b]) => ({
    kind: 'uniform' as const,
    minMs: Math.min(a, b),
    maxMs: Math.max(a, b),
  })),
  times.map((meanMs) => ({ kind: 'exponential' as const, meanMs })),
  fc.tuple(times, times).map(([meanMs, sdMs]) => ({ kind: 'normal' as const, meanMs, sdMs })),
);

describe('arguments of netem', () => {
  it.each<[NetworkConditions, string]>([
    [{}, 'delay 0us 0us 0% loss random 0% corrupt 0%'],
    [{ delay: { kind: 'constant', ms: 150 } }, 'delay 150000us 0us 0% loss random 0% corrupt 0%'],
    [
      { delay: { kind: 'uniform', minMs: 40, maxMs: 80 }, correlation: 0.25 },
      'delay 60000us 20000us 25% distribution uniform loss random 0% corrupt 0%',
    ],
    [
      { delay: { kind: 'exponential', meanMs: 25 }, loss: 0.03 },
      'delay 25000us 50000us 0% distribution exponential loss random 3% corrupt 0%',
    ],
    [
      { delay: { kind: 'normal', meanMs: 100, sdMs: 20 }, corrupt: 0.0001 },
      'delay 100000us 20000us 0% distribution normal loss random 0% corrupt 0.01%',
    ],
  ])('of %j', (conditions, words) => {
    expect(textOf(conditions)).toBe(`netem limit 10000 ${words}`);
  });

  it('name every setting of any network, in the units of tc', () => {
    fc.assert(
      fc.property(delays, shares, shares, shares, (delay, correlation, loss, corrupt) => {
        const words = netemArguments({ delay, correlation, loss, corrupt });
        expect(shareOf(valueAfter(words, 'random'))).toBeCloseTo(loss, 7);
        expect(shareOf(valueAfter(words, 'corrupt'))).toBeCloseTo(corrupt, 7);
        const [meanMs, jitterMs] = [msOf(valueAfter(words, 'delay')), msOf(valueAfter(words, 'delay', 2))];
        const spread = { constant: 0, uniform: 1, exponential: 0.5, normal: 1 }[delay.kind] * jitterMs;
        const real = {
          constant: () => [meanMs, 0],
          uniform: () => [meanMs - spread, meanMs + spread],
          exponential: () => [meanMs, spread],
          normal: () => [meanMs, spread],
        }[delay.kind]();
        const [first, second] = Object.values(delay).filter((value) => typeof value === 'number');
        // A microsecond of rounding each, and a mean of 0 that tc refuses.
        expect(Math.abs(real[0]! - first!)).toBeLessThanOrEqual(0.0021);
        expect(
          Math.abs(real[1]! - (second ?? (delay.kind === 'exponential' ? first! : 0))),
        ).toBeLessThanOrEqual(0.0021);
        // What tc refuses: a distribution without a mean or a spread.
        expect(words.includes('distribution')).toBe(jitterMs > 0);
        if (jitterMs > 0) {
          expect(meanMs).toBeGreaterThan(0);
          expect(shareOf(valueAfter(words, 'delay', 3))).toBeCloseTo(correlation, 7);
        }
      }),
      randomCases(100),
    );
  });
});

describe('arguments of a class', () => {
  it.each<[NetworkConditions, 'up' | 'down', string]>([
    [{}, 'up', 'rate 32gbit burst 4000000 cburst 4000000'],
    [{ bandwidth: { up: 62_500 } }, 'up', 'rate 62500bit burst 1514 cburst 1514'],
    [{ bandwidth: { up: 62_500 } }, 'down', 'rate 32gbit burst 4000000 cburst 4000000'],
    [{ bandwidth: { up: 1, down: 1e9 } }, 'down', 'rate 1000000000bit burst 125000 cburst 125000'],
  ])('of %j, %s', (conditions, way, words) => {
    expect(classArguments(conditions, way).join(' ')).toBe(`htb ${words} quantum 1514`);
  });

  it.each(['bit', 'kbit', 'mbit', 'gbit'])('have the rate of a profile in %s, in bits', (unit) => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), (amount) => {
        const bandwidth = `${amount}${unit}`;
        const words = classArguments(changeNetwork({}, { bandwidth }), 'down');
        expect(valueAfter(words, 'rate')).toBe(`${parseBandwidth(bandwidth)}bit`);
        // No packet is larger than what the class may send at once.
        expect(Number(valueAfter(words, 'burst'))).toBeGreaterThanOrEqual(1_514);
      }),
      randomCases(100),
    );
  });
});
