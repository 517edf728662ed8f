import { describe, expect, it } from '@jest/globals';
import type { DownlinkResult } from '../../../src/measure/downlink-result.ts';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { histogramOf, planOf, resultOf } from '../../support/measure/run-fixture.ts';

// Ten devices, and a backend that sends 100 commands in 10 s, one each 100 ms; then a drain of 2 s.

const commands = 100;
const plan = planOf({
  devices: undefined,
  stages: undefined,
  slices: undefined,
  duration: '10s',
  publish: { ackTimeout: '3s' },
  groups: {
    locks: { devices: 10, idle: true },
    operator: { from: 'backend', command: { replyTimeout: '2s' }, ratePerSecond: 10 },
  },
});
const { publishAt, drainEndAt } = plan.timeline;
const [locks, operator] = [0, 1];

const numbers = (from: number, until: number) => Array.from({ length: until - from }, (_, i) => from + i);
function setOf(ranks: Iterable<number>) {
  const set = new IntervalSet();
  for (const rank of ranks) set.add(rank);
  return { [operator!]: set.encode() };
}

interface Situation {
  /** Numbers of the commands that did not come. */
  readonly missing: readonly number[];
  readonly receiver?: Partial<SliceResult>;
  readonly downlink?: Partial<DownlinkResult>;
  /** The largest of the backend's. */
  readonly sendLagMs?: number;
}

/** What became of the missing commands. */
function close({ missing, receiver, downlink, sendLagMs = 1 }: Situation) {
  const ledger = makeLedger(plan);
  const seen = numbers(0, commands).filter((n) => !missing.includes(n));
  ledger.addSlice({
    ...resultOf(plan, locks!),
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
  const backend = resultOf(plan, operator!);
  const lags = numbers(1, commands).map(() => 0.5);
  const latencies = { ...backend.latencies, send_lag: histogramOf([...lags, sendLagMs]) };
  ledger.addSlice({ ...backend, latencies });
  const closed = ledger.close();
  const { offline, unknown, kept, expired } = closed.downlink![0]!;
  return { offline, unknown, kept, expired, lost: missing.length - offline - unknown };
}

describe('commands that did not come', () => {
  it('are lost where their receivers waited for the drain', () => {
    const missing = numbers(95, 100);
    expect(close({ missing })).toMatchObject({ lost: 5, unknown: 0, offline: 0 });
  });

  it('may have been sent after their receivers had ended, by a backend that was late', () => {
    // Sent until 7 s after they were due, with a second under way: those due in the last 6 s of the 10.
    const missing = [...numbers(30, 40), ...numbers(40, 100)];
    expect(close({ missing, sendLagMs: 7_000 })).toMatchObject({ lost: 10, unknown: 60 });
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

  it('may have been sent while their device was not subscribed, by a backend that was late', () => {
    // Offline from 4 to 6 s; what was due up to 2, 4, 8 and 16 s before either is not decided by a backend that was that late.
    const downlink = {
      offline: setOf(numbers(40, 60)),
      nearOffline: [
        setOf(numbers(20, 60)),
        setOf(numbers(5, 60)),
        setOf(numbers(0, 60)),
        setOf(numbers(0, 60)),
      ],
    };
    const missing = numbers(0, 70);
    const closed = (sendLagMs: number) => close({ missing, downlink, sendLagMs });
    expect(closed(900)).toMatchObject({ lost: 50, offline: 20, unknown: 0 });
    expect(closed(1_500)).toMatchObject({ lost: 30, offline: 0, unknown: 40 });
    expect(closed(2_500)).toMatchObject({ lost: 15, offline: 0, unknown: 55 });
    expect(closed(4_500)).toMatchObject({ lost: 5, offline: 0, unknown: 65 });
    expect(closed(60_000)).toMatchObject({ lost: 0, offline: 0, unknown: 70 });
  });

  it('expired only where their devices say so', () => {
    const downlink = {
      offline: setOf(numbers(20, 60)),
      kept: setOf(numbers(30, 60)),
      expired: setOf([25, 30, 31]),
    };
    const closed = close({ missing: numbers(10, 50), downlink });
    expect(closed).toEqual({ lost: 10, unknown: 0, offline: 30, kept: 20, expired: 2 });
  });

  it('are not known where no receiver stored anything after they were due', () => {
    expect(drainEndAt).toBe(publishAt + 12_000);
    const receiver = { outcome: 'running', at: publishAt - 1_000 } as const;
    expect(close({ missing: numbers(0, 100), receiver })).toMatchObject({ lost: 0, unknown: 100 });
  });
});
