import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import { isHeldAt, legsOf, takingOverMs } from '../../../src/plan/legs.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { type ScheduledStream, streamsOf } from '../../../src/plan/streams.ts';
import { makeTestPlan, type RunOptions } from '../../support/device/make-run.ts';
import { type LegsOptions, type SimulatedLegs, simulateLegs } from '../../support/device/simulate-legs.ts';
import { randomCases } from '../../support/effort.ts';
import { windowOf } from '../../support/measure/run-fixture.ts';

/** Legs of 10 s, with devices that move for 2 s. */
function planOf(options: RunOptions = {}, legs = { lengthMs: 10_000, overlapMs: 2_000 }): Plan {
  const plan = makeTestPlan({ devices: 20, ratePerSecond: 200, seconds: 28, ...options });
  return { ...plan, profile: { ...plan.profile, legs } };
}

/** What came of it, if all that was published arrived. */
function ledgerOf(plan: Plan, { results, transports }: SimulatedLegs, legs: LegsOptions = {}): RunLedger {
  const ledger = makeLedger(plan);
  for (const result of results) if (result !== undefined) ledger.addSlice(result);
  if (legs.stopAt !== undefined)
    ledger.addAction({
      at: legs.stopAt,
      action: { kind: 'stop', reason: 'stopped by the test', by: 'user' },
    });
  for (const [leg, at] of Object.entries(legs.diesAt ?? {}))
    ledger.addDeath({ slice: 0, leg: Number(leg), at, failure: { Error: 'Runtime.ExitError' } });
  for (const [leg, transport] of transports.entries()) {
    const published = transport?.published ?? [];
    if (published.length > 0)
      ledger.addWindow(
        windowOf(
          plan,
          published.map(({ n }) => [0, n]),
          `leg-${leg}`,
        ),
      );
  }
  return ledger.close();
}

const publishedOf = ({ transports }: SimulatedLegs) =>
  transports.flatMap((transport, leg) => (transport?.published ?? []).map((each) => ({ ...each, leg })));

/** By the services' own records: no message twice, each by the leg that holds its device when it is due, and no device connected twice. */
function expectApart(plan: Plan, run: SimulatedLegs): void {
  const published = publishedOf(run);
  expect(new Set(published.map(({ n }) => n)).size).toBe(published.length);
  const [stream] = streamsOf(plan, 0) as readonly ScheduledStream[];
  const legs = legsOf(plan, 0);
  const wrong = published.filter(
    ({ n, device, leg }) => !isHeldAt(legs[leg]!, device, plan.timeline.publishAt + stream!.offsetMs(n)),
  );
  expect(wrong).toEqual([]);
  for (const [leg, transport] of run.transports.entries()) {
    for (const [device, connections] of transport?.connections ?? []) {
      const next = run.transports[leg + 1]?.connections.get(device)?.[0];
      if (next !== undefined) expect(next.from).toBeGreaterThanOrEqual(connections.at(-1)!.to);
    }
  }
}

function samplesOf({ results }: SimulatedLegs, name: 'handover' | 'reconnect'): LatencyHistogram {
  const all = new LatencyHistogram();
  for (const result of results) if (result?.latencies[name]) all.mergeEncoded(result.latencies[name]);
  return all;
}

