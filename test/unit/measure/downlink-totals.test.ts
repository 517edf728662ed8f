import { describe, expect, it } from '@jest/globals';
import type { DownlinkResult } from '../../../src/measure/downlink-result.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { LateSendRecord } from '../../../src/measure/late-sends.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { OfflineTimesRecord } from '../../../src/measure/offline-times.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { downlinksOf } from '../../../src/plan/downlinks.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { type ScheduledStream, streamsOf } from '../../../src/plan/streams.ts';
import { sumOf } from '../../../src/shared/counts.ts';
import { histogramOf, planOf, resultOf } from '../../support/measure/run-fixture.ts';

// Ten devices, and a backend that sends 100 commands in 10 s, one each 100 ms; then a drain of 2 s.

const commands = 100;
const groups = {
  locks: { devices: 10, idle: true },
  operator: { from: 'backend', command: { replyTimeout: '2s' }, ratePerSecond: 10 },
};
const profile = {
  devices: undefined,
  stages: undefined,
  slices: undefined,
  duration: '10s',
  publish: { ackTimeout: '3s' },
};
const plan = planOf({ ...profile, groups });
const { createdAt, publishAt, drainEndAt } = plan.timeline;
const [locks, operator] = [0, 1];

const numbers = (from: number, until: number) => Array.from({ length: until - from }, (_, i) => from + i);
function setOf(ranks: Iterable<number>) {
  const set = new IntervalSet();
  for (const rank of ranks) set.add(rank);
  return { [operator!]: set.encode() };
}

/** When command n is due, milliseconds after the first second of publishing began: 100 n + 50. */
const { offsetMs } = streamsOf(plan, operator!)[0] as ScheduledStream;

/** The whole tenth of a second in which publishing begins, epoch milliseconds. */
const zeroMs = Math.floor(publishAt / 100) * 100;

/** A stretch in which one of ten clients was not subscribed, milliseconds after `zeroMs`. */
type Offline = readonly [device: number, fromMs: number, untilMs: number];
function timesOf(stretches: readonly Offline[], devices = 10) {
  const times = new OfflineTimesRecord(devices, createdAt);
  for (const [device, fromMs, untilMs] of stretches) times.add(device, zeroMs + fromMs, zeroMs + untilMs);
  return times.encode();
}

/** Commands n that were sent so long after `zeroMs`, milliseconds. */
type Late = Readonly<Record<number, number>>;
function lateSendsOf(late: Late) {
  const lateSends = new LateSendRecord();
  for (const [n, sentMs] of Object.entries(late))
    lateSends.sent(Number(n), publishAt + offsetMs(Number(n)), zeroMs + sentMs);
  return lateSends.encode();
}

interface Situation {
  readonly of?: Plan;
  /** Numbers of the commands that did not come. */
  readonly missing: readonly number[];
  readonly receiver?: Partial<SliceResult>;
  readonly downlink?: Partial<DownlinkResult>;
  /** The largest of the backend's, where no command is late. */
  readonly sendLagMs?: number;
  readonly late?: Late;
  readonly backend?: Partial<SliceResult>;
}

/** What became of the missing commands. */
function close({
  of = plan,
  missing,
  receiver,
  downlink,
  sendLagMs = 1,
  late = {},
  ...situation
}: Situation) {
  const ledger = makeLedger(of);
  const deliveries = commands * downlinksOf(of)[0]!.fanOut;
  const seen = numbers(0, deliveries).filter((n) => !missing.includes(n));
  ledger.addSlice({
    ...resultOf(of, locks!),
    downlink: {
      arrivals: seen.length,
      unrelated: 0,
      seen: setOf(seen),
      offline: {},
      latency: histogramOf(seen.map(() => 5)),
      repliesSent: {},
      subscribeRefusedBy: {},
      ...downlink,
    },
    ...receiver,
  });
  const backend = resultOf(of, operator!);
  const lags = [sendLagMs];
  for (const [n, sentMs] of Object.entries(late)) {
    lags.push(sentMs - offsetMs(Number(n)));
  }
  const latencies = {
    ...backend.latencies,
    send_lag: histogramOf([...numbers(lags.length, commands).map(() => 0.5), ...lags]),
  };
  const streams = backend.streams.map((stream) => ({ ...stream, lateSends: lateSendsOf(late) }));
  ledger.addSlice({ ...backend, latencies, streams, ...situation.backend });
  const closed = ledger.close();
  const { offline, unknown, unknownBecause, kept, expired } = closed.downlink![0]!;
  expect(sumOf(Object.values(unknownBecause))).toBe(unknown);
  const because = Object.fromEntries(Object.entries(unknownBecause).filter(([, count]) => count > 0));
  return { offline, unknown, because, kept, expired, lost: missing.length - offline - unknown };
}

