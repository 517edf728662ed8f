import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AccountQuotas } from '../../../src/embedded/iot-core/account-quotas.ts';
import { withActions } from '../../../src/plan/actions/with-actions.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeReconnectTurns } from '../../../src/plan/reconnect-turns.ts';
import { decideNext, isAnswer } from '../../../src/plan/search/decide-next.ts';
import type { JudgedHold, SearchStep } from '../../../src/plan/search/judged-hold.ts';
import { holdLevel } from '../../../src/plan/search/searched-profile.ts';
import { actionsOfStep } from '../../../src/plan/search/step-actions.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import type { LoadProfile } from '../../../src/profile/load-profile.ts';
import type { CapacitySearch } from '../../../src/profile/search.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { makeTestPlan, simulate } from '../../support/device/make-run.ts';
import { randomCases } from '../../support/effort.ts';
import { withSearch } from '../../support/search/search-plan.ts';
import { judgeSearched, runSearched, stepOf } from '../../support/search/searched-run.ts';

// Devices that connect again in virtual time: when they do is held to the plan and its actions by what the service saw, and a search of
// connects finds the quota of an embedded account.

const search: CapacitySearch = {
  kind: 'capacity',
  of: 'connects',
  from: 20,
  to: 160,
  method: 'ramp-then-bisect',
  settleMs: 2_000,
  holdMs: 20_000,
  precision: 0.05,
  confirm: 1,
};

function connectingPlan(seconds: number, slices = 1, devices = 2 * search.to): Plan {
  const plan = withSearch(makeTestPlan({ devices, slices, seconds, connectMs: 5_000 }), search);
  const profile = holdLevel(plan.profile as LoadProfile, search.from, seconds * 1_000);
  const connecting: LoadProfile = { ...profile, connect: { ...profile.connect, ratePerSecond: 70 } };
  return { ...plan, profile: connecting, load: { messages: 0, peakPerSecond: 0 } };
}

describe('devices that connect again', () => {
  it('do so at the instants that the plan and its actions say, each device in its turn', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            second: fc.double({ min: 0.1, max: 9, noNaN: true }),
            perSecond: fc.constantFrom(0, 3, 10, 55.5),
          }),
          { maxLength: 4 },
        ),
        fc.integer({ min: 1, max: 3 }),
        async (changes, slices) => {
          const plan = connectingPlan(10, slices, 120);
          const { publishAt, publishEndAt } = plan.timeline;
          const actions = changes.map(({ second, perSecond }, k) => ({
            k,
            at: publishAt + Math.round(second * 1_000),
            action: { kind: 'connects', perSecond },
          }));
          const amended = withActions(plan, actions);
          let turns = 0;
          for (let slice = 0; slice < slices; slice++) {
            const announced = actions.map((action) => ({ receivedAt: action.at - 50, action }));
            const { transport } = await simulate({ plan, slice, announced });
            const { count, offsetMs, deviceOf } = makeReconnectTurns(sliceOf(amended, slice));
            const ended = transport.disconnects.filter(({ atMs }) => atMs < publishEndAt);
            expect(ended.map(({ device }) => device)).toEqual(
              Array.from({ length: count }, (_, i) => deviceOf(i)),
            );
            for (const [i, { atMs, how }] of ended.entries()) {
              expect(how).toBe('clean');
              expect(atMs - publishAt - offsetMs(i)).toBeGreaterThanOrEqual(-1e-3);
              expect(atMs - publishAt - offsetMs(i)).toBeLessThan(2.001);
            }
            turns += count;
          }
          const steps = [
            { at: publishAt, perSecond: search.from },
            ...actions
              .toSorted((a, b) => a.at - b.at)
              .map(({ at, action }) => ({ at, perSecond: action.perSecond })),
          ];
          const integral = steps.reduce(
            (sum, { at, perSecond }, i) =>
              sum + (perSecond * ((steps[i + 1]?.at ?? publishEndAt) - at)) / 1_000,
            0,
          );
          expect(Math.abs(turns - integral)).toBeLessThanOrEqual(0.5 + 1e-6);
        },
      ),
      randomCases(15),
    );
  });
});

const settled = 3;
const seconds = search.holdMs / 1_000;

/** Holds so many connects a second, against a quota of an embedded account. */
async function hold(level: number, step: number, perSecond: number, lateMs = -500): Promise<JudgedHold> {
  const planned = connectingPlan(settled + seconds + 8);
  const { publishAt } = planned.timeline;
  const held: SearchStep = {
    ...stepOf(planned, settled, settled + seconds, step, level),
    at: publishAt + 500,
  };
  const actions = actionsOfStep(search, held).map((action, k) => ({ ...action, k }));
  const limits = accountLimitsOf('default', { connectsPerSecond: perSecond });
  const thresholds = {
    connect: [{ expression: 'p(99)<1000', abortOnFail: false, delayAbortEvalMs: 0 }],
    connects_failed: [{ expression: 'count==0', abortOnFail: false, delayAbortEvalMs: 0 }],
  };
  const account = { limits, live: [], isCharged: false };
  const plan = withActions({ ...planned, account, profile: { ...planned.profile, thresholds } }, actions);
  const quotas = new AccountQuotas(limits, 1);
  let refused = 0;
  const run = await runSearched(planned, {
    behaviour: {
      connect(_device, nowMs) {
        if (quotas.admitConnect(nowMs)) return 5;
        if (nowMs >= held.holdFrom && nowMs < held.holdUntil) refused++;
        return 'Quota exceeded';
      },
    },
    announced: actions.map((action) => ({ receivedAt: action.at + lateMs, action })),
  });
  return judgeSearched(plan, run, held, { sums: { 'Connect.Throttle': refused }, requested: [] });
}

describe('a search of connects', () => {
  it('finds the quota of connects a second, and names it', async () => {
    const quota = 87;
    const judged: JudgedHold[] = [];
    let next = decideNext(search, judged);
    while (!isAnswer(next)) {
      judged.push({ ...(await hold(next.level, judged.length, quota)), ...next });
      next = decideNext(search, judged);
    }
    expect(next.ended).toBe('found');
    // A second's worth that the quota grants at once lasts a level of 1 + 1 / 22 of it.
    expect(next.holds! / quota).toBeGreaterThan(0.95);
    expect(next.holds! / quota).toBeLessThan(1.05);
    expect(judged.map(({ outcome }) => outcome)).not.toContain('void');
    for (const { level, outcome, broke, figures } of judged) {
      expect(figures.connects!.due).toBe(level * seconds);
      if (outcome === 'passed') {
        expect(figures.connects).toMatchObject({ made: level * seconds, failed: 0 });
        continue;
      }
      expect(figures).toMatchObject({ throttledBy: 'connectsPerSecond', intended: 0 });
      expect(broke).toMatchObject([{ metric: 'connects_failed', quota: 'connectsPerSecond' }]);
    }
  });

  it('has a void hold where slices learned of its level too late', async () => {
    const late = await hold(40, 0, 1_000, 4_000);
    expect(late).toMatchObject({ outcome: 'void', voidBecause: [{ kind: 'generator' }] });
  });
});
