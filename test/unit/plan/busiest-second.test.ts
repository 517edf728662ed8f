import { describe, expect, it } from '@jest/globals';
import { randomExcess } from '../../../src/plan/busiest-second.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { varianceOfJitter } from '../../../src/plan/schedules/jitter.ts';
import { streamsOf } from '../../../src/plan/streams.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';

function draftOf(profile: object) {
  return draftPlan({ profile: parseLoadProfile(profile), runId: 'r', now: 0 }).plan;
}

function countsOf(plan: ReturnType<typeof draftOf>): number[] {
  const { publishAt, publishEndAt } = plan.timeline;
  const counts = new Array<number>(Math.ceil((publishEndAt - publishAt) / 1_000)).fill(0);
  for (let slice = 0; slice < plan.slices.count; slice++) {
    for (const { messages, offsetMs } of streamsOf(plan, slice))
      for (let n = 0; n < messages; n++)
        counts[Math.min(counts.length - 1, Math.floor(offsetMs!(n) / 1_000))]!++;
  }
  return counts;
}

function excessOf(profile: object): number {
  return randomExcess(groupsOf(draftOf(profile)).map((group) => group.profile));
}

describe('the busiest second', () => {
  it.each([
    ['500ms', 0.5 / 3],
    ['1s', 1 / 3],
    ['4s', 1 - 1 / 4 + 1 / 48],
  ])('of a jitter of %s has the variance of its counts', (jitter, variance) => {
    const plan = draftOf({ devices: 1_000, everySeconds: 10, duration: '1000s', jitter });
    const counts = countsOf(plan).slice(10, -10);
    const measured = counts.reduce((sum, count) => sum + (count - 100) ** 2, 0) / counts.length / 100;
    expect(varianceOfJitter(Number.parseFloat(jitter) / (jitter.endsWith('ms') ? 1_000 : 1))).toBeCloseTo(
      variance,
      12,
    );
    // The variance of a sample of n has a standard deviation of √(2/n) of its own.
    expect(Math.abs(measured / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / counts.length));
  });

  it('is above the rate with jitter, and the busiest that is sent is below it', () => {
    const profile = { devices: 1_000, everySeconds: 10, duration: '600s', jitter: '10s' };
    const plan = draftOf(profile);
    const most = Math.max(...countsOf(plan));
    expect(most).toBeGreaterThan(110);
    expect(most).toBeLessThanOrEqual(plan.load.peakPerSecond + excessOf(profile));
  });

  it('of bursts at random is as many times farther from their rate as messages of one come into it', () => {
    const load = { devices: 100, together: true, jitter: '30s', duration: '300s' };
    const burst = { spacing: '10ms', everySeconds: 60 };
    const two = excessOf({ ...load, burst: { ...burst, count: 2 } });
    const eight = excessOf({ ...load, burst: { ...burst, count: 8 } });
    // λ is four times as large, and so is the number that comes at once.
    expect(eight / two).toBeGreaterThan(3.9);
    expect(eight / two).toBeLessThan(4.1);
  });
});
