import { describe, expect, it } from '@jest/globals';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { readEnvelope } from '../../../src/measure/rule-record.ts';
import { RunArrivals } from '../../../src/measure/run-arrivals.ts';
import type { SubscriberRecord } from '../../../src/measure/subscriber-record.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { firstSubscriberSlice } from '../../../src/plan/subscribers.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';
import {
  subscribed,
  subscriberRecordOf,
  subscriberWindowOf,
  testBroker,
} from '../../support/measure/subscribed-run.ts';

const qos1 = subscribed(planOf(), testBroker);
const qos0 = subscribed(planOf({ publish: { qos: 0 } }), testBroker);

function messagesOf(plan: Plan): [slice: number, n: number][] {
  return Array.from({ length: plan.slices.count }, (_, slice) => slice).flatMap((slice) =>
    Array.from({ length: resultOf(plan, slice).messages.sent }, (_, n): [number, number] => [slice, n]),
  );
}

/** A run of which the subscriber saw all messages but those of slice 1 with a number from 10 to 19, and from 90 to 99. */
function ledgerOf(plan: Plan, record: Partial<SubscriberRecord> | undefined) {
  const ledger = makeLedger(plan);
  for (let slice = 0; slice < plan.slices.count; slice++) ledger.addSlice(resultOf(plan, slice));
  const seen = messagesOf(plan).filter(
    ([slice, n]) => slice !== 1 || !((n >= 10 && n < 20) || (n >= 90 && n < 100)),
  );
  ledger.addWindow(subscriberWindowOf(plan, seen));
  if (record !== undefined) ledger.addSubscriber(subscriberRecordOf(plan, record));
  return ledger;
}

function closed(plan: Plan, record: Partial<SubscriberRecord> | undefined) {
  const ledger = ledgerOf(plan, record).close();
  expect(checkLedger(ledger)).toEqual([]);
  const { lost, unaccounted } = ledger.messages;
  return { lost, unaccounted, because: ledger.unaccountedBecause };
}

/** Of the 10 s ramp of slice 1, an instant between the two stretches that are missing. */
const between = qos1.timeline.publishAt + 5_000;
const gap = { from: between - 500, until: between };

describe('messages that did not come to a subscriber', () => {
  it('are lost where it was subscribed all the time', () => {
    expect(closed(qos1, {})).toEqual({ lost: 20, unaccounted: 0, because: [] });
    expect(closed(qos0, {})).toEqual({ lost: 20, unaccounted: 0, because: [] });
  });

  it('are not known to be lost at QoS 0 where it was away, if they were due before it was back', () => {
    const away = closed(qos0, { gaps: [{ ...gap, isSessionKept: null }] });
    expect(away.lost + away.unaccounted).toBe(20);
    expect(away.unaccounted).toBe(10);
    expect(away.because).toEqual(['subscriber 10000 lost its connection 1 time and was away for 500 ms']);
  });

  it('are lost at QoS 1 whether the broker kept the session that it promised or not', () => {
    for (const isSessionKept of [true, false])
      expect(closed(qos1, { gaps: [{ ...gap, isSessionKept }] })).toMatchObject({ lost: 20, unaccounted: 0 });
    // It did not come back: whether the broker still holds them is not known.
    const gone = closed(qos1, { gaps: [{ from: between, until: null, isSessionKept: null }] });
    expect(gone).toMatchObject({ lost: 0, unaccounted: 20 });
  });

  it('are not known to be lost where it was subscribed late, for those due before', () => {
    const late = closed(qos1, { subscribedAt: between });
    expect(late).toMatchObject({ lost: 10, unaccounted: 10 });
    expect(late.because).toEqual(['subscriber 10000 was subscribed 5 s after publishing began']);
    expect(closed(qos1, { subscribedAt: null }).unaccounted).toBe(20);
  });

  it.each<[string, Partial<SubscriberRecord> | undefined, RegExp]>([
    ['it left no record', undefined, /10000 did not come to its end/],
    ['it died after a record', { outcome: 'running' }, /10000 did not come to its end/],
    ['it failed', { outcome: 'failed', reason: 'no room' }, /10000 failed: no room/],
    ['they still came when it ended', { lastArrivalAt: qos1.timeline.drainEndAt + 1_500 }, /still came/],
  ])('are not known to be lost where %s', (_, record, why) => {
    const { lost, unaccounted, because } = closed(qos1, record);
    expect({ lost, unaccounted }).toEqual({ lost: 0, unaccounted: 20 });
    expect(because.join()).toMatch(why);
  });

  it('of a subscriber that died, its death says why', () => {
    const ledger = ledgerOf(qos1, undefined);
    expect(ledger.haveSubscribersEnded).toBe(false);
    ledger.addDeath({ slice: firstSubscriberSlice, leg: 0, failure: { Error: 'Runtime.ExitError' } });
    expect(ledger.haveSubscribersEnded).toBe(true);
    const { unaccountedBecause, slices } = ledger.close();
    expect(unaccountedBecause).toEqual(['subscriber 10000 did not come to its end (Runtime.ExitError)']);
    // It is none of the slices that publish.
    expect(slices).toMatchObject({ planned: 4, completed: 4, died: 0 });
  });

  it('of a run that goes on are missing, whatever its subscriber will store', () => {
    expect(ledgerOf(qos1, undefined).closeSoFar().messages).toMatchObject({ lost: 20, unaccounted: 0 });
  });
});

