import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemorySeries, RunMemory } from '../../../src/measure/memory-series.ts';
import { randomCases } from '../../support/effort.ts';

const start = 1_800_000_000;
const megabyte = 1_048_576;

describe('memory by time', () => {
  it('is the mean of each ten seconds', () => {
    const series = new MemorySeries();
    expect(series.encode()).toBeUndefined();
    for (let second = 5; second < 15; second++) series.add(start + second, second * megabyte);
    series.add(start + 31, 40 * megabyte);
    expect(series.encode()).toEqual({
      startSecond: start,
      secondsPerStep: 10,
      kilobytes: [7 * 1_024, 12 * 1_024, null, 40 * 1_024],
    });
  });

  it('has at most 180 values however long it is, and the same mean', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40_000 }), (seconds) => {
        const series = new MemorySeries();
        for (let second = 0; second < seconds; second += 7) series.add(start + second, megabyte);
        const { kilobytes, secondsPerStep, startSecond } = series.encode()!;
        expect(kilobytes.length).toBeLessThanOrEqual(181);
        expect(startSecond % secondsPerStep).toBe(0);
        expect(kilobytes.every((each) => each === null || each === 1_024)).toBe(true);
        expect(startSecond + kilobytes.length * secondsPerStep).toBeGreaterThan(start + seconds - 7);
      }),
      randomCases(30),
    );
  });

  it('of a run is the mean over the processes that ran, whatever their order', () => {
    const run = new RunMemory({ from: start, until: start + 3_600 });
    run.add({ startSecond: start, secondsPerStep: 10, kilobytes: [100, 200, null] });
    run.add(undefined);
    run.add({ startSecond: start + 10, secondsPerStep: 10, kilobytes: [400, 500] });
    // Before the run, and after it.
    run.add({ startSecond: start - 20, secondsPerStep: 10, kilobytes: [9, 9] });
    run.add({ startSecond: start + 3_600, secondsPerStep: 10, kilobytes: [9] });
    expect(run.meanBetween(start, start + 10)).toBe(100 * 1_024);
    expect(run.meanBetween(start + 10, start + 20)).toBe(300 * 1_024);
    expect(run.meanBetween(start, start + 30)).toBe(300 * 1_024);
    expect(run.meanBetween(start + 30, start + 3_600)).toBeNull();
  });

  it('of a run of days is a bounded number of values, which legs of a few minutes fill', () => {
    const days = 30 * 86_400;
    const run = new RunMemory({ from: start, until: start + days });
    for (let leg = 0; leg < days; leg += 720) {
      const kilobytes = Array.from({ length: 72 }, () => 1_000 + Math.round(leg / 720));
      run.add({ startSecond: start + leg, secondsPerStep: 10, kilobytes });
    }
    const byDay = Array.from({ length: 30 }, (_, day) =>
      run.meanBetween(start + day * 86_400, start + (day + 1) * 86_400),
    );
    expect(byDay.every((mean, i) => i === 0 || mean! > byDay[i - 1]!)).toBe(true);
    expect(byDay[29]! / 1_024).toBeCloseTo(1_000 + 29.5 * 120, -2);
  });
});
