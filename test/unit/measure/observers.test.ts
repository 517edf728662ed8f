import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { echoesDueBefore, observersOf } from '../../../src/plan/observers.ts';
import { outlineOf, type RunOutline } from '../../../src/plan/run-outline.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';

const plan = planOf({ echo: { fraction: 0.3 } });
const slices = Array.from({ length: plan.slices.count }, (_, slice) => slice);
const shareOf = (slice: number) => sliceOf(plan, slice).messages;
const everyMessage = slices.flatMap((slice) =>
  Array.from({ length: shareOf(slice) }, (_, n): [number, number] => [slice, n]),
);

/** Numbers of a slice's messages that come back to the devices that sent them. */
function echoedOf(slice: number): number[] {
  const before = echoesDueBefore(sliceOf(plan, slice), 0);
  return Array.from({ length: shareOf(slice) }, (_, n) => n).filter((n) => before(n + 1) > before(n));
}

/** A slice whose devices saw these messages come back, as often as they are listed. */
function resultWith(slice: number, seen: readonly number[], more: Partial<SliceResult> = {}): SliceResult {
  const rankOf = echoesDueBefore(sliceOf(plan, slice), 0);
  const ranks = new IntervalSet();
  for (const n of seen) ranks.add(rankOf(n));
  const result = resultOf(plan, slice);
  return {
    ...result,
    messages: { ...result.messages, echoed: seen.length },
    observed: { echo: { arrivals: seen.length, seen: [ranks.encode()] } },
    ...more,
  };
}

describe('the echo', () => {
  it('is an observer where devices echo, and not over HTTPS', () => {
    const namesOf = (profile: object) => observersOf(planOf({ ...profile })).map(({ name }) => name);
    expect(namesOf({ echo: { fraction: 0.01 } })).toEqual(['rule', 'echo']);
    expect(namesOf({})).toEqual(['rule']);
    expect(namesOf({ connect: { protocol: 'https' }, echo: { fraction: 0 } })).toEqual(['rule']);
  });

  it('finds a loss that a duplicate would hide from a count', () => {
    const ledger = makeLedger(plan);
    const [lost, twice, ...rest] = echoedOf(0);
    ledger.addSlice(resultWith(0, [twice!, twice!, ...rest]));
    for (const slice of slices.slice(1)) ledger.addSlice(resultWith(slice, echoedOf(slice)));
    ledger.addWindow(windowOf(plan, everyMessage));
    const closed = ledger.close();
    const due = slices.reduce((sum, slice) => sum + echoedOf(slice).length, 0);
    expect(lost).toBeDefined();
    // As many were received as were due.
    expect(closed.observers.echo).toEqual({
      due,
      arrivals: due,
      received: due - 1,
      duplicates: 1,
      lost: 1,
      notRead: 0,
      deadLettered: 0,
      unaccounted: 0,
      unrelated: 0,
      unsent: 0,
    });
    expect(closed.messages).toMatchObject({ lost: 0, duplicates: 0 });
    expect(checkLedger(closed)).toEqual([]);
  });

  it('is right to the message, whatever was lost and duplicated', () => {
    const due = echoedOf(2);
    const some = fc.uniqueArray(fc.constantFrom(...due));
    const property = fc.property(some, some, fc.nat(20), (lost, twice, others) => {
      const seen = due.filter((n) => !lost.includes(n));
      const again = seen.filter((n) => twice.includes(n));
      const ledger = makeLedger(plan);
      const result = resultWith(2, [...seen, ...again]);
      ledger.addSlice({
        ...result,
        messages: { ...result.messages, echoed: seen.length + again.length + others },
      });
      for (const slice of [0, 1, 3]) ledger.addSlice(resultWith(slice, echoedOf(slice)));
      const closed = ledger.close();
      expect(closed.observers.echo).toMatchObject({
        lost: due.length - seen.length,
        duplicates: again.length,
        unrelated: others,
        unsent: 0,
      });
      expect(checkLedger(closed)).toEqual([]);
    });
    fc.assert(property, randomCases(50));
  });

  it('calls nothing lost that may have come back after the last record of a slice that died or was stopped', () => {
    const due = echoedOf(0);
    const seen = due.slice(0, -5);
    for (const outcome of ['running', 'stopped'] as const) {
      const { publishAt, publishEndAt } = plan.timeline;
      const closedAt = (at: number) => {
        const ledger = makeLedger(plan);
        ledger.addSlice(resultWith(0, seen, { outcome, at }));
        for (const slice of slices.slice(1)) ledger.addSlice(resultWith(slice, echoedOf(slice)));
        const closed = ledger.close();
        expect(checkLedger(closed)).toEqual([]);
        return closed.observers.echo;
      };
      expect(closedAt(publishEndAt)).toMatchObject({ lost: 0, unaccounted: 5 });
      // Long after the drain of the last message, what is missing is lost.
      expect(closedAt(publishEndAt + 600_000)).toMatchObject({ lost: 5, unaccounted: 0 });
      expect(closedAt(publishAt)).toMatchObject({ lost: 0, unaccounted: 5 });
    }
  });

  it('of a slice that left nothing is not accounted for, as far as its messages arrived', () => {
    const ledger = makeLedger(plan);
    for (const slice of slices.slice(1)) ledger.addSlice(resultWith(slice, echoedOf(slice)));
    ledger.addWindow(windowOf(plan, everyMessage));
    const closed = ledger.close();
    expect(closed.observers.echo).toMatchObject({ lost: 0, unaccounted: echoedOf(0).length });
    expect(checkLedger(closed)).toEqual([]);
  });

  it('refuses more ranks than messages are due, and an observer that the plan does not have', () => {
    const observed = { echo: { arrivals: 1, seen: [[0, Number.MAX_SAFE_INTEGER]] } };
    expect(() => makeLedger(plan).addSlice({ ...resultOf(plan, 0), observed })).toThrow(
      /larger than the plan/,
    );
    const unknown = { other: { arrivals: 0, seen: [] } };
    expect(() => makeLedger(plan).addSlice({ ...resultOf(plan, 0), observed: unknown })).toThrow(
      /observer other/,
    );
    // The rule's arrivals come in windows, and the echoes do not.
    const own = { rule: { arrivals: 0, seen: [] } };
    expect(() => makeLedger(plan).addSlice({ ...resultOf(plan, 0), observed: own })).toThrow(/observer rule/);
    const window = { ...windowOf(plan, [[0, 1]]), observer: 'echo' };
    expect(() => makeLedger(plan).addWindow(window)).toThrow(/observer echo/);
  });
});

