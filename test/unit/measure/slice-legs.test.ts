import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { type Handover, legsOf, timelineOfLeg } from '../../../src/plan/legs.ts';
import { outlineOf, type RunOutline } from '../../../src/plan/run-outline.ts';
import { countDueBefore } from '../../../src/plan/schedule.ts';
import type { ScheduledStream } from '../../../src/plan/streams.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';

const plan = planOf();
const { startAt, publishAt, deadlineAt } = plan.timeline;
const handoverAt = publishAt + 6_000;
/** All devices at once. */
const handover: Handover = { from: handoverAt, until: handoverAt, at: () => handoverAt };
const outline: RunOutline = {
  ...outlineOf(plan),
  legsOf: () => [
    { from: startAt, until: handoverAt, letsGo: handover },
    { from: handoverAt, until: deadlineAt, takesOver: handover },
  ],
};
const [stream] = outline.streamsOf(0) as readonly ScheduledStream[];
const share = stream!.messages;
const first = countDueBefore(stream!, handoverAt - publishAt);
const dueAt = (n: number) => publishAt + stream!.offsetMs(n);
const numbers = (from: number, end: number) => Array.from({ length: end - from }, (_, i) => from + i);

/** What a leg left that sent these messages, of those from `from` to `end`. */
function legOf(leg: number, [from, end]: [number, number], sent: readonly number[]): SliceResult {
  const base = resultOf(plan, 0, sent);
  return {
    ...base,
    leg,
    messages: { ...base.messages, intended: end - from, dropped: end - from - sent.length },
    droppedBy: { backlog: end - from - sent.length },
    streams: [{ intended: end - from, sent: base.streams[0]!.sent }],
  };
}

const whole = [
  legOf(0, [0, first], numbers(0, first)),
  legOf(1, [first, share], numbers(first, share)),
] as const;

/** The other slices in one piece: their second leg had nothing to do. */
const others = [1, 2, 3].flatMap((slice) => {
  const all = resultOf(plan, slice);
  const rest = resultOf(plan, slice, []);
  const none = { ...rest.messages, intended: 0, dropped: 0 };
  return [all, { ...rest, leg: 1, messages: none, droppedBy: {}, streams: [{ intended: 0, sent: [] }] }];
});

function ledgerOf(...results: readonly SliceResult[]) {
  const ledger = makeLedger(plan, { outline: outline });
  for (const result of [...results, ...others]) ledger.addSlice(result);
  return ledger;
}

const arrivedOf = (sent: readonly number[], name = 'batch') =>
  windowOf(
    plan,
    sent.map((n) => [0, n]),
    name,
  );

