import { describe, expect, it } from '@jest/globals';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { LateSendRecord } from '../../../src/measure/late-sends.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { OfflineTimesRecord } from '../../../src/measure/offline-times.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { type ScheduledStream, streamsOf } from '../../../src/plan/streams.ts';
import { histogramOf, planOf, resultOf } from '../../support/measure/run-fixture.ts';

// Ten devices reply a second after each command. Two clients send 100 commands in turn in 10 s, one each 100 ms, from 50 ms on.

const commands = 100;
const plan = planOf({
  devices: undefined,
  stages: undefined,
  slices: undefined,
  duration: '10s',
  groups: {
    locks: { devices: 10, idle: true, reply: { delay: '1s' } },
    operator: { from: 'backend', devices: 2, command: { replyTimeout: '3s' }, ratePerSecond: 10 },
  },
});
const { createdAt, publishAt } = plan.timeline;
const [locks, operator] = [0, 1];
const { offsetMs, turns } = streamsOf(plan, operator!)[0] as ScheduledStream;

/** A stretch in which a client was not subscribed, milliseconds after `publishAt`. */
type Offline = readonly [client: number, fromMs: number, untilMs: number];
function timesOf(stretches: readonly Offline[], clients: number) {
  const times = new OfflineTimesRecord(clients, createdAt);
  for (const [client, fromMs, untilMs] of stretches)
    times.add(client, publishAt + fromMs, publishAt + untilMs);
  return times.encode();
}

const encode = (numbers: Iterable<number>) => {
  const set = new IntervalSet();
  for (const n of numbers) set.add(n);
  return set.encode();
};
const numbers = (from: number, until: number) => Array.from({ length: until - from }, (_, i) => from + i);

interface Situation {
  readonly clients?: readonly Offline[];
  readonly devices?: readonly Offline[];
  /** Numbers of the commands that did not come. */
  readonly undelivered?: readonly number[];
  /** Commands n that were sent so long after `publishAt`, milliseconds. */
  readonly late?: Readonly<Record<number, number>>;
  readonly outcome?: SliceResult['outcome'];
}

/** Replies to commands 20 to 49 did not come. */
function close({
  clients = [],
  devices = [],
  undelivered = [],
  late = {},
  outcome = 'completed',
}: Situation) {
  const ledger = makeLedger(plan);
  const seen = numbers(0, commands).filter((n) => !undelivered.includes(n));
  ledger.addSlice({
    ...resultOf(plan, locks!),
    downlink: {
      arrivals: seen.length,
      unrelated: 0,
      seen: { [operator!]: encode(seen) },
      offline: {},
      offlineTimes: timesOf(devices, 10),
      latency: histogramOf([5]),
      repliesSent: { [operator!]: seen.length },
      subscribeRefusedBy: {},
    },
  });
  const result = resultOf(plan, operator!);
  const lateSends = new LateSendRecord();
  for (const [n, sentMs] of Object.entries(late))
    lateSends.sent(Number(n), publishAt + offsetMs(Number(n)), publishAt + sentMs);
  ledger.addSlice({
    ...result,
    outcome,
    streams: result.streams.map((stream) => ({ ...stream, lateSends: lateSends.encode() })),
    replies: {
      replied: encode([...numbers(0, 20), ...numbers(50, commands)]),
      late: 0,
      duplicates: 0,
      unrelated: 0,
      offlineTimes: timesOf(clients, 2),
      roundTrip: histogramOf([1_000]),
      subscribeRefusedBy: {},
    },
  });
  const { due, replied, timedOut, offline, unknown } = ledger.close().downlink![0]!.replies!;
  expect(replied + timedOut + unknown).toBe(due);
  return { timedOut, offline, unknown };
}

describe('replies that did not come', () => {
  it('are due a second after their commands were', () => {
    expect(numbers(0, 4).map((n) => [turns.deviceOf(n), offsetMs(n)])).toEqual([
      [0, 50],
      [1, 150],
      [0, 250],
      [1, 350],
    ]);
  });

  it('were due while no client of their backend was subscribed, or are missing for another reason', () => {
    expect(close({})).toEqual({ timedOut: 30, offline: 0, unknown: 0 });
    // Due at 3.05 s and each 100 ms after that: 20 to 34 until 4.5 s.
    const both = numbers(0, 2).map((client): Offline => [client, 3_000, 4_500]);
    expect(close({ clients: both })).toEqual({ timedOut: 30, offline: 15, unknown: 0 });
    // Client 1 sent the odd ones: 21, 23 … 33.
    expect(close({ clients: [[1, 3_000, 4_500]] })).toEqual({ timedOut: 30, offline: 7, unknown: 0 });
  });

  it('do not count where their command did not come, or their device could not reply', () => {
    const clients: Offline[] = [
      [0, 3_000, 4_500],
      [1, 3_000, 4_500],
    ];
    expect(close({ clients, undelivered: [22, 23, 40] })).toEqual({ timedOut: 30, offline: 13, unknown: 0 });
    // Device 4 received 24 and 34, whose replies were due at 3.45 s and 4.45 s.
    expect(close({ clients, devices: [[4, 3_000, 4_000]] })).toMatchObject({ offline: 14 });
  });

  it('were due a second after a late backend had sent the command', () => {
    const clients: Offline[] = [[0, 3_500, 4_500]];
    // Of 26, 28 … 34. Client 0 sent 20 and 22 late: one at 3.3 s, within its time offline, and one at 3.5 s, whose reply was due later.
    expect(close({ clients })).toMatchObject({ offline: 5 });
    expect(close({ clients, late: { 20: 3_300 } })).toMatchObject({ offline: 6 });
    expect(close({ clients, late: { 20: 3_300, 22: 3_500 } })).toMatchObject({ offline: 6 });
  });

  it('are not known where their backend died', () => {
    const clients: Offline[] = [[0, 3_000, 4_500]];
    expect(close({ clients, outcome: 'running' })).toEqual({ timedOut: 0, offline: 0, unknown: 30 });
  });
});