describe('a third observer', () => {
  const outline: RunOutline = {
    ...outlineOf(plan),
    observers: [...observersOf(plan), { name: 'subscriber', recordedBy: 'windows' }],
  };

  it('balances beside the rule: a message may get lost before either', () => {
    const some = fc.uniqueArray(fc.nat(everyMessage.length - 1), { maxLength: 60 });
    const property = fc.property(some, some, some, (lostAtRule, lostAtSubscriber, twice) => {
      const ledger = makeLedger(plan, { outline: outline });
      for (const slice of slices) ledger.addSlice(resultWith(slice, echoedOf(slice)));
      const without = (lost: readonly number[]) => everyMessage.filter((_, i) => !lost.includes(i));
      const again = everyMessage.filter((_, i) => twice.includes(i) && !lostAtSubscriber.includes(i));
      ledger.addWindow(windowOf(plan, without(lostAtRule)));
      // Windows of two observers may have the same name.
      const seen = windowOf(plan, [...without(lostAtSubscriber), ...again]);
      ledger.addWindow({ ...seen, window: 'batch', observer: 'subscriber' });
      const closed = ledger.close();
      expect(Object.keys(closed.observers)).toEqual(['rule', 'echo', 'subscriber']);
      expect(closed.messages).toMatchObject({ lost: lostAtRule.length, duplicates: 0 });
      expect(closed.observers.subscriber).toMatchObject({
        due: plan.load.messages,
        lost: lostAtSubscriber.length,
        duplicates: again.length,
      });
      expect(closed.latencies.transit.count).toBe(plan.load.messages - lostAtRule.length);
      expect(checkLedger(closed)).toEqual([]);
    });
    fc.assert(property, randomCases(20));
  });

  it('has equations of its own', () => {
    const ledger = makeLedger(plan, { outline: outline });
    for (const slice of slices) ledger.addSlice(resultWith(slice, echoedOf(slice)));
    const window = windowOf(plan, [[0, 1]]);
    ledger.addWindow({ ...window, observer: 'subscriber', seen: { '17': [0, 1] } });
    expect(checkLedger(ledger.close())).toContainEqual({
      equation: 'messages that arrived unsent = 0 (subscriber)',
      left: 1,
      right: 0,
    });
  });
});
