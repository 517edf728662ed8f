import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { LiveAction } from '../../../src/plan/actions/action.ts';
import { stopAction } from '../../../src/plan/actions/stop.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf, resultOf, streamsDue, windowOf } from '../../support/measure/run-fixture.ts';

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
      sendUnknown: 0,
      acked: messages,
      throttled: 0,
      failed: 0,
      unacknowledged: 0,
      ackUnknown: 0,
      arrivals: messages,
      received: messages,
      duplicates: 0,
      lost: 0,
      notRead: 0,
      deadLettered: 0,
      unaccounted: 0,
    });
    expect(ledger.devices).toEqual({
      planned: 40,
      connected: 40,
      unknown: 0,
      connectFailed: 0,
      reconnects: 0,
    });
    expect(ledger.stages).toEqual([{ intended: messages, sent: messages }]);
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
    fc.assert(property, randomCases(40));
  });

  it('refuses a short list that stands for more numbers than the run has', () => {
    const result = { ...resultOf(plan, 0), streams: [{ intended: 1, sent: [0, Number.MAX_SAFE_INTEGER] }] };
    expect(() => makeLedger(plan).addSlice(result)).toThrow(/larger than the plan allows/);
    const window = { ...windowOf(plan, [[0, 1]]), seen: { '0': [0, Number.MAX_SAFE_INTEGER] } };
    expect(() => makeLedger(plan).addWindow(window)).toThrow(
      /An arrival window of 1 messages with 9007199254740991/,
    );
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
    expect(() => ledger.addSlice(flawless(1))).toThrow(/A second result of slice 1/);
    expect(() => ledger.addSlice({ ...flawless(0), slice: 4 })).toThrow(/slice 4 of a plan with 4 slices/);
  });
});