describe('messages of users that did not come to a subscriber', () => {
  const users = { devices: undefined, stages: undefined, users: 40, thinkTime: '1s', duration: '10s' };
  const startedEachSecond = 10;
  const seconds = 10;

  /**
   * A run of which each slice started ten messages a second, and the subscriber saw all but those of the seconds 2 and 9 of slice 1.
   * @param streams of each slice, which take turns
   */
  function closedOf(profile: object, record: Partial<SubscriberRecord>, streams = 1) {
    const plan = subscribed(planOf({ ...users, ...profile }), testBroker);
    const { publishAt } = plan.timeline;
    const ledger = makeLedger(plan);
    const each = (startedEachSecond * seconds) / streams;
    const all = new IntervalSet();
    all.addRange(0, each);
    for (let slice = 0; slice < plan.slices.count; slice++) {
      const result = resultOf(plan, slice, []);
      const perSecond = Array.from({ length: seconds }, () => startedEachSecond);
      const messages = startedEachSecond * seconds;
      ledger.addSlice({
        ...result,
        messages: { ...result.messages, intended: messages, sent: messages, acked: messages, dropped: 0 },
        droppedBy: {},
        streams: Array.from({ length: streams }, () => ({
          intended: each,
          sent: all.encode(),
          stageEnds: [],
        })),
        perSecond: {
          startSecond: Math.floor(publishAt / 1_000),
          intended: perSecond,
          sent: perSecond,
          acked: perSecond,
          connected: perSecond,
        },
      });
    }
    const isMissed = (slice: number, n: number) => {
      const second = Math.floor((n * streams) / startedEachSecond);
      return slice === 1 && (second === 2 || second === 9);
    };
    const arrivals = new RunArrivals(plan.runId, 'subscriber');
    for (let slice = 0; slice < plan.slices.count; slice++)
      for (let stream = 0; stream < streams; stream++)
        for (let n = 0; n < each; n++) {
          if (isMissed(slice, n)) continue;
          const own = {
            run: plan.runId,
            slice,
            deviceGroup: 0,
            stream,
            n,
            device: 0,
            at: publishAt,
            sent: publishAt,
          };
          arrivals.addReceived(own, publishAt + 40);
        }
    ledger.addWindow(arrivals.window('10000-0', { notJson: 0, noEnvelope: 0 }));
    ledger.addSubscriber(subscriberRecordOf(plan, record));
    const closedLedger = ledger.close();
    expect(checkLedger(closedLedger)).toEqual([]);
    const { lost, unaccounted } = closedLedger.messages;
    return { lost, unaccounted };
  }

  const { publishAt } = planOf(users).timeline;
  const awayUntil = (ms: number) => ({
    gaps: [{ from: publishAt + ms - 500, until: publishAt + ms, isSessionKept: null }],
  });

  it('are not known to be lost only if they were started before it was back, to the second', () => {
    expect(closedOf({}, {})).toEqual({ lost: 20, unaccounted: 0 });
    // With the second for clocks, and the rest of the second in which that ends.
    expect(closedOf({}, awayUntil(500))).toEqual({ lost: 20, unaccounted: 0 });
    expect(closedOf({}, awayUntil(5_000))).toEqual({ lost: 10, unaccounted: 10 });
    expect(closedOf({}, awayUntil(8_500))).toEqual({ lost: 0, unaccounted: 20 });
    expect(closedOf({}, { subscribedAt: publishAt + 5_000 })).toEqual({ lost: 10, unaccounted: 10 });
    expect(closedOf({}, { outcome: 'failed' })).toEqual({ lost: 0, unaccounted: 20 });
  });

  it('are bounded by the counts of both streams where some devices echo and others do not', () => {
    // Five of each stream a second. Up to 5 s, with the second for clocks and the rest of that in which it ends, 70 of both; each has 50.
    expect(closedOf({ echo: { fraction: 0.5 } }, awayUntil(5_000), 2)).toEqual({ lost: 0, unaccounted: 20 });
    expect(closedOf({ echo: { fraction: 0.5 } }, awayUntil(2_000), 2)).toEqual({ lost: 10, unaccounted: 10 });
  });
});

