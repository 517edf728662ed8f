import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import type { Announcement } from '../../../src/plan/actions/action.ts';
import { withActions } from '../../../src/plan/actions/with-actions.ts';
import { makeArrivalRate } from '../../../src/plan/arrival-rate.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { intendedOfGroup, type Stream, streamsOf } from '../../../src/plan/streams.ts';
import type { RateChange } from '../../../src/profile/rate-step.ts';
import { actionReportsOf } from '../../../src/report/action-report.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { makeTestPlan, type SimulatedRun, simulate } from '../../support/device/make-run.ts';
import { randomCases } from '../../support/effort.ts';
import { windowOf } from '../../support/measure/run-fixture.ts';

type Stored = Announcement & { readonly k: number };

const changesOfRate: readonly RateChange[] = [
  { factor: 1.5 },
  { factor: 0.2 },
  { perSecond: 7_000 },
  { factor: 0 },
  { perSecond: 2_000 },
  { factor: 2 },
  { perSecond: 0 },
  { factor: 1 },
  { perSecond: 12_000 },
  { factor: 0.7 },
];

function actionsOf(plan: Plan, seconds: number): Stored[] {
  const random = makeRandom(7, 0);
  return changesOfRate.map((change, k) => ({
    k,
    at: plan.timeline.publishAt + random() * seconds * 1_000,
    action: { kind: 'rate', ...change },
  }));
}

/** All slices of a plan, one after the other, each of which receives the actions at `receivedAt`. */
async function simulateAll(
  plan: Plan,
  actions: readonly Stored[],
  receivedAt: (action: Stored, slice: number) => number,
): Promise<SimulatedRun[]> {
  const runs: SimulatedRun[] = [];
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const announced = actions.map((action) => ({ receivedAt: receivedAt(action, slice), action }));
    runs.push(await simulate({ plan, slice, announced, checkpointEveryMs: 500 }));
  }
  return runs;
}

/** @param killedAt by slice, epoch milliseconds: what it sent by then arrived, and its last checkpoint before is all that it stored */
function closeLedger(
  plan: Plan,
  actions: readonly Stored[],
  runs: readonly SimulatedRun[],
  killedAt: ReadonlyMap<number, number> = new Map(),
): RunLedger {
  const ledger = makeLedger(withActions(plan, actions));
  const seen: [slice: number, n: number][] = [];
  for (const [slice, { result, checkpoints, transport }] of runs.entries()) {
    const killed = killedAt.get(slice) ?? Number.POSITIVE_INFINITY;
    const last =
      killed === Number.POSITIVE_INFINITY ? result : checkpoints.findLast(({ at }) => at < killed)!;
    ledger.addSlice({ ...last, slice });
    if (killed < Number.POSITIVE_INFINITY)
      ledger.addDeath({ slice, leg: 0, at: killed - 1_000, failure: { Error: 'Runtime.ExitError' } });
    for (const { n, atMs } of transport.published) if (atMs < killed) seen.push([slice, n]);
  }
  for (const action of actions) ledger.addAction(action);
  ledger.addWindow(windowOf(plan, seen));
  return ledger.close();
}