describe('a slice that died', () => {
  const slice = sliceOf(plan, 2);
  const share = slice.messages;
  const schedule = makeSliceSchedule(slice);
  const dueAt = (n: number) => plan.timeline.publishAt + schedule.offsetMs(n);
  const half = Math.floor(share / 2);
  const firstHalf = Array.from({ length: half }, (_, n) => n);
  const full = resultOf(plan, 2, firstHalf);
  const checkpoint: SliceResult = {
    ...full,
    outcome: 'running',
    at: dueAt(half - 1),
    devices: { ...full.devices, connected: 8 },
    messages: { ...full.messages, intended: half, dropped: 0 },
    streams: streamsDue(full, half),
    droppedBy: {},
  };
  const others = [0, 1, 3].map(flawless);
  const othersArrived = [0, 1, 3].map((each) => windowOf(plan, allOf(plan, each)));
  const after = Array.from({ length: 10 }, (_, i): [number, number] => [2, half + i]);
  const arrived = [...firstHalf.slice(5).map((n): [number, number] => [2, n]), ...after];

  it('sent what its checkpoint says and what arrived from it; of the rest nothing is known', () => {
    const ledger = closed([...others, checkpoint], [...othersArrived, windowOf(plan, arrived)]);
    expect(ledger.slices).toMatchObject({ completed: 3, died: 1 });
    expect(ledger.messages).toMatchObject({
      intended: plan.load.messages,
      sent: plan.load.messages - share + half + 10,
      dropped: 0,
      sendUnknown: share - half - 10,
      unacknowledged: 0,
      ackUnknown: 10,
      lost: 5,
    });
    expect(ledger.droppedBy).toEqual({});
    expect(ledger.knownUntil).toEqual([checkpoint.at]);
    // All ten devices sent something that arrived, whatever the checkpoint says.
    expect(ledger.devices).toMatchObject({ planned: 40, connected: 40, unknown: 0 });
    expect(checkLedger(ledger)).toEqual([]);
  });

  it('never sent what was due after its death, where that is known', () => {
    const ledger = makeLedger(plan);
    for (const result of [...others, checkpoint]) ledger.addSlice(result);
    const at = dueAt(half + 19) - 999.5;
    ledger.addDeath({ slice: 2, leg: 0, at, failure: { Error: 'Runtime.ExitError' } });
    ledger.addWindow(windowOf(plan, arrived));
    const { messages, droppedBy, ...closedLedger } = ledger.close();
    expect(messages).toMatchObject({ dropped: share - half - 20, sendUnknown: 10 });
    expect(droppedBy).toEqual({ 'slice-died': share - half - 20 });
    expect(checkLedger({ messages, droppedBy, ...closedLedger })).toEqual([]);
  });

  it('may have lived on where only the waiting for it ended', () => {
    const ledger = makeLedger(plan);
    ledger.addSlice(checkpoint);
    ledger.addDeath({ slice: 2, leg: 0, at: checkpoint.at, failure: { Error: 'States.Timeout' } });
    expect(ledger.close().messages).toMatchObject({ dropped: 0 });
  });

  it('does not take for decided what its checkpoint says was not', () => {
    const open: SliceResult = {
      ...checkpoint,
      messages: {
        ...checkpoint.messages,
        intended: half + 7,
        dropped: 7,
        acked: half - 4,
        unacknowledged: 4,
      },
      droppedBy: { 'not-connected': 5, backlog: 2 },
      streams: streamsDue(checkpoint, half + 7),
      undecided: { waiting: { 'not-connected': 3, backlog: 2 }, inFlight: 3 },
    };
    const ledger = closed([...others, open], othersArrived);
    expect(ledger.messages).toMatchObject({ dropped: 2, unacknowledged: 1, ackUnknown: 3 });
    expect(ledger.messages.sendUnknown).toBe(share - half - 2);
    expect(ledger.droppedBy).toEqual({ 'not-connected': 2 });
    expect(checkLedger(ledger)).toEqual([]);
  });

  it('is right of every message, whatever it had stored, what arrived and when it died', () => {
    const property = fc.property(
      fc.nat(share),
      fc.nat(share),
      fc.nat(share),
      fc.boolean(),
      fc.uniqueArray(fc.nat(share - 1)),
      (stored, wentOn, skipped, hasRecord, arrivals) => {
        // The truth: every message but the skipped ones was sent up to the death; some of them arrived.
        const truth = Array.from({ length: Math.min(share, stored + wentOn) }, (_, n) => n);
        const sent = truth.filter((n) => n % 97 !== skipped % 97);
        const received = arrivals.filter((n) => sent.includes(n));
        const recorded = sent.filter((n) => n < stored);
        const base = resultOf(plan, 2, recorded);
        const record: SliceResult = {
          ...base,
          outcome: 'running',
          at: dueAt(Math.max(0, stored - 1)),
          messages: { ...base.messages, intended: stored, dropped: stored - recorded.length },
          streams: streamsDue(base, stored),
          droppedBy: { backlog: stored - recorded.length },
        };
        const ledger = makeLedger(plan);
        if (hasRecord) ledger.addSlice(record);
        if (received.length > 0)
          ledger.addWindow(
            windowOf(
              plan,
              received.map((n) => [2, n]),
            ),
          );
        const at = dueAt(Math.max(0, truth.length - 1));
        ledger.addDeath({ slice: 2, leg: 0, at, failure: { Error: 'Runtime.ExitError' } });
        for (const other of others) ledger.addSlice(other);
        const { messages, ...rest } = ledger.close();
        const mine = (all: number, perOther: (result: SliceResult) => number) =>
          all - others.reduce((sum, result) => sum + perOther(result), 0);
        const sentKnown = mine(messages.sent, (result) => result.messages.sent);
        const droppedKnown = messages.dropped;
        expect(messages.intended).toBe(plan.load.messages);
        expect(sentKnown).toBeLessThanOrEqual(sent.length);
        expect(sentKnown + messages.sendUnknown).toBeGreaterThanOrEqual(sent.length);
        expect(droppedKnown).toBeLessThanOrEqual(share - sent.length);
        expect(droppedKnown + messages.sendUnknown).toBeGreaterThanOrEqual(share - sent.length);
        expect(checkLedger({ messages, ...rest })).toEqual([]);
      },
    );
    fc.assert(property, randomCases(200));
  });

  it('is listed with its cause, once a cause', () => {
    const ledger = makeLedger(plan);
    ledger.addSlice(flawless(0));
    ledger.addSlice(checkpoint);
    const killed = (requestId: string) => ({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
    });
    for (const slice of [0, 1, 2]) {
      const Cause = JSON.stringify(killed(`00000000-0000-4000-8000-00000000000${slice}`));
      ledger.addDeath({ slice, leg: 0, failure: { Error: 'Runtime.ExitError', Cause } });
    }
    ledger.addDeath({ slice: 3, leg: 0, failure: { Error: 'States.Timeout' } });
    // Slice 0 left its result all the same.
    expect(ledger.close().sliceDiedBy).toEqual({
      'Runtime.ExitError: Runtime exited with error: signal: killed': 2,
      'States.Timeout: it had not ended by the deadline of the plan': 1,
    });
  });

  it('may leave nothing at all', () => {
    const ledger = closed(others, [...othersArrived, windowOf(plan, [[2, 7]])]);
    expect(ledger.slices).toMatchObject({ died: 1 });
    expect(ledger.knownUntil).toEqual([]);
    expect(ledger.messages).toMatchObject({
      intended: plan.load.messages,
      dropped: 0,
      sendUnknown: share - 1,
      ackUnknown: 1,
      lost: 0,
    });
    expect(ledger.devices).toMatchObject({ connected: 31, unknown: 9 });
    expect(checkLedger(ledger)).toEqual([]);
  });

  it('owes nothing more than was due when the run was stopped', () => {
    const at = dueAt(half + 3) + 0.001;
    const stopped = {
      ...flawless(0),
      outcome: 'stopped',
      reason: 'stopped by the user',
      stoppedOn: { command: 'stop', reason: 'stopped by the user', at },
    } as const;
    const ledger = closed([stopped, flawless(1), checkpoint, flawless(3)], []);
    expect(ledger.messages).toMatchObject({
      intended: plan.load.messages - share + half + 4,
      dropped: 0,
      sendUnknown: 4,
    });
    expect(ledger.stoppedBy).toEqual({ 'stopped by the user': 1 });
    expect(checkLedger(ledger)).toEqual([]);
  });

  it('takes the instant of a stop from the stored actions, else from what slices were stopped on', () => {
    const stop = (afterMs: number, reason: string): LiveAction => ({
      at: plan.timeline.publishAt + afterMs,
      action: stopAction({ reason }),
    });
    const closedWith = (results: readonly SliceResult[], actions: readonly LiveAction[]) => {
      const ledger = makeLedger(plan);
      for (const result of results) ledger.addSlice(result);
      for (const action of actions) ledger.addAction(action);
      return ledger.close();
    };
    const stopped = { ...flawless(0), outcome: 'stopped', reason: 'lost the channel' } as const;
    const received = { command: 'stop', reason: 'by hand', at: plan.timeline.publishAt + 3_000 } as const;
    const others = [flawless(1), checkpoint, flawless(3)];
    const actions = [stop(5_000, 'first'), stop(4_000, 'earlier'), { at: 0, action: { kind: 'rate' } }];
    expect(closedWith([stopped, ...others], actions).stoppedOn).toMatchObject({ reason: 'earlier' });
    expect(closedWith([{ ...stopped, stoppedOn: received }, ...others], []).stoppedOn).toEqual(received);
    expect(closedWith([{ ...stopped, stoppedOn: received }, ...others], actions).stoppedOn).toEqual(received);
    // It came after the end of every slice.
    expect(closedWith([flawless(0), ...others], actions).stoppedOn).toBeUndefined();
  });

  it('owes only what its checkpoint had intended while the run goes on', () => {
    const ledger = makeLedger(plan);
    ledger.addSlice(checkpoint);
    const soFar = ledger.closeSoFar();
    expect(soFar.messages).toMatchObject({ intended: half, sent: half, dropped: 0, sendUnknown: 0 });
    expect(soFar.devices).toMatchObject({ connected: 10, unknown: 30 });
  });
});