describe('the legs of a slice', () => {
  it('are one where a Lambda lives as long as the run, from the first connect to the deadline', () => {
    expect(legsOf(plan, 3)).toEqual([{ from: startAt, until: deadlineAt }]);
    expect(() => timelineOfLeg(plan, 3, 1)).toThrow(/leg 1 of slice 3/);
    expect(() => makeLedger(plan).addSlice(whole[1])).toThrow(/leg 1 of slice 0/);
  });

  it('add up to the slice', () => {
    const ledger = ledgerOf(...whole);
    ledger.addWindow(arrivedOf(numbers(0, share)));
    const closed = ledger.close();
    expect(closed.messages).toMatchObject({
      intended: plan.load.messages,
      sent: plan.load.messages,
      received: share,
      sendUnknown: 0,
    });
    expect(closed.slices).toMatchObject({ completed: 4, died: 0 });
    // The same ten devices in both legs.
    expect(closed.devices).toMatchObject({ planned: 40, connected: 40, unknown: 0 });
    expect(closed.stages).toEqual([{ intended: plan.load.messages, sent: plan.load.messages }]);
    expect(checkLedger(closed)).toEqual([]);
  });

  it('are unknown only where one died: the next one goes on', () => {
    const recorded = numbers(0, 30);
    const died: SliceResult = { ...legOf(0, [0, 30], recorded), outcome: 'running', at: dueAt(29) };
    const ledger = ledgerOf(died, whole[1]);
    // Ten more than it had recorded arrived, and all of the second leg but five.
    ledger.addWindow(arrivedOf([...numbers(0, 40), ...numbers(first + 5, share)]));
    const closed = ledger.close();
    expect(closed.slices).toMatchObject({ completed: 3, died: 1 });
    expect(closed.messages).toMatchObject({
      intended: plan.load.messages,
      sendUnknown: first - 40,
      sent: plan.load.messages - (first - 40),
      ackUnknown: 10,
      dropped: 0,
    });
    expect(closed.observers.rule).toMatchObject({ received: share - first - 5 + 40 });
    expect(closed.knownUntil).toEqual([died.at]);
    expect(checkLedger(closed)).toEqual([]);
  });

  it('take nothing for sent by a dead leg that its neighbour sent while it took devices over', () => {
    const early = [first - 3, first - 2];
    const next = legOf(1, [first - 3, share], [...early, ...numbers(first, share)]);
    const ledger = ledgerOf(next);
    ledger.addWindow(arrivedOf([...early, first - 1]));
    const { messages } = ledger.close();
    expect(messages.sent - (plan.load.messages - share)).toBe(share - first + 2 + 1);
    expect(messages.ackUnknown).toBe(1);
  });

  it('balance whatever either leg recorded, sent and lost', () => {
    const property = fc.property(
      fc.nat(first),
      fc.nat(share - first),
      fc.boolean(),
      fc.boolean(),
      fc.func(fc.nat(9)),
      (firstKnown, secondKnown, firstDied, secondDied, diceOf) => {
        const legs = [
          [0, first, firstKnown, firstDied],
          [first, share, secondKnown, secondDied],
        ] as const;
        const ledger = makeLedger(plan, { outline: outline });
        for (const other of others) ledger.addSlice(other);
        const truth: number[] = [];
        for (const [leg, [from, end, known, died]] of legs.entries()) {
          const sent = numbers(from, end).filter((n) => diceOf(n) > 0);
          truth.push(...sent);
          const recorded = died ? sent.filter((n) => n < from + known) : sent;
          const until = died ? from + known : end;
          const result = legOf(leg, [from, until], recorded);
          ledger.addSlice(
            died ? { ...result, outcome: 'running', at: dueAt(Math.max(from, until - 1)) } : result,
          );
        }
        const arrived = truth.filter((n) => diceOf(n) > 2);
        if (arrived.length > 0) ledger.addWindow(arrivedOf(arrived));
        const closed = ledger.close();
        const known = closed.messages.sent - (plan.load.messages - share);
        expect(known).toBeLessThanOrEqual(truth.length);
        expect(known + closed.messages.sendUnknown).toBeGreaterThanOrEqual(truth.length);
        expect(closed.messages.received).toBe(arrived.length);
        expect(closed.messages.intended).toBe(plan.load.messages);
        if (!secondDied) expect(closed.messages.sendUnknown).toBeLessThanOrEqual(first);
        expect(checkLedger(closed)).toEqual([]);
      },
    );
    fc.assert(property, randomCases());
  });

  it('that were to begin after the stop owe nothing', () => {
    const at = handoverAt - 1_000;
    const due = countDueBefore(stream!, at - publishAt);
    const stoppedOn = { command: 'stop', reason: 'stopped by the user', at } as const;
    const stopped = { ...legOf(0, [0, due], numbers(0, due)), outcome: 'stopped', stoppedOn } as const;
    const closed = ledgerOf(stopped).close();
    expect(closed.slices).toMatchObject({ stopped: 1, died: 0 });
    expect(closed.messages.intended).toBe(plan.load.messages - share + due);
    expect(closed.messages.sendUnknown).toBe(0);
  });

  it('are refused twice', () => {
    expect(() => ledgerOf(whole[0], whole[0])).toThrow(/A second result of slice 0, leg 0/);
  });
});
