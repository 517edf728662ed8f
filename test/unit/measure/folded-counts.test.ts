import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FoldedCounts } from '../../../src/measure/folded-counts.ts';
import { bookStepsOf, countSteps } from '../../../src/plan/book-steps.ts';
import { randomCases } from '../../support/effort.ts';

const from = 1_790_000_000;
const hour = 3_600;

/** What one leg of a slice, or an hour of a run, counted. */
interface Part {
  readonly start: number;
  readonly counts: readonly number[];
}

/** Each second by itself, of the whole run. */
function bruteForce(parts: readonly Part[], seconds: number): number[] {
  const counts = new Array<number>(seconds).fill(0);
  for (const part of parts)
    for (const [i, count] of part.counts.entries()) {
      const second = part.start + i;
      if (second >= 0 && second < seconds) counts[second]! += count;
    }
  return counts;
}

function folded(parts: readonly Part[], seconds: number, secondsPerStep: number): FoldedCounts {
  const series = new FoldedCounts({ from, until: from + seconds, secondsPerStep });
  for (const { start, counts } of parts) series.add(from + start, counts);
  return series;
}

function bySteps(counts: readonly number[], secondsPerStep: number, join: (part: number[]) => number) {
  return Array.from({ length: Math.ceil(counts.length / secondsPerStep) }, (_, step) =>
    join(counts.slice(step * secondsPerStep, (step + 1) * secondsPerStep)),
  );
}

const sum = (part: readonly number[]) => part.reduce((total, count) => total + count, 0);
const most = (part: readonly number[]) => part.reduce((highest, count) => Math.max(highest, count), 0);

const parts = (seconds: number) =>
  fc.array(
    fc.record({
      start: fc.integer({ min: -20, max: seconds + 20 }),
      counts: fc.array(fc.constantFrom(0, 0, 1, 3, 50, 2_000), { minLength: 1, maxLength: 60 }),
    }),
    { maxLength: 30 },
  );

describe('counts by step', () => {
  it('have exact sums in any order, and exact peaks in the order of time', () => {
    const seconds = 12_000;
    fc.assert(
      fc.property(parts(seconds), fc.integer({ min: 1, max: 400 }), (list, secondsPerStep) => {
        const counts = bruteForce(list, seconds);
        const inOrder = folded(
          list.toSorted((a, b) => a.start - b.start),
          seconds,
          secondsPerStep,
        );
        expect(Array.from(inOrder.sums())).toEqual(bySteps(counts, secondsPerStep, sum));
        expect(Array.from(inOrder.peaks())).toEqual(bySteps(counts, secondsPerStep, most));
        expect(inOrder.most()).toBe(most(counts));
        expect(inOrder.hasBounds).toBe(false);

        const anyOrder = folded(list, seconds, secondsPerStep);
        expect(Array.from(anyOrder.sums())).toEqual(bySteps(counts, secondsPerStep, sum));
        const exact = bySteps(counts, secondsPerStep, most);
        const sums = anyOrder.sums();
        const isPossible = (peak: number, step: number) =>
          anyOrder.hasBounds ? peak >= exact[step]! && peak <= sums[step]! : peak === exact[step];
        expect(Array.from(anyOrder.peaks()).every(isPossible)).toBe(true);
      }),
      randomCases(),
    );
  });

  it('add up what comes within two hours to the second, in any order', () => {
    const legs = Array.from({ length: 40 }, (_, leg) => leg * 720);
    // Each leg's slices come one after the other, from the last to the first, and a leg goes on while the next one begins.
    const list = legs.flatMap((start) =>
      [2, 1, 0].map((slice) => ({
        start,
        counts: Array.from({ length: 760 }, (_, i) => (i * (slice + 1)) % 97),
      })),
    );
    const seconds = 30_000;
    const series = folded(list, seconds, 5);
    expect(Array.from(series.peaks())).toEqual(bySteps(bruteForce(list, seconds), 5, most));
    expect(series.hasBounds).toBe(false);
  });

  it('say that a peak is a bound where a count comes for a second that was folded', () => {
    const series = folded(
      [
        { start: 10, counts: [5, 9] },
        { start: 4 * hour, counts: [1] },
        { start: 10, counts: [4, 1] },
      ],
      5 * hour,
      3,
    );
    expect(series.hasBounds).toBe(true);
    // Seconds 9 to 11 are one step: 9 and 10 are the true seconds, and 9 + 4 is the most that a second can have had.
    expect(series.peaks()[3]).toBe(13);
    expect(series.sums()[3]).toBe(19);
    expect([10, 11].map((second) => series.at(from + second))).toEqual([13, 13]);
    expect(series.at(from + 4 * hour)).toBe(1);
    expect([-1, 5 * hour, Number.NaN].map((second) => series.at(from + second))).toEqual([0, 0, 0]);
  });
});

/** @param publishSeconds how long a run publishes */
function stepsOfRun(publishSeconds: number) {
  const createdAt = from * 1_000;
  const startAt = createdAt + 6_000;
  const publishAt = startAt + 40_000;
  const publishEndAt = publishAt + publishSeconds * 1_000;
  const drainEndAt = publishEndAt + 30_000;
  const timeline = {
    createdAt,
    startAt,
    publishAt,
    publishEndAt,
    drainEndAt,
    deadlineAt: drainEndAt + 5_000,
  };
  return bookStepsOf({ timeline });
}

describe('the steps of a run', () => {
  it('are seconds up to two hours, and never more than a stored report may have', () => {
    const secondsOf = (hours: number) => stepsOfRun(hours * hour).secondsPerStep;
    expect([1 / 60, 1, 2, 2 + 1 / hour, 24, 72, 30 * 24].map(secondsOf)).toEqual([1, 1, 1, 2, 12, 36, 360]);
    for (const hours of [1, 2, 3, 72, 720])
      expect(countSteps(stepsOfRun(hours * hour))).toBeLessThanOrEqual(9_600);
    // Of a run that connects for longer than it publishes.
    const timeline = {
      createdAt: 0,
      startAt: 0,
      publishAt: 86_400_000,
      publishEndAt: 86_401_000,
      drainEndAt: 86_403_000,
      deadlineAt: 86_403_000,
    };
    expect(countSteps(bookStepsOf({ timeline }))).toBeLessThanOrEqual(9_600);
  });
});
