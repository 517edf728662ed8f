import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { makeDeviceTurns } from '../../../src/plan/device-turns.ts';
import { outlineOf, type RunOutline } from '../../../src/plan/run-outline.ts';
import { countDueBefore } from '../../../src/plan/schedule.ts';
import type { ScheduledStream } from '../../../src/plan/streams.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';

/** A kind of message beside that of the plan: one every 500 ms of the ten seconds, in each slice. */
const perSlice = 20;
const plan = planOf();
const planned = outlineOf(plan);
const outline: RunOutline = {
  ...planned,
  messages: planned.messages + perSlice * plan.slices.count,
  streamsOf: (slice) => [
    ...planned.streamsOf(slice),
    { messages: perSlice, offsetMs: (n) => n * 500, turns: makeDeviceTurns(10) },
  ],
};

function resultWith(slice: number, sent: readonly number[], more: Partial<SliceResult> = {}): SliceResult {
  const first = resultOf(plan, slice);
  const numbers = new IntervalSet();
  for (const n of sent) numbers.add(n);
  const { messages } = first;
  return {
    ...first,
    messages: {
      ...messages,
      intended: messages.intended + perSlice,
      sent: messages.sent + numbers.count,
      dropped: perSlice - numbers.count,
      acked: messages.acked + numbers.count,
    },
    droppedBy: { backlog: perSlice - numbers.count },
    streams: [...first.streams, { intended: perSlice, sent: numbers.encode() }],
    ...more,
  };
}

const slices = Array.from({ length: plan.slices.count }, (_, slice) => slice);
const allOf = (slice: number, stream: number) =>
  Array.from({ length: outline.streamsOf(slice)[stream]!.messages }, (_, n): [number, number, number] => [
    slice,
    n,
    stream,
  ]);
const everyNumber = Array.from({ length: perSlice }, (_, n) => n);

describe('a run whose slices have two streams', () => {
  it('counts the same number of either stream apart', () => {
    const ledger = makeLedger(plan, { outline: outline });
    for (const slice of slices) ledger.addSlice(resultWith(slice, everyNumber));
    ledger.addWindow(
      windowOf(
        plan,
        slices.flatMap((slice) => [...allOf(slice, 0), ...allOf(slice, 1)]),
      ),
    );
    const closed = ledger.close();
    expect(closed.plannedMessages).toBe(plan.load.messages + 80);
    expect(closed.messages).toMatchObject({
      intended: closed.plannedMessages,
      received: closed.plannedMessages,
      duplicates: 0,
      lost: 0,
    });
    expect(closed.stages).toEqual([{ intended: closed.plannedMessages, sent: closed.plannedMessages }]);
    expect(checkLedger(closed)).toEqual([]);
  });

  it('finds what is lost and duplicated of each, to the message', () => {
    const numbers = fc.uniqueArray(fc.nat(perSlice - 1));
    const property = fc.property(numbers, numbers, numbers, (sent, lost, twice) => {
      const arrived = sent.filter((n) => !lost.includes(n));
      const again = arrived.filter((n) => twice.includes(n));
      const ledger = makeLedger(plan, { outline: outline });
      ledger.addSlice(resultWith(0, sent));
      for (const slice of slices.slice(1)) ledger.addSlice(resultWith(slice, []));
      const seen = [...arrived, ...again].map((n): [number, number, number] => [0, n, 1]);
      ledger.addWindow(windowOf(plan, [...slices.flatMap((slice) => allOf(slice, 0)), ...seen]));
      const closed = ledger.close();
      expect(closed.messages).toMatchObject({
        sent: plan.load.messages + sent.length,
        lost: sent.length - arrived.length,
        duplicates: again.length,
      });
      expect(checkLedger(closed)).toEqual([]);
    });
    fc.assert(property, randomCases(30));
  });

  it('takes a message of a stream that the plan does not have for one that nothing sent', () => {
    const ledger = makeLedger(plan, { outline: outline });
    for (const slice of slices) ledger.addSlice(resultWith(slice, []));
    const unplanned = Array.from({ length: 90 }, (_, i): [number, number, number] => [
      i % 9,
      i,
      2 + (i % 97),
    ]);
    ledger.addWindow(windowOf(plan, unplanned));
    expect(ledger.close().observers.rule).toMatchObject({
      received: 90,
      unsent: 90,
      lost: plan.load.messages,
    });
  });

  it('counts what was due of either stream when the slice died', () => {
    const [first] = outline.streamsOf(0) as readonly ScheduledStream[];
    // Recorded up to 4,000 ms; of the second stream the messages of 0, 500 … 3,500 ms.
    const recorded = countDueBefore(first!, 4_000);
    const sent = new IntervalSet();
    sent.addRange(0, recorded);
    const dead = resultWith(0, everyNumber.slice(0, 8));
    const counted = recorded + 8;
    const ledger = makeLedger(plan, { outline: outline });
    ledger.addSlice({
      ...dead,
      outcome: 'running',
      at: plan.timeline.publishAt + 4_000,
      messages: { ...dead.messages, intended: counted, sent: counted, dropped: 0, acked: counted },
      droppedBy: {},
      streams: [
        { intended: recorded, sent: sent.encode() },
        { intended: 8, sent: dead.streams[1]!.sent },
      ],
    });
    for (const slice of slices.slice(1)) ledger.addSlice(resultWith(slice, everyNumber));
    // A second before what the store says, as far as clocks may be apart: 4,600 ms.
    const diedBy = plan.timeline.publishAt + 3_600;
    ledger.addDeath({ slice: 0, leg: 0, at: diedBy, failure: { Error: 'Runtime.ExitError' } });
    const { messages, ...closed } = ledger.close();
    const meanwhile = countDueBefore(first!, 4_600) - recorded + 2;
    expect(meanwhile).toBeGreaterThan(2);
    expect(messages.sendUnknown).toBe(meanwhile);
    expect(closed.droppedBy).toEqual({ 'slice-died': first!.messages + perSlice - counted - meanwhile });
    expect(checkLedger({ messages, ...closed })).toEqual([]);
  });

  it('refuses a result with another number of streams', () => {
    expect(() => makeLedger(plan, { outline }).addSlice(resultOf(plan, 0))).toThrow(/with 1 streams/);
  });
});
