import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { Announcement } from '../../../src/plan/actions/action.ts';
import { withActions } from '../../../src/plan/actions/with-actions.ts';
import { groupProfilesOf } from '../../../src/plan/groups.ts';
import { plannedLoadOf } from '../../../src/plan/kinds.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { isScheduled, streamsOf } from '../../../src/plan/streams.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { randomCases } from '../../support/effort.ts';
import { runSearched } from '../../support/search/searched-run.ts';

const seconds = 9;
const devices = 24;
const connectsPerSecond = 12;
const settleMs = 1_000;

/** A message: its device, and when it is due. */
type Due = readonly [device: number, offsetMs: number];

interface Change {
  readonly atMs: number;
  readonly count: number;
}

/** How many devices are taken in at each millisecond after publishing begins: step by step, and not by a formula. */
function takenByMs(changes: readonly Change[]): number[] {
  let taken = devices;
  let target = devices;
  return Array.from({ length: seconds * 1_000 }, (_, ms) => {
    for (const { atMs, count } of changes) if (atMs === ms) target = count;
    taken = Math.min(target, taken + (taken < target ? connectsPerSecond / 1_000 : 0));
    if (target < taken) taken = target;
    return taken;
  });
}

/** From when the device of a rank has been taken in without a break, by millisecond; Infinity: it is not. */
function takenSince(taken: readonly number[], rank: number): number[] {
  let since = taken[0]! > rank ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return taken.map((count, ms) => {
    if (count <= rank) since = Number.POSITIVE_INFINITY;
    else if (since === Number.POSITIVE_INFINITY) since = ms;
    return since;
  });
}

function planOf(slices: number, isRandom: boolean): Plan {
  const plan = makeTestPlan({
    devices,
    slices,
    seconds,
    ratePerSecond: 200,
    connect: { ratePerSecond: connectsPerSecond },
  });
  return isRandom
    ? { ...plan, profile: { ...plan.profile, pattern: { kind: 'poisson' } } as Plan['profile'] }
    : plan;
}

/** The same changes as actions of the timeline. */
function withTimeline(plan: Plan, changes: readonly { atMs: number; count: number }[]): Plan {
  const timeline = changes.map(({ atMs, count }) => ({ atMs, action: { kind: 'devices' as const, count } }));
  const profile = { ...plan.profile, timeline };
  return { ...plan, profile, load: plannedLoadOf(groupProfilesOf(profile)[0]!) };
}

const someChanges = fc.uniqueArray(
  fc.record({
    atMs: fc.integer({ min: 1, max: seconds * 1_000 - 1 }),
    count: fc.integer({ min: 0, max: devices }),
  }),
  { maxLength: 4, selector: ({ atMs }) => atMs },
);

describe('devices that are taken in by actions', () => {
  it('send exactly what the plan and its actions say, and the ledger accounts for it', async () => {
    await fc.assert(
      fc.asyncProperty(
        someChanges,
        fc.constantFrom(1, 3),
        fc.boolean(),
        fc.boolean(),
        async (given, slices, isRandom, isPlanned) => {
          const plan = isPlanned ? withTimeline(planOf(slices, isRandom), given) : planOf(slices, isRandom);
          const { publishAt, publishEndAt } = plan.timeline;
          const live = isPlanned ? [] : given;
          const actions = live.map(({ atMs, count }, k): Announcement & { k: number } => ({
            k,
            at: publishAt + atMs,
            action: { kind: 'devices', count },
          }));
          const changes = given.toSorted((a, b) => a.atMs - b.atMs);
          const announced = actions.map((action) => ({ receivedAt: action.at - 100, action }));
          const run = await runSearched(plan, { announced });
          const amended = withActions(plan, actions);

          const ledger = makeLedger(amended);
          for (const result of run.results) ledger.addSlice(result);
          for (const action of actions) ledger.addAction(action);
          for (const window of run.windows) ledger.addWindow(window);
          const closed = ledger.close();
          expect(checkLedger(closed)).toEqual([]);
          const sent = run.messages.length;
          expect(closed.messages).toMatchObject({
            intended: sent,
            sent,
            acked: sent,
            received: sent,
            lost: 0,
          });
          expect(closed.plannedMessages).toBe(sent);

          const taken = takenByMs(changes);
          for (const [slice, { transport }] of run.runs.entries()) {
            const ranks = Array.from({ length: sliceOf(plan, slice).devices }, (_, i) => i * slices + slice);
            const since = ranks.map((rank) => takenSince(taken, rank));
            const isDue = (device: number, ms: number) =>
              ms >= since[device]![ms]! + (since[device]![ms]! > 0 ? settleMs : 0);
            const isNear = (device: number, ms: number) =>
              // Where it is taken out as soon as it may send, one of the two may have no message due.
              Math.abs(ms - since[device]![ms]! - settleMs) <= 3 ||
              [-3, 3].some(
                (by) =>
                  isDue(device, Math.min(seconds * 1_000 - 1, Math.max(0, ms + by))) !== isDue(device, ms),
              );
            const [whole] = streamsOf(plan, slice);
            if (!isScheduled(whole!)) throw new Error('users');
            const expected: Due[] = [];
            for (let n = 0; n < whole.messages; n++) {
              const [device, ms] = [whole.turns.deviceOf(n), Math.floor(whole.offsetMs(n))];
              if (isDue(device, ms) && !isNear(device, ms)) expected.push([device, whole.offsetMs(n)]);
            }
            const seen = transport.published.flatMap(({ device, message }) => {
              const offsetMs = (JSON.parse(message) as { stampede: { at: number } }).stampede.at - publishAt;
              return isNear(device, Math.floor(offsetMs)) ? [] : [[device, offsetMs] satisfies Due];
            });
            expect(seen).toHaveLength(expected.length);
            const inOrder = (list: readonly Due[]) =>
              list.toSorted(([a, atA], [b, atB]) => a - b || atA - atB);
            const inTurn = inOrder(seen);
            for (const [i, [device, at]] of inOrder(expected).entries()) {
              const [sentBy, sentAt] = inTurn[i]!;
              expect(sentBy).toBe(device);
              expect(Math.abs(sentAt - at)).toBeLessThan(0.01);
            }
            const ended = transport.disconnects.filter(({ atMs }) => atMs < publishEndAt);
            expect(ended.every(({ how }) => how === 'clean')).toBe(true);
          }
        },
      ),
      randomCases(15),
    );
  });
});
