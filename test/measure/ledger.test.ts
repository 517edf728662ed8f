import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ArrivalWindow } from '../../src/measure/arrival-window.ts';
import { checkLedger } from '../../src/measure/check-ledger.ts';
import { makeLedger } from '../../src/measure/ledger.ts';
import type { SliceResult } from '../../src/measure/slice-result.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { sliceOf } from '../../src/plan/slices.ts';
import { planOf, resultOf, windowOf } from './run-fixture.ts';

const plan = planOf();
const sliceNumbers = Array.from({ length: plan.slices.count }, (_, slice) => slice);

function allOf(of: Plan, slice: number): [number, number][] {
  return Array.from({ length: sliceOf(of, slice).messages }, (_, n) => [slice, n]);
}

function closed(results: readonly SliceResult[], windows: readonly ArrivalWindow[], of = plan) {
  const ledger = makeLedger(of);
  for (const window of windows) ledger.addWindow(window);
  for (const result of results) ledger.addSlice(result);
  return ledger.close();
}

const flawless = (slice: number) => resultOf(plan, slice);

describe('Ledger', () => {
  it('accounts for every message of a run without a fault', () => {
    const ledger = closed(
      sliceNumbers.map(flawless),
      sliceNumbers.map((slice) => windowOf(plan, allOf(plan, slice))),
    );
    const { messages } = plan.load;
    expect(ledger.messages).toEqual({
      intended: messages,
      sent: messages,
      dropped: 0,
      acked: messages,
      throttled: 0,
      failed: 0,
      unacknowledged: 0,
      arrivals: messages,
      received: messages,
      duplicates: 0,
      lost: 0,
      notRead: 0,
      deadLettered: 0,
      unaccounted: 0,
    });
    expect(ledger.devices).toEqual({ planned: 40, connected: 40, connectFailed: 0, reconnects: 0 });
    expect(ledger.slices).toEqual({ planned: 4, completed: 4, stopped: 0, failed: 0, died: 0 });
    expect(ledger.latencies.end_to_end_latency.summary()).toMatchObject({ count: messages, max: 40.5 });
    expect(checkLedger(ledger)).toEqual([]);
  });

  it('counts drops, losses and duplicates to the message, however arrivals are cut into windows', () => {
    const shares = sliceNumbers.map((slice) => sliceOf(plan, slice).messages);
    const sentNumbers = fc.tuple(...shares.map((share) => fc.uniqueArray(fc.nat(share - 1))));
    const property = fc.property(sentNumbers, fc.infiniteStream(fc.nat(9)), fc.nat(6), (sent, dice, cuts) => {
      const roll = () => dice.next().value ?? 0;
      const arrivals: [number, number][] = [];
      let [lost, duplicates] = [0, 0];
      for (const [slice, numbers] of sent.entries()) {
        for (const n of numbers) {
          const face = roll();
          if (face === 0) lost++;
          else arrivals.push([slice, n]);
          if (face === 9) duplicates++;
          if (face === 9) arrivals.push([slice, n]);
        }
      }
      const windows = Array.from({ length: cuts + 1 }, (_, cut) =>
        arrivals.filter((_, i) => (i * 7) % (cuts + 1) === cut),
      );
      const ledger = closed(
        sent.map((numbers, slice) => resultOf(plan, slice, numbers)),
        windows
          .filter((window) => window.length > 0)
          .map((window, i) => windowOf(plan, window, `batch ${i}`)),
      );
      const sentTotal = sent.flat().length;
      expect(ledger.messages).toMatchObject({
        intended: plan.load.messages,
        sent: sentTotal,
        dropped: plan.load.messages - sentTotal,
        arrivals: arrivals.length,
        received: sentTotal - lost,
        duplicates,
        lost,
      });
      expect(checkLedger(ledger)).toEqual([]);
    });
    fc.assert(property, { numRuns: 40 });
  });

  it('does not count a window that comes twice', () => {
    const window = windowOf(plan, allOf(plan, 0));
    expect(closed([flawless(0)], [window, window]).messages).toMatchObject({
      arrivals: window.arrivals,
      duplicates: 0,
    });
  });

  it('adds up the seconds of slices and windows', () => {
    const { perSecond } = closed(sliceNumbers.map(flawless), [windowOf(plan, allOf(plan, 1))]);
    expect(perSecond).toEqual({
      startSecond: Math.floor(plan.timeline.publishAt / 1000),
      intended: [plan.load.messages],
      sent: [plan.load.messages],
      acked: [plan.load.messages],
      echoed: [0],
      connected: [40],
      arrivals: [sliceOf(plan, 1).messages],
    });
  });

  it('leaves what lies far from the run out of the series, and in the ledger', () => {
    const early = { ...windowOf(plan, [[0, 0]]), perSecond: { startSecond: 0, arrivals: [1] } };
    const ledger = closed([flawless(0)], [early]);
    expect(ledger.messages.arrivals).toBe(1);
    expect(ledger.perSecond.arrivals).toEqual([0]);
  });

  it('refuses a slice that comes twice, or that the plan does not have', () => {
    const ledger = makeLedger(plan);
    ledger.addSlice(flawless(1));
    expect(() => ledger.addSlice(flawless(1))).toThrow(RangeError);
    expect(() => ledger.addSlice({ ...flawless(0), slice: 4 })).toThrow(RangeError);
  });
});