describe('the legs of a slice, one after the other', () => {
  it('send every message once, while each device moves', async () => {
    const plan = planOf();
    const run = await simulateLegs(plan);
    expect(run.results.map((result) => result?.outcome)).toEqual(['completed', 'completed', 'completed']);
    expectApart(plan, run);
    expect(publishedOf(run)).toHaveLength(plan.load.messages);
    const closed = ledgerOf(plan, run);
    expect(checkLedger(closed)).toEqual([]);
    expect(closed.messages).toMatchObject({
      intended: plan.load.messages,
      acked: plan.load.messages,
      received: plan.load.messages,
      dropped: 0,
      lost: 0,
      unacknowledged: 0,
    });
    expect(closed.slices).toMatchObject({ completed: 1, died: 0, stopped: 0 });
    expect(closed.devices).toMatchObject({ planned: 20, connected: 20, reconnects: 0, unknown: 0 });
    expect(closed.disconnectedBy).toEqual({});
    const handovers = samplesOf(run, 'handover').summary();
    expect(handovers).toMatchObject({ count: 40 });
    // Of 5 ms to connect.
    expect(handovers.min).toBeGreaterThanOrEqual(takingOverMs);
    expect(handovers.max).toBeLessThan(takingOverMs + 10);
    expect(samplesOf(run, 'reconnect').count).toBe(0);
  });

  it('show what was due while a device moved as late, and not as the generator’s delay', async () => {
    const run = await simulateLegs(planOf());
    const lag = LatencyHistogram.decode(run.results[1]!.latencies.send_lag).summary();
    const own = LatencyHistogram.decode(run.results[1]!.connectedSendLag!).summary();
    expect(lag.max).toBeGreaterThan(400);
    expect(lag.max).toBeLessThan(takingOverMs + 10);
    expect(own.max).toBeLessThan(5);
  });

  it('wait for answers before they let a device go, and not for ever', async () => {
    const plan = planOf({ publish: { ackTimeoutMs: 3_000 } });
    const behaviour = { publish: (_device: number, n: number) => (n % 50 === 0 ? undefined : 300) };
    const run = await simulateLegs(plan, { behaviour });
    expectApart(plan, run);
    const closed = ledgerOf(plan, run);
    expect(checkLedger(closed)).toEqual([]);
    expect(closed.messages).toMatchObject({
      sent: plan.load.messages,
      unacknowledged: plan.load.messages / 50,
    });
  });

  it('end the round trips of QoS 2 with the connection, and say which were left open', async () => {
    const plan = planOf({ publish: { qos: 2, ackTimeoutMs: 3_000 } });
    const behaviour = { publish: (_device: number, n: number) => (n % 50 === 0 ? undefined : 300) };
    const run = await simulateLegs(plan, { behaviour });
    expectApart(plan, run);
    const closed = ledgerOf(plan, run);
    expect(checkLedger(closed)).toEqual([]);
    const open = plan.load.messages / 50;
    expect(closed.messages).toMatchObject({ sent: plan.load.messages, unacknowledged: open, lost: 0 });
    // No PUBREC came of them.
    expect(closed.incomplete).toBe(0);
  });

  it('balance whatever the service does', async () => {
    const property = fc.asyncProperty(
      fc.record({
        devices: fc.integer({ min: 1, max: 30 }),
        ratePerSecond: fc.integer({ min: 1, max: 150 }),
      }),
      fc.record({
        lengthMs: fc.integer({ min: 4_000, max: 12_000 }),
        overlapMs: fc.integer({ min: 100, max: 3_000 }),
      }),
      fc.func(fc.nat(20)),
      async (load, legs, diceOf) => {
        const plan = planOf({ ...load, seconds: 20 }, legs);
        const behaviour = {
          connect: (device: number, nowMs: number) => (diceOf(device, nowMs) === 0 ? 'ECONNRESET' : 5),
          publish: (_: number, n: number) => (diceOf(n) === 0 ? undefined : diceOf(n) * 40),
          isFull: (device: number, nowMs: number) => diceOf(nowMs, device) === 1,
        };
        const run = await simulateLegs(plan, { behaviour });
        expectApart(plan, run);
        const closed = ledgerOf(plan, run);
        expect(closed.messages.intended).toBe(plan.load.messages);
        expect(closed.messages.sent).toBe(publishedOf(run).length);
        expect(closed.messages.lost).toBe(0);
        expect(checkLedger(closed)).toEqual([]);
      },
    );
    await fc.assert(property, randomCases(30));
  });
});

describe('a leg', () => {
  it('that dies costs its own stretch at most', async () => {
    const plan = planOf();
    const [, second] = legsOf(plan, 0);
    const options = { diesAt: { 1: second!.from + 5_000 } };
    const run = await simulateLegs(plan, options);
    expectApart(plan, run);
    const closed = ledgerOf(plan, run, options);
    expect(checkLedger(closed)).toEqual([]);
    expect(closed.slices).toMatchObject({ died: 1 });
    const { intended, sent, dropped, sendUnknown, ackUnknown, received } = closed.messages;
    expect(intended).toBe(plan.load.messages);
    // All that was published arrived, so that all of it is known to be sent.
    expect(sent).toBe(publishedOf(run).length);
    expect(received).toBe(sent);
    expect(sent + dropped + sendUnknown).toBe(intended);
    // Its 200 messages of the second before it died, and what was due until the next leg had the devices: 5 s of 10, and half of the moves.
    expect(dropped + sendUnknown).toBeGreaterThan(800);
    expect(dropped + sendUnknown).toBeLessThan(1_500);
    expect(ackUnknown).toBeLessThanOrEqual(220);
    expect(run.results[2]).toMatchObject({ outcome: 'completed' });
  });

  it('that comes late sends late, or drops, what it should have sent', async () => {
    const plan = planOf();
    const run = await simulateLegs(plan, { lateMs: { 1: 4_000 } });
    expectApart(plan, run);
    const closed = ledgerOf(plan, run);
    expect(checkLedger(closed)).toEqual([]);
    expect(closed.slices).toMatchObject({ completed: 1 });
    expect(closed.messages).toMatchObject({ intended: plan.load.messages, lost: 0, sendUnknown: 0 });
    expect(closed.messages.dropped).toBeGreaterThan(0);
    expect(closed.droppedBy['not-connected']).toBe(closed.messages.dropped);
    expect(closed.startLagsMs).toEqual([3_000]);
  });

  it('that is stopped while devices move has intended what was due by then', async () => {
    const plan = planOf();
    const [, second] = legsOf(plan, 0);
    const options = { stopAt: second!.from + 1_000 };
    const run = await simulateLegs(plan, options);
    expectApart(plan, run);
    expect(run.results.map((result) => result?.outcome)).toEqual(['stopped', 'stopped', undefined]);
    const closed = ledgerOf(plan, run, options);
    expect(checkLedger(closed)).toEqual([]);
    expect(closed.slices).toMatchObject({ stopped: 1, died: 0 });
    const due = (options.stopAt - plan.timeline.publishAt) / 5;
    expect(Math.abs(closed.messages.intended - due)).toBeLessThanOrEqual(1);
    expect(closed.messages.sendUnknown).toBe(0);
  });
});
