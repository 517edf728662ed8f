import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import type { ActionData, StoredAction } from '../../../src/plan/actions/action.ts';
import { withActions } from '../../../src/plan/actions/with-actions.ts';
import { isHeldAt, legsOf } from '../../../src/plan/legs.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { type ScheduledStream, streamsOf } from '../../../src/plan/streams.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import {
  type IssuedAction,
  type LegsOptions,
  type SimulatedLegs,
  simulateLegs,
} from '../../support/device/simulate-legs.ts';
import { randomCases } from '../../support/effort.ts';
import { windowOf } from '../../support/measure/run-fixture.ts';

/** Three legs of some 10 s, with devices that move for 2 s. */
function makePlan(load: { devices?: number; ratePerSecond?: number } = {}): Plan {
  const plan = makeTestPlan({ devices: 20, ratePerSecond: 200, seconds: 28, ...load });
  return { ...plan, profile: { ...plan.profile, legs: { lengthMs: 10_000, overlapMs: 2_000 } } };
}

function stored(plan: Plan, k: number, at: number, action: ActionData): StoredAction {
  return { version: 1, runId: plan.runId, k, at, action };
}

/** Announced `leadMs` before its instant. */
function issue(plan: Plan, k: number, at: number, action: ActionData, leadMs = 800): IssuedAction {
  return { action: stored(plan, k, at, action), storedAt: at - leadMs };
}

function ledgerOf(
  plan: Plan,
  { results, transports }: SimulatedLegs,
  { issued = [], stopAt, diesAt = {} }: LegsOptions,
): RunLedger {
  const actions = issued.map(({ action }) => action);
  const ledger = makeLedger(withActions(plan, actions));
  for (const result of results) if (result !== undefined) ledger.addSlice(result);
  for (const action of actions) ledger.addAction(action);
  if (stopAt !== undefined)
    ledger.addAction({ at: stopAt, action: { kind: 'stop', reason: 'stopped by the test', by: 'user' } });
  for (const [leg, at] of Object.entries(diesAt))
    ledger.addDeath({ slice: 0, leg: Number(leg), at, failure: { Error: 'Runtime.ExitError' } });
  for (const [leg, transport] of transports.entries()) {
    const published = transport?.published ?? [];
    if (published.length > 0)
      ledger.addWindow(
        windowOf(
          plan,
          published.map(({ n }) => [0, n]),
          `leg-${leg}`,
        ),
      );
  }
  return ledger.close();
}

const publishedOf = ({ transports }: SimulatedLegs) =>
  transports.flatMap((transport, leg) => (transport?.published ?? []).map((each) => ({ ...each, leg })));

/** Each message of the amended schedule once, by the leg that holds its device when it is due, and no other message. */
function expectExact(plan: Plan, run: SimulatedLegs, options: LegsOptions): RunLedger {
  const amended = withActions(
    plan,
    (options.issued ?? []).map(({ action }) => action),
  );
  const [stream] = streamsOf(amended, 0) as readonly ScheduledStream[];
  const published = publishedOf(run);
  const numbers = published.map(({ n }) => n).toSorted((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: stream!.messages }, (_, n) => n));
  const legs = legsOf(plan, 0);
  const wrong = published.filter(
    ({ n, device, leg }) => !isHeldAt(legs[leg]!, device, plan.timeline.publishAt + stream!.offsetMs(n)),
  );
  expect(wrong).toEqual([]);
  const closed = ledgerOf(plan, run, options);
  expect(checkLedger(closed)).toEqual([]);
  const count = stream!.messages;
  expect(closed.plannedMessages).toBe(count);
  expect(closed.messages).toMatchObject({ intended: count, sent: count, received: count, lost: 0 });
  return closed;
}

const halfway = (plan: Plan, leg: number) => {
  const { from, until } = legsOf(plan, 0)[leg]!.takesOver!;
  return (from + until) / 2;
};

describe('a change of rate in a run with legs', () => {
  const plan = makePlan();
  const [first, second, third] = legsOf(plan, 0);
  const instants = {
    'in the middle of a leg': second!.from + 5_000,
    'shortly before the next leg begins': second!.from - 300,
    'at the instant at which the next leg begins': second!.from,
    'while devices move': halfway(plan, 1),
    'at the instant at which all devices have moved': first!.letsGo!.until,
    'in the last leg': third!.from + 3_000,
  };
  const changes: readonly ActionData[] = [
    { kind: 'rate', factor: 2 },
    { kind: 'rate', factor: 0.25 },
    { kind: 'rate', perSecond: 0 },
    { kind: 'rate', perSecond: 333 },
  ];

  it.each(
    Object.entries(instants).flatMap(([when, at]) => changes.map((change) => [when, change, at] as const)),
  )('takes effect %s: %j', async (_, change, at) => {
    const options = { issued: [issue(plan, 0, at, change)] };
    const run = await simulateLegs(plan, options);
    const { appliedActions, actions } = expectExact(plan, run, options);
    expect(appliedActions.totalsOf(actions[0]!, actions[0]!)).toEqual({
      slices: 1,
      learnedLate: 0,
      latenessesMs: [0],
    });
  });

  it('is announced in an overlap for a later instant, and known to the last leg from the store alone', async () => {
    const options = {
      issued: [
        issue(plan, 0, halfway(plan, 1), { kind: 'rate', factor: 3 }, 1_500),
        issue(plan, 1, second!.from + 4_000, { kind: 'rate', factor: 0.5 }, 3_500),
      ],
    };
    const run = await simulateLegs(plan, options);
    expectExact(plan, run, options);
    expect(run.results[2]?.actions?.map(({ k, isLate }) => [k, isLate])).toEqual([
      [0, undefined],
      [1, undefined],
    ]);
  });

  it('stays exact whatever is changed when', async () => {
    const step = fc.record({
      share: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      leadMs: fc.integer({ min: 1, max: 12_000 }),
      change: fc.oneof(
        fc.record({ factor: fc.double({ min: 0, max: 3, noNaN: true }) }),
        fc.record({ perSecond: fc.integer({ min: 0, max: 120 }) }),
      ),
    });
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 60 }),
      fc.array(step, { minLength: 1, maxLength: 4 }),
      async (devices, ratePerSecond, steps) => {
        const small = makePlan({ devices, ratePerSecond });
        const { publishAt, publishEndAt } = small.timeline;
        const issued = steps
          .map(({ share, leadMs, change }) => ({
            at: publishAt + share * (publishEndAt - publishAt),
            leadMs,
            change,
          }))
          .toSorted((a, b) => a.at - a.leadMs - (b.at - b.leadMs))
          .map(({ at, leadMs, change }, k) => issue(small, k, at, { kind: 'rate', ...change }, leadMs));
        const options = { issued };
        expectExact(small, await simulateLegs(small, options), options);
      },
    );
    await fc.assert(property, randomCases(20));
  });
});
