import { describe, expect, it } from '@jest/globals';
import { ServerPool } from '../../../src/embedded/iot-core/rules/server-pool.ts';
import { withActions } from '../../../src/plan/actions/with-actions.ts';
import { decideNext, isAnswer } from '../../../src/plan/search/decide-next.ts';
import type { JudgedHold, SearchStep } from '../../../src/plan/search/judged-hold.ts';
import { actionsOfStep } from '../../../src/plan/search/step-actions.ts';
import type { CapacitySearch } from '../../../src/profile/search.ts';
import { makeRandom, type Random } from '../../../src/shared/random.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { meanResponse, mostUsersWithin } from '../../support/queueing/closed-mmc.ts';
import { withSearch } from '../../support/search/search-plan.ts';
import { judgeSearched, runSearched, stepOf } from '../../support/search/searched-run.ts';

// A search of users in virtual time: slices of the closed model follow the actions of each step, and answers come from c servers. Each
// hold is judged from what the slices recorded.

const service = { servers: 10, meanService: 50, meanThink: 1_000 };
const atMost = 200;
const holdFrom = 5;
const holdSeconds = 16;
const search: CapacitySearch = {
  kind: 'capacity',
  of: 'users',
  from: 50,
  to: 400,
  method: 'ramp-then-bisect',
  settleMs: 4_000,
  holdMs: holdSeconds * 1_000,
  precision: 0.05,
  confirm: 1,
};

/** Holds so many users, and judges it. @param lateMs how long after the instants of its actions the slice learns of them */
async function hold(level: number, step: number, random: Random, lateMs = -500): Promise<JudgedHold> {
  const planned = withSearch(
    makeTestPlan({
      devices: search.to,
      connect: { ratePerSecond: 1_000 },
      publish: { ackTimeoutMs: 5_000 },
      stages: [{ seconds: holdFrom + holdSeconds + 3, users: search.from }],
      users: { startUsers: search.from, thinkTime: { kind: 'exponential', meanMs: service.meanThink } },
      drainMs: 5_000,
    }),
    search,
  );
  const held: SearchStep = {
    ...stepOf(planned, holdFrom, holdFrom + holdSeconds, step, level),
    at: planned.timeline.publishAt + 1_000,
  };
  const actions = actionsOfStep(search, held).map((action, k) => ({ ...action, k }));
  const plan = withActions(
    {
      ...planned,
      profile: {
        ...planned.profile,
        thresholds: {
          puback_round_trip: [{ expression: `avg<${atMost}`, abortOnFail: false, delayAbortEvalMs: 0 }],
        },
      },
    },
    actions,
  );
  const pool = new ServerPool();
  const run = await runSearched(planned, {
    behaviour: {
      publish(_device, _n, nowMs) {
        const serviceMs = -service.meanService * Math.log(1 - random());
        return pool.serve(nowMs, serviceMs, service.servers) + serviceMs - nowMs;
      },
    },
    announced: actions.map((action) => ({ receivedAt: action.at + lateMs, action })),
  });
  return judgeSearched(plan, run, held);
}

describe('the holds of users who wait for 10 servers', () => {
  it('end at the knee that M/M/c//N has, and their mean answers follow the formula', async () => {
    const random = makeRandom(5, 1);
    const judged: JudgedHold[] = [];
    let next = decideNext(search, judged);
    while (!isAnswer(next)) {
      judged.push({ ...(await hold(next.level, judged.length, random)), ...next });
      next = decideNext(search, judged);
    }
    const knee = mostUsersWithin(service, atMost);
    expect(next.ended).toBe('found');
    expect(Math.abs(next.holds! / knee - 1)).toBeLessThan(0.05);
    expect(next.breaks!).toBeLessThan(1.05 * next.holds! + 1);
    for (const { level, outcome, figures } of judged) {
      expect(outcome).not.toBe('void');
      const rounds = meanResponse({ ...service, users: level }) + service.meanThink;
      expect(Math.abs((figures.acked * rounds) / (level * holdSeconds * 1_000) - 1)).toBeLessThan(0.04);
    }
  });

  it('are void where a slice had another level in a part of them', async () => {
    const late = await hold(100, 0, makeRandom(5, 1), 4_500);
    expect(late.outcome).toBe('void');
    expect(late.voidBecause).toMatchObject([
      { kind: 'generator', sentence: expect.stringMatching(/^Slices followed the step late: 100 %/) },
    ]);
    expect((await hold(100, 0, makeRandom(5, 1), 2_000)).outcome).toBe('passed');
  });
});