describe('rate actions on a run of 20 slices at 5,000/s', () => {
  const seconds = 6;
  const plan = makeTestPlan({ devices: 200, slices: 20, ratePerSecond: 5_000, seconds });
  const actions = actionsOf(plan, seconds);
  const amended = withActions(plan, actions);
  const [group] = groupsOf(amended) as [ReturnType<typeof groupsOf>[0]];

  it('intend the exact integral, which the ledger accounts for, and take effect at their instants in every slice', async () => {
    const runs = await simulateAll(plan, actions, ({ at }) => at - 700);
    const integral = makeArrivalRate(group.profile).messages;
    const intended = sumBy(runs, ({ result }) => result.messages.intended);
    expect(intended).toBe(Math.round(integral));
    expect(intended).toBe(intendedOfGroup(group));
    const ledger = closeLedger(plan, actions, runs);
    expect(checkLedger(ledger)).toEqual([]);
    expect(ledger.messages).toMatchObject({ intended, sent: intended, received: intended, lost: 0 });
    expect(ledger.plannedMessages).toBe(intended);
    for (const { result } of runs) {
      expect(result.actions).toHaveLength(actions.length);
      for (const { k, at } of result.actions ?? []) expect(Math.abs(at - actions[k!]!.at)).toBeLessThan(5);
    }
  });

  it('account for a slice that is killed in the middle', async () => {
    const runs = await simulateAll(plan, actions, ({ at }) => at - 700);
    const killedAt = plan.timeline.publishAt + 3_210;
    const ledger = closeLedger(plan, actions, runs, new Map([[13, killedAt]]));
    expect(checkLedger(ledger)).toEqual([]);
    const { intended, sent, dropped, sendUnknown, received, lost } = ledger.messages;
    expect(intended).toBe(Math.round(makeArrivalRate(group.profile).messages));
    expect(received).toBe(sent);
    expect(lost).toBe(0);
    expect(sent + dropped + sendUnknown).toBe(intended);
    expect(ledger.slices.died).toBe(1);
  });

  it('derive the schedule of a slice that learned late from its own record', async () => {
    const late = (action: Stored, slice: number) => action.at + (slice % 5 === 0 ? 333 : -700);
    const runs = await simulateAll(plan, actions, late);
    const ledger = closeLedger(plan, actions, runs);
    expect(checkLedger(ledger)).toEqual([]);
    const intended = sumBy(runs, ({ result }) => result.messages.intended);
    expect(ledger.messages).toMatchObject({ intended, sent: intended, received: intended, lost: 0 });
    expect(ledger.plannedMessages).toBe(intended);
    expect(intended).not.toBe(intendedOfGroup(group));
    // The report says how many slices could not know of each in time, and how late each of these was.
    const reported = actionReportsOf(plan, ledger) ?? [];
    expect(reported).toHaveLength(actions.length);
    for (const { carriedOut } of reported)
      expect(carriedOut).toMatchObject({ plannedSlices: 20, slices: 20, learnedLate: 4 });
    expect(Math.max(...reported.map(({ carriedOut }) => carriedOut!.latenessMs.max))).toBeGreaterThan(300);
  });
});

describe('rate actions that a slice receives in any order, each before its instant', () => {
  const seconds = 4;
  const plan = makeTestPlan({ devices: 6, slices: 2, ratePerSecond: 60, seconds });
  const { publishAt } = plan.timeline;
  const change = fc.oneof(
    fc.record({ factor: fc.double({ min: 0, max: 3, noNaN: true }) }),
    fc.record({ perSecond: fc.integer({ min: 0, max: 200 }) }),
  );
  const step = fc.record({
    atMs: fc.integer({ min: 1, max: seconds * 1_000 - 1 }),
    /** From its announcement to its instant, some of them before publishing begins. */
    leadMs: fc.integer({ min: 1, max: 6_000 }),
    change,
  });

  it('leave one schedule, that of the plan and the actions', async () => {
    const sentBy = async (announced: readonly { receivedAt: number; action: Stored }[]) => {
      const { result, transport } = await simulate({ plan, slice: 1, announced });
      return { intended: result.messages.intended, published: transport.published, actions: result.actions };
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
        const actions = steps.map(
          (each, k): Stored => ({ k, at: publishAt + each.atMs, action: { kind: 'rate', ...each.change } }),
        );
        const byLead = await sentBy(
          actions.map((action, k) => ({ receivedAt: action.at - steps[k]!.leadMs, action })),
        );
        const atOnce = await sentBy(actions.map((action) => ({ receivedAt: publishAt - 100, action })));
        expect(byLead.published).toEqual(atOnce.published);
        const [stream] = streamsOf(withActions(plan, actions), 1) as [Stream];
        expect([byLead.intended, atOnce.intended]).toEqual([stream.messages, stream.messages]);
        for (const { k, at } of byLead.actions ?? []) expect(at).toBe(actions[k!]!.at);
      }),
      randomCases(40),
    );
  });
});