describe('a slice that died', () => {
  const share = sliceOf(plan, 2).messages;
  const half = Math.floor(share / 2);
  const firstHalf = Array.from({ length: half }, (_, n) => n);
  const checkpoint: SliceResult = {
    ...resultOf(plan, 2, firstHalf),
    outcome: 'running',
    messages: { ...resultOf(plan, 2, firstHalf).messages, intended: half, dropped: 0 },
    droppedBy: {},
  };
  const others = [0, 1, 3].map(flawless);
  const othersArrived = [0, 1, 3].map((slice) => windowOf(plan, allOf(plan, slice)));

  it('sent what its checkpoint says and what arrived from it; the rest of its share is dropped', () => {
    const after = Array.from({ length: 10 }, (_, i): [number, number] => [2, half + i]);
    const arrived = [...firstHalf.slice(5).map((n): [number, number] => [2, n]), ...after];
    const ledger = closed([...others, checkpoint], [...othersArrived, windowOf(plan, arrived)]);
    expect(ledger.slices).toMatchObject({ completed: 3, died: 1 });
    expect(ledger.messages).toMatchObject({
      intended: plan.load.messages,
      sent: plan.load.messages - share + half + 10,
      dropped: share - half - 10,
      unacknowledged: 10,
      lost: 5,
    });
    expect(ledger.droppedBy).toEqual({ 'slice-died': share - half - 10 });
    expect(checkLedger(ledger)).toEqual([]);
  });

  it('is told with what it died of, once a cause', () => {
    const ledger = makeLedger(plan);
    ledger.addSlice(flawless(0));
    ledger.addSlice(checkpoint);
    const killed = (requestId: string) => ({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
    });
    for (const slice of [0, 1, 2]) {
      const Cause = JSON.stringify(killed(`00000000-0000-4000-8000-00000000000${slice}`));
      ledger.addDeath({ slice, fault: { Error: 'Runtime.ExitError', Cause } });
    }
    ledger.addDeath({ slice: 3, fault: { Error: 'States.Timeout' } });
    // Slice 0 left its result all the same.
    expect(ledger.close().sliceDiedBy).toEqual({
      'Runtime.ExitError: Runtime exited with error: signal: killed': 2,
      'States.Timeout': 1,
    });
  });

  it('may leave nothing at all', () => {
    const ledger = closed(others, [...othersArrived, windowOf(plan, [[2, 7]])]);
    expect(ledger.slices).toMatchObject({ died: 1 });
    expect(ledger.messages).toMatchObject({ intended: plan.load.messages, dropped: share - 1, lost: 0 });
    expect(checkLedger(ledger)).toEqual([]);
  });

  it('owes nothing more in a run that was stopped', () => {
    const stopped = { ...flawless(0), outcome: 'stopped', reason: 'stopped by the user' } as const;
    const ledger = closed([stopped, flawless(1), checkpoint, flawless(3)], []);
    expect(ledger.messages).toMatchObject({ intended: plan.load.messages - share + half, dropped: 0 });
    expect(ledger.stoppedBy).toEqual({ 'stopped by the user': 1 });
    expect(checkLedger(ledger)).toEqual([]);
  });
});

describe('a slice that failed', () => {
  it('counts what its devices had before them as dropped', () => {
    const failed: SliceResult = {
      ...resultOf(plan, 0, []),
      outcome: 'failed',
      reason: 'no device connected',
      messages: { ...resultOf(plan, 0, []).messages, intended: 30, dropped: 30 },
      droppedBy: { 'not-connected': 30 },
    };
    const ledger = closed([failed, ...[1, 2, 3].map(flawless)], []);
    const share = sliceOf(plan, 0).messages;
    expect(ledger.messages).toMatchObject({ intended: plan.load.messages, dropped: share });
    expect(ledger.droppedBy).toEqual({ 'slice-failed': share - 30, 'not-connected': 30 });
    expect(ledger.sliceFailedBy).toEqual({ 'no device connected': 1 });
    expect(checkLedger(ledger)).toEqual([]);
  });
});

describe('checkLedger', () => {
  const equationsOf = (results: readonly SliceResult[], windows: readonly ArrivalWindow[] = []) =>
    checkLedger(closed(results, windows)).map(({ equation }) => equation);

  function skewed(counts: Partial<SliceResult['messages']>): SliceResult[] {
    const first = flawless(0);
    return [{ ...first, messages: { ...first.messages, ...counts } }, ...[1, 2, 3].map(flawless)];
  }

  it('finds an acknowledgement too many', () => {
    expect(equationsOf(skewed({ acked: 999 }))).toEqual([
      'sent = acked + throttled + failed + unacknowledged',
    ]);
  });

  it('does not look for acknowledgements where there are none', () => {
    const quiet = planOf({ publish: { qos: 0 } });
    const results = sliceNumbers.map((slice) => {
      const result = resultOf(quiet, slice);
      return { ...result, messages: { ...result.messages, acked: 0 } };
    });
    expect(checkLedger(closed(results, [], quiet))).toEqual([]);
  });

  it('finds a slice that intended less than its share', () => {
    expect(equationsOf(skewed({ intended: 1, dropped: 1 }))).toContain('intended = planned');
  });

  it('finds a count that differs from its set', () => {
    expect(equationsOf(skewed({ sent: 1 }))).toContain('slices whose counts differ from their sets = 0');
  });

  it('finds messages that arrived and were never sent', () => {
    const results = [resultOf(plan, 0, [0, 1, 2]), ...[1, 2, 3].map(flawless)];
    const windows = [
      windowOf(plan, [
        [0, 2],
        [0, 3],
        [17, 0],
      ]),
    ];
    const broken = checkLedger(closed(results, windows));
    expect(broken).toContainEqual({ equation: 'messages that arrived unsent = 0', left: 2, right: 0 });
  });
});