describe('two observers of one run', () => {
  const plan = subscribed(planOf());

  it('are accounted for each by itself, and compared message by message', () => {
    const ledger = ledgerOf(plan, {});
    ledger.addWindow(
      windowOf(
        plan,
        messagesOf(plan).filter(([slice, n]) => slice !== 1 || n < 10 || n >= 25),
      ),
    );
    const { observers, compared, messages } = ledger.close();
    expect(messages.lost).toBe(15);
    expect(observers.rule).toMatchObject({ lost: 15 });
    expect(observers.subscriber).toMatchObject({ lost: 20, unaccounted: 0 });
    expect(compared).toEqual({
      observers: ['rule', 'subscriber'],
      onlyAtFirst: 5,
      onlyAtSecond: 10,
      atBoth: 10,
    });
  });

  it('what the queue holds is of the rule alone', () => {
    const ledger = ledgerOf(plan, {});
    ledger.addWindow(windowOf(plan, messagesOf(plan).slice(30)));
    const { observers } = ledger.close({ unread: 12, deadLetters: [], unseen: 0, unseenBecause: [] });
    expect(observers.rule).toMatchObject({ notRead: 12, lost: 18 });
    expect(observers.subscriber).toMatchObject({ notRead: 0, lost: 20 });
  });

  it('windows of a rule that the run does not count by are passed over', () => {
    const ledger = ledgerOf(qos1, {});
    ledger.addWindow(windowOf(qos1, messagesOf(qos1)));
    expect(ledger.close().messages.lost).toBe(20);
  });
});

describe('the envelope of a received message', () => {
  const envelope = { run: 'r-1', slice: 3, deviceGroup: 2, n: 7, device: 4, at: 1.5, sent: 2.25 };

  it('is read from its beginning, or from anywhere in a JSON object', () => {
    const expected = { ...envelope, stream: 0 };
    const message = { stampede: envelope, text: '}{"', padding: 'xxx' };
    expect(readEnvelope(Buffer.from(JSON.stringify(message)))).toEqual(expected);
    expect(readEnvelope(Buffer.from(JSON.stringify({ first: 1, ...message })))).toEqual(expected);
  });

  it.each([
    ['notJson', 'hello'],
    ['notJson', '{"stampede":{"run":"r-1",'],
    ['noEnvelope', '{}'],
    ['noEnvelope', 'null'],
    ['noEnvelope', '{"stampede":{"run":"r-1"}}'],
  ])('is none (%s): %s', (what, payload) => {
    expect(readEnvelope(Buffer.from(payload))).toBe(what);
  });
});
