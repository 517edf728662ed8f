import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spawnStages } from '../../../../src/profile/load-shapes/user-stages.ts';
import { randomCases } from '../../../support/effort.ts';

const stage = fc.record({
  durationMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60_000 })),
  targetUsers: fc.integer({ min: 0, max: 2_000 }),
});

describe('the stages of users who are spawned at a rate', () => {
  it('are as they were asked for without a rate', () => {
    const stages = [
      { durationMs: 0, targetUsers: 5 },
      { durationMs: 1_000, targetUsers: 5 },
    ];
    expect(spawnStages(0, stages)).toEqual(stages);
  });

  it('rise to a jump at the rate, and fall at it', () => {
    const stages = [
      { durationMs: 0, targetUsers: 500 },
      { durationMs: 20_000, targetUsers: 500 },
      { durationMs: 0, targetUsers: 100 },
      { durationMs: 10_000, targetUsers: 100 },
    ];
    expect(spawnStages(0, stages, 100)).toEqual([
      { durationMs: 5_000, targetUsers: 500 },
      { durationMs: 15_000, targetUsers: 500 },
      { durationMs: 4_000, targetUsers: 100 },
      { durationMs: 6_000, targetUsers: 100 },
    ]);
  });

  it('follow a line that is too steep as far as they come, then meet the next one', () => {
    const stages = [
      { durationMs: 1_000, targetUsers: 50 },
      { durationMs: 10_000, targetUsers: 0 },
    ];
    // 10 users after a second; 50 − 5t = 10 + 10t after 2.67 s more.
    expect(spawnStages(0, stages, 10)).toEqual([
      { durationMs: 1_000, targetUsers: 10 },
      { durationMs: 2_667, targetUsers: 36.665 },
      { durationMs: 7_333, targetUsers: 0 },
    ]);
  });

  it('keep their length, stay within the targets and move no faster than the rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 500 }),
        fc.array(stage, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0.1, max: 1_000, noNaN: true }),
        (startUsers, stages, spawnPerSecond) => {
          const resolved = spawnStages(startUsers, stages, spawnPerSecond);
          const lengthOf = (all: typeof stages) => all.reduce((sum, { durationMs }) => sum + durationMs, 0);
          expect(lengthOf(resolved)).toBe(lengthOf(stages));
          const most = Math.max(startUsers, ...stages.map(({ targetUsers }) => targetUsers));
          let users = startUsers;
          for (const { durationMs, targetUsers } of resolved) {
            expect(durationMs).toBeGreaterThan(0);
            expect(targetUsers).toBeGreaterThanOrEqual(-1e-6);
            expect(targetUsers).toBeLessThanOrEqual(most + 1e-6);
            // Where they meet is rounded to a millisecond.
            const mostMoved = (spawnPerSecond * (durationMs + 1)) / 1_000;
            expect(Math.abs(targetUsers - users)).toBeLessThanOrEqual(mostMoved + 1e-3 + slack(stages));
            users = targetUsers;
          }
        },
      ),
      randomCases(),
    );
  });
});

/** The steepest line over half a millisecond: by as much a rounded meeting may be off. */
function slack(stages: readonly { durationMs: number; targetUsers: number }[]): number {
  let before = 0;
  const slopes = stages.map(({ durationMs, targetUsers }) => {
    const slope = durationMs === 0 ? 0 : Math.abs(targetUsers - before) / durationMs;
    before = targetUsers;
    return slope;
  });
  return Math.max(...slopes);
}
