import { describe, expect, it } from '@jest/globals';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { planOf, resultOf } from '../../support/measure/run-fixture.ts';

const users = { users: 10, thinkTime: '1s', stages: undefined, duration: '10s' };
const numbers = (from: number, end: number) => Array.from({ length: end - from }, (_, i) => from + i);

/** A slice of users that started and sent so many. */
function sentOf(result: SliceResult, count: number, more: Partial<SliceResult> = {}): SliceResult {
  return {
    ...result,
    messages: { ...result.messages, intended: count, sent: count, dropped: 0, acked: count },
    droppedBy: {},
    streams: [{ intended: count, sent: [0, count], stageEnds: [] }],
    ...more,
  };
}

describe('the ledger of users', () => {
  it('has as many messages as they started, whatever the plan assumed', () => {
    const plan = planOf({ ...users, devices: 10 });
    const ledger = makeLedger(plan);
    const count = plan.load.messages * 3;
    ledger.addSlice(sentOf(resultOf(plan, 0), count));
    const closed = ledger.close();
    expect(checkLedger(closed)).toEqual([]);
    expect(closed.messages).toMatchObject({ intended: count, sent: count, lost: count });
  });

  it('counts of a slice that died what it had recorded and what arrived, and nothing more', () => {
    const plan = planOf({ ...users, devices: 10 });
    const { publishAt } = plan.timeline;
    const ledger = makeLedger(plan);
    ledger.addSlice(sentOf(resultOf(plan, 0), 40, { outcome: 'running', at: publishAt + 5_000 }));
    ledger.addDeath({ slice: 0, leg: 0, at: publishAt + 8_000, failure: { Error: 'Runtime.ExitError' } });
    // Two of those after the record did not arrive; of what came after the last arrival there is no record.
    const arrived = [...numbers(0, 45), 47];
    const Records = arrived.map((n) => ({
      messageId: String(n),
      body: JSON.stringify({
        run: plan.runId,
        slice: 0,
        n,
        device: 0,
        at: publishAt,
        sent: publishAt,
        rule: publishAt,
      }),
      attributes: { SentTimestamp: String(publishAt + 9) },
    }));
    for (const window of measureArrivals({ Records }, publishAt).windows) ledger.addWindow(window);
    const closed = ledger.close();
    expect(checkLedger(closed)).toEqual([]);
    expect(closed.messages).toMatchObject({
      intended: 48,
      sent: 46,
      sendUnknown: 2,
      dropped: 0,
      received: 46,
    });
    expect(closed.slices.died).toBe(1);
  });

  it('holds groups with a schedule to their plan, beside groups of users', () => {
    const open = { devices: 10, stages: [{ duration: '10s', target: 10 }] };
    const plan = planOf({
      stages: undefined,
      groups: { meters: open, people: { users: 10, thinkTime: '1s', duration: '10s' } },
    });
    const fill = (missing: number) => {
      const ledger = makeLedger(plan);
      for (const { firstSlice, slices, profile } of groupsOf(plan)) {
        for (const slice of numbers(firstSlice, firstSlice + slices.count)) {
          const result = resultOf(plan, slice);
          ledger.addSlice(profile.users ? sentOf(result, 7) : sentOf(result, result.messages.sent - missing));
        }
      }
      return checkLedger(ledger.close()).map(({ equation }) => equation);
    };
    expect(fill(0)).toEqual([]);
    expect(fill(1)).toEqual(['intended = planned (meters)']);
  });
});
