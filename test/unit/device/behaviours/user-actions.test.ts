import { describe, expect, it } from '@jest/globals';
import { checkLedger } from '../../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../../src/measure/ledger.ts';
import type { Announcement } from '../../../../src/plan/actions/action.ts';
import { withActions } from '../../../../src/plan/actions/with-actions.ts';
import type { Plan } from '../../../../src/plan/plan.ts';
import { plannedUsersAt } from '../../../../src/plan/user-activity.ts';
import { makeTestPlan, type SimulatedRun, simulate } from '../../../support/device/make-run.ts';

// 40 users in four slices, each with ten messages a second: 50 ms of think time after 50 ms until the answer.

const options = {
  devices: 40,
  slices: 4,
  stages: [
    { seconds: 4, users: 20 },
    { seconds: 6, users: 20 },
  ],
  users: { startUsers: 20, thinkTime: { kind: 'constant', ms: 50 } },
} as const;

const usersAt = (plan: Plan, second: number, count: number, k = 0) => ({
  k,
  at: plan.timeline.publishAt + second * 1_000,
  action: { kind: 'users', count },
});

async function simulateAll(plan: Plan, actions: readonly (Announcement & { k: number })[], lateMs = -500) {
  const runs: SimulatedRun[] = [];
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const announced = actions.map((action) => ({ receivedAt: action.at + lateMs, action }));
    runs.push(await simulate({ plan, slice, announced, behaviour: { publish: () => 50 } }));
  }
  const ledger = makeLedger(withActions(plan, actions));
  for (const [slice, { result }] of runs.entries()) ledger.addSlice({ ...result, slice });
  for (const action of actions) ledger.addAction(action);
  expect(checkLedger(ledger.close())).toEqual([]);
  return runs;
}

/** By second of publishing: messages sent, over all slices. */
function sentBySecond(runs: readonly SimulatedRun[]): number[] {
  const seconds: number[] = Array(10).fill(0);
  for (const { transport, plan } of runs)
    for (const { atMs } of transport.published)
      seconds[Math.floor((atMs - plan.timeline.publishAt) / 1_000)]!++;
  return seconds;
}

describe('actions on the users of a closed model', () => {
  it('make so many users active from their instant on, in all slices together', async () => {
    const plan = makeTestPlan(options);
    const actions = [usersAt(plan, 2, 40), usersAt(plan, 5, 7, 1), usersAt(plan, 8, 0, 2)];
    const runs = await simulateAll(plan, actions);
    const expected = [200, 200, 400, 400, 400, 70, 70, 70, 0, 0];
    for (const [second, sent] of sentBySecond(runs).entries())
      expect(Math.abs(sent - expected[second]!)).toBeLessThanOrEqual(second === 5 || second === 8 ? 40 : 1);
    const amended = withActions(plan, actions);
    const planned = [1, 3, 6, 9].map((second) =>
      plannedUsersAt(amended, plan.timeline.publishAt + second * 1_000),
    );
    expect(planned).toEqual([20, 40, 7, 0]);
    expect(amended.load.peakPerSecond).toBe(2 * plan.load.peakPerSecond);
    for (const { result } of runs) expect(result.outcome).toBe('completed');
  });

  it('make users active again after there were none', async () => {
    const plan = makeTestPlan(options);
    const runs = await simulateAll(plan, [usersAt(plan, 1, 0), usersAt(plan, 4, 20, 1)]);
    const seconds = sentBySecond(runs);
    expect(seconds.slice(2, 4)).toEqual([0, 0]);
    expect(seconds.slice(5)).toEqual([200, 200, 200, 200, 200]);
  });

  it('leave no message unanswered of users who are to end', async () => {
    const plan = makeTestPlan(options);
    const [run] = await simulateAll(plan, [usersAt(plan, 3.01, 1)]);
    expect(run!.result.messages).toMatchObject({ unacknowledged: 0, dropped: 0 });
  });

  it('hold from when a slice learns late of them', async () => {
    const plan = makeTestPlan(options);
    const runs = await simulateAll(plan, [usersAt(plan, 2, 40)], 1_000);
    const seconds = sentBySecond(runs);
    expect(seconds.slice(0, 3)).toEqual([200, 200, 200]);
    expect(seconds.slice(4)).toEqual([400, 400, 400, 400, 400, 400]);
    for (const { result } of runs)
      expect(result.actions?.[0]?.at).toBeCloseTo(plan.timeline.publishAt + 3_000, 1);
  });

  it('are also planned by the timeline', async () => {
    const plan = makeTestPlan({
      ...options,
      timeline: [{ atMs: 5_000, action: { kind: 'users', count: 40 } }],
    });
    const seconds = sentBySecond(await simulateAll(plan, []));
    expect(seconds).toEqual([200, 200, 200, 200, 200, 400, 400, 400, 400, 400]);
  });
});