describe('stages', () => {
  const staged = planOf({
    stages: [
      { duration: '3s', target: 300 },
      { duration: '10s', target: 300 },
      { duration: '1700ms', target: 12 },
    ],
  });
  const all = Array.from({ length: staged.slices.count }, (_, slice) => resultOf(staged, slice));

  it('divide the messages by the schedule, to the message, whenever the run began', () => {
    const { stages, messages } = closed(all, [], staged);
    expect(stages[1]).toEqual({ intended: 3_000, sent: 3_000 });
    expect(stages[0]?.intended).toBe(450);
    expect(stages.reduce((sum, { intended }) => sum + intended, 0)).toBe(messages.intended);
    for (const shiftMs of [0, 137.4, 999]) {
      const { timeline } = staged;
      const shifted = { ...staged, timeline: { ...timeline, publishAt: timeline.publishAt + shiftMs } };
      expect(closed(all, [], shifted).stages).toEqual(stages);
    }
  });

  it('count as sent what was sent of theirs', () => {
    const without = resultOf(
      staged,
      0,
      Array.from({ length: 200 }, (_, n) => n),
    );
    const { stages, messages } = closed([without, ...all.slice(1)], [], staged);
    expect(stages.reduce((sum, { sent }) => sum + sent, 0)).toBe(messages.sent);
    expect(stages[2]!.sent).toBeLessThan(stages[2]!.intended);
  });
});

describe('a slice that failed', () => {
  it('counts what its devices had before them as dropped', () => {
    const failed: SliceResult = {
      ...resultOf(plan, 0, []),
      outcome: 'failed',
      reason: 'no device connected',
      messages: { ...resultOf(plan, 0, []).messages, intended: 30, dropped: 30 },
      streams: [{ intended: 30, sent: [] }],
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
      'sent = acked + throttled + failed + unacknowledged + not known',
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
