import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import {
  makeUserActivity,
  mostPlannedUsers,
  plannedUsersAt,
  userStretchesOf,
} from '../../../src/plan/user-activity.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { randomCases } from '../../support/effort.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

function planOf(
  stages: readonly { seconds: number; users: number }[],
  startUsers: number,
  slices: number,
): Plan {
  const most = Math.max(startUsers, ...stages.map(({ users }) => users));
  return makePlan({
    runId: 'r',
    now: 0,
    profile: parseLoadProfile({
      users: startUsers,
      thinkTime: '1s',
      stages: stages.map(({ seconds, users }) => ({ duration: `${seconds}s`, target: users })),
      slices: { devicesPerSlice: Math.ceil(most / Math.min(slices, most)) },
    }),
  });
}

const shapes = fc
  .record({
    startUsers: fc.integer({ min: 0, max: 60 }),
    stages: fc.array(
      fc.record({ seconds: fc.integer({ min: 0, max: 30 }), users: fc.integer({ min: 0, max: 60 }) }),
      { minLength: 1, maxLength: 6 },
    ),
    slices: fc.integer({ min: 1, max: 7 }),
  })
  .filter(
    ({ startUsers, stages }) =>
      stages.some(({ seconds }) => seconds > 0) &&
      userStretchesOf(onlyGroupOf(planOf([{ seconds: 1, users: 1 }, ...stages], startUsers, 1)).profile).some(
        ({ startUsers: from, endUsers }) => from + endUsers > 0,
      ) &&
      Math.max(startUsers, ...stages.map(({ users }) => users)) > 0,
  );

describe('the users of a plan', () => {
  it('are undefined where no group has any', () => {
    const profile = parseLoadProfile({ devices: 3, ratePerSecond: 1, duration: '10s' });
    const plan = makePlan({ runId: 'r', now: 0, profile });
    expect(userStretchesOf(profile)).toEqual([]);
    expect([plannedUsersAt(plan, plan.timeline.publishAt), mostPlannedUsers(plan)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('are as many as the stages say, over all slices together', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ startUsers, stages, slices }, at) => {
          const plan = planOf([...stages, { seconds: 1, users: 1 }], startUsers, slices);
          const stretches = userStretchesOf(onlyGroupOf(plan).profile);
          const atMs = at * (stretches.at(-1)!.toMs - 1);
          const { fromMs, toMs, startUsers: from, endUsers } = stretches.find((each) => each.toMs > atMs)!;
          const users = from + ((endUsers - from) * (atMs - fromMs)) / (toMs - fromMs);
          let active = 0;
          for (let slice = 0; slice < plan.slices.count; slice++) {
            const share = sliceOf(plan, slice);
            const { activeFrom, activeUntil } = makeUserActivity(share);
            for (let device = 0; device < share.devices; device++) {
              const next = activeFrom(device, atMs);
              expect(next).toBeGreaterThanOrEqual(atMs);
              if (next === Number.POSITIVE_INFINITY) continue;
              if (next === atMs) active++;
              // It ends later, and is not active at its end unless it begins there again.
              const end = activeUntil(device, next);
              expect(end).toBeGreaterThan(next);
              expect(activeFrom(device, end)).toBeGreaterThanOrEqual(end);
            }
          }
          // ⌈U⌉, and one more or less where a user begins or ends at that instant.
          expect(Math.abs(active - users)).toBeLessThanOrEqual(1 + 1e-6);
        },
      ),
      randomCases(60),
    );
  });

  it('begin in turns over the slices', () => {
    const plan = planOf([{ seconds: 10, users: 7 }], 0, 3);
    const begins = Array.from({ length: plan.slices.count }, (_, slice) => {
      const share = sliceOf(plan, slice);
      const { activeFrom } = makeUserActivity(share);
      return Array.from({ length: share.devices }, (_, device) =>
        Math.round((activeFrom(device, 0) * 7) / 10_000),
      );
    });
    expect(begins.flat().toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const ranks of begins) expect(Math.min(...ranks)).toBeLessThan(3);
  });
});