describe('commands that did not come', () => {
  it('are lost where their receivers waited for the drain', () => {
    const missing = numbers(95, 100);
    expect(close({ missing })).toMatchObject({ lost: 5, unknown: 0, offline: 0 });
  });

  it('may have been sent after their receivers had ended, by a backend that was late', () => {
    // Of the last 60, sent one each 100 ms, the last 30 were sent after 11 s: too late for receivers that ended at 12 s, less a second.
    const late = Object.fromEntries(numbers(40, 100).map((n, i) => [n, 8_001 + 100 * i]));
    const missing = numbers(30, 100);
    expect(close({ missing, late })).toMatchObject({
      lost: 40,
      unknown: 30,
      because: { 'receiver-ended': 30 },
    });
    expect(close({ missing, sendLagMs: 900 })).toMatchObject({ lost: 70, unknown: 0 });
  });

  it.each(['running', 'stopped'] as const)(
    'may have been under way for the ack timeout and the drain where a receiver is %s',
    (outcome) => {
      // At 8 s: what was due from 3 s on was to come by the plan, and 2 s of those were in flight.
      const receiver = { outcome, at: publishAt + 8_000 };
      const missing = [...numbers(20, 30), ...numbers(60, 100)];
      expect(close({ missing, receiver })).toMatchObject({ lost: 10, unknown: 40 });
    },
  );

  it('were offline where their device was when a late backend sent them', () => {
    // All devices were offline from 4 to 6 s, so what was due then is; commands 0 to 9 go to devices 0 to 9, and so on.
    const downlink = {
      offline: setOf(numbers(40, 60)),
      offlineTimes: timesOf(numbers(0, 10).map((device) => [device, 4_000, 6_000])),
    };
    const missing = numbers(30, 70);
    expect(close({ missing, downlink, sendLagMs: 900 })).toMatchObject({ lost: 20, offline: 20, unknown: 0 });
    // The backend stood still from 3.5 to 5 s: what was due until 3.95 s was sent at 5 s, the rest within a second of its time.
    const stopped = Object.fromEntries(numbers(35, 40).map((n) => [n, 5_001]));
    expect(close({ missing, downlink, late: stopped })).toMatchObject({ lost: 15, offline: 25, unknown: 0 });
    // From 4 to 8 s: 40 to 59 were due while the devices were offline, and were sent when they were subscribed again.
    const stoppedLonger = Object.fromEntries(numbers(40, 70).map((n) => [n, 8_001]));
    expect(close({ missing, downlink, late: stoppedLonger })).toMatchObject({
      lost: 40,
      offline: 0,
      unknown: 0,
    });
  });

  it('are not known only where the device was subscribed again within the tenth of a second in which they were sent', () => {
    // Device 3 is back at 6.03 s, device 4 at 6.2 s.
    const downlink = {
      offlineTimes: timesOf([
        [3, 4_000, 6_030],
        [4, 4_000, 6_200],
      ]),
    };
    const sentAt = (ms: number) =>
      close({ missing: [33, 34, 35], downlink, late: { 33: ms, 34: ms, 35: ms } });
    expect(sentAt(5_999)).toMatchObject({ offline: 2, unknown: 0, lost: 1 });
    expect(sentAt(6_010)).toMatchObject({ offline: 1, unknown: 1, because: { 'near-offline': 1 }, lost: 1 });
    expect(sentAt(6_150)).toMatchObject({ offline: 1, unknown: 0, lost: 2 });
    expect(sentAt(6_201)).toMatchObject({ offline: 0, unknown: 0, lost: 3 });
  });

  it('were kept, and expired, where sessions kept what a late backend sent', () => {
    // Device 3 is offline from 4 to 9 s, and its session keeps what comes from 5 s on; messages expire after two seconds.
    const expiring = planOf({
      ...profile,
      groups: { ...groups, operator: { ...groups.operator, publish: { messageExpiry: '2s' } } },
    });
    expect(expiring.timeline).toEqual(plan.timeline);
    const downlink = {
      kept: {},
      expired: {},
      offlineTimes: timesOf([[3, 4_000, 9_000]]),
      keptTimes: timesOf([[3, 5_000, 9_000]]),
    };
    const sentAt = (ms: number) =>
      close({ of: expiring, missing: [23, 33], downlink, late: { 23: 3_350.5, 33: ms } });
    expect(sentAt(4_500)).toMatchObject({ offline: 1, kept: 0, expired: 0, lost: 1 });
    expect(sentAt(6_850)).toMatchObject({ offline: 1, kept: 1, expired: 1, lost: 1 });
    expect(sentAt(7_050)).toMatchObject({ offline: 1, kept: 1, expired: 0, lost: 1 });
  });

  it('are not known where their backend died before it had recorded them', () => {
    // Each to ten devices, of which the last received none. The backend's last record has the first 50 of the 100.
    const broadcast = { ...groups.operator, command: { address: 'broadcast' } };
    const of = planOf({ ...profile, groups: { ...groups, operator: broadcast } });
    const { streams } = resultOf(of, operator!, numbers(0, 50));
    const missing = numbers(0, commands).map((n) => 10 * n + 9);
    const backend = { outcome: 'running' as const, streams };
    expect(close({ of, missing, backend })).toMatchObject({
      lost: 50,
      unknown: 50,
      because: { 'backend-ended': 50 },
    });
    // In the other direction: what it had sent late is on record.
    const late = { 40: 5_400 };
    const streamsWithLate = [{ ...streams[0]!, lateSends: lateSendsOf(late) }];
    const downlink = { offlineTimes: timesOf([[9, 5_300, 5_600]]) };
    const recorded = { outcome: 'running' as const, streams: streamsWithLate };
    expect(close({ of, missing, backend: recorded, downlink })).toMatchObject({
      lost: 49,
      offline: 1,
      unknown: 50,
    });
  });

  it('expired only where their devices say so', () => {
    const downlink = {
      offline: setOf(numbers(20, 60)),
      kept: setOf(numbers(30, 60)),
      expired: setOf([25, 30, 31]),
    };
    const closed = close({ missing: numbers(10, 50), downlink });
    expect(closed).toMatchObject({ lost: 10, unknown: 0, offline: 30, kept: 20, expired: 2 });
  });

  it('are not known where no receiver stored anything after they were due', () => {
    expect(drainEndAt).toBe(publishAt + 12_000);
    const receiver = { outcome: 'running', at: publishAt - 1_000 } as const;
    expect(close({ missing: numbers(0, 100), receiver })).toMatchObject({ lost: 0, unknown: 100 });
  });
});
