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
function makePlan(
  load: { devices?: number; ratePerSecond?: number; seconds?: number } = {},
  legs = { lengthMs: 10_000, overlapMs: 2_000 },
): Plan {
  const plan = makeTestPlan({ devices: 20, ratePerSecond: 60, seconds: 28, ...load });
  return { ...plan, profile: { ...plan.profile, legs } };
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
    { kind: 'rate', perSecond: 133 },
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

describe('a change of rate that reaches a leg late', () => {
  const legs = { lengthMs: 40_000, overlapMs: 2_000 };
  const plan = makePlan({ ratePerSecond: 20, seconds: 110 }, legs);
  const [, second, third] = legsOf(plan, 0);
  const changes: readonly ActionData[] = [
    { kind: 'rate', factor: 3 },
    { kind: 'rate', factor: 0.2 },
    { kind: 'rate', perSecond: 0 },
  ];

  /** Each message once and without a gap, as many as the slice's own record comes to, and one instant for all legs. */
  async function expectOneSchedule(issued: readonly IssuedAction[]): Promise<number> {
    const run = await simulateLegs(plan, { issued });
    const numbers = publishedOf(run)
      .map(({ n }) => n)
      .toSorted((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, n) => n));
    const closed = ledgerOf(plan, run, { issued });
    expect(checkLedger(closed)).toEqual([]);
    const count = numbers.length;
    expect(closed.plannedMessages).toBe(count);
    expect(closed.messages).toMatchObject({ intended: count, sent: count, received: count, lost: 0 });
    const { learnedLate, latenessesMs } = closed.appliedActions.totalsOf(
      issued[0]!.action,
      issued[0]!.action,
    )!;
    expect(learnedLate).toBe(1);
    return issued[0]!.action.at + latenessesMs[0]!;
  }

  it.each(changes)('holds from then on, in the legs that follow too: %j', async (change) => {
    const at = second!.from + 5_000;
    const announced = { ...issue(plan, 0, at, change), receivedAt: { 1: at + 700 } };
    const from = await expectOneSchedule([announced]);
    expect(from).toBeGreaterThan(at + 500);
    expect(from).toBeLessThan(at + 701);
  });

  it.each(changes)('while devices move, holds once all have: %j', async (change) => {
    const at = halfway(plan, 2) - 500;
    const announced = { ...issue(plan, 0, at, change), receivedAt: { 1: at + 200, 2: at + 450 } };
    expect(await expectOneSchedule([announced])).toBe(third!.takesOver!.until);
  });

  it.each(changes)('before devices move, which the next leg reads from the record: %j', async (change) => {
    const at = third!.from - 4_000;
    const announced = { ...issue(plan, 0, at, change), receivedAt: { 1: third!.from - 500 } };
    expect(await expectOneSchedule([announced])).toBe(third!.takesOver!.until);
  });
});

describe('a disconnect in a run with legs', () => {
  const plan = makePlan();
  const [, second] = legsOf(plan, 0);
  const drop = { kind: 'disconnect', share: 1, how: 'drop' };

  it.each(
    Object.entries({
      'in the middle of a leg': second!.from + 5_000,
      'shortly before devices move': second!.from - 200,
      'while devices move': halfway(plan, 1),
    }),
  )('is for the devices that each leg holds, and for none again: %s', async (_, at) => {
    const options = { issued: [issue(plan, 0, at, drop)] };
    const run = await simulateLegs(plan, options);
    const devices = Array.from({ length: 20 }, (_, device) => device);
    const held = legsOf(plan, 0).map((leg) => devices.filter((device) => isHeldAt(leg, device, at)).length);
    expect(run.results.map((result) => result?.storms?.[0]?.devices ?? 0)).toEqual(held);
    const closed = ledgerOf(plan, run, options);
    expect(checkLedger(closed)).toEqual([]);
    const [storm] = closed.storms!;
    // A device that is just moving has no connection to lose.
    expect(storm!.disconnected).toBeLessThanOrEqual(20);
    expect(storm!.disconnected).toBeGreaterThanOrEqual(14);
    expect(storm!.recovery.summary().count).toBeLessThanOrEqual(20);
    expect(storm!.recovery.summary().max).toBeLessThan(5_000);
    const { sent, dropped, intended } = closed.messages;
    expect(sent + dropped).toBe(intended);
    expect(intended).toBe(plan.load.messages);
    const [action] = closed.actions;
    expect(closed.appliedActions.totalsOf(action!, action!)).toMatchObject({ slices: 1, learnedLate: 0 });
  });
});

describe('a change of the network in a run with legs', () => {
  it('holds in the legs that begin later, which are not said to have carried it out', async () => {
    const plan = makePlan();
    const { startAt, createdAt } = plan.timeline;
    const form = { delay: '200ms' };
    const at = halfway(plan, 1);
    const options = { issued: [issue(plan, 0, at, { kind: 'network', network: form })] };
    const { networks, results } = await simulateLegs(plan, options);
    const third = legsOf(plan, 0)[2]!;
    expect(networks).toEqual([
      { leg: 0, at, form },
      { leg: 1, at, form },
      { leg: 2, at: third.from - (startAt - createdAt), form },
    ]);
    expect(results.map((result) => result?.actions)).toEqual([[{ k: 0, at }], [{ k: 0, at }], undefined]);
  });
});
