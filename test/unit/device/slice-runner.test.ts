import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { type SimulatedRun, simulate } from '../../support/device/make-run.ts';
import type { Behaviour } from '../../support/device/simulated-transport.ts';
import { randomCases } from '../../support/effort.ts';

/** The ledger's equations, and the result's agreement with itself. */
function expectBalanced(result: SliceResult): void {
  const { messages, droppedBy, failedBy, perSecond } = result;
  expect(messages.intended).toBe(messages.sent + messages.dropped);
  expect(messages.sent).toBe(messages.acked + messages.throttled + messages.failed + messages.unacknowledged);
  expect(sum(Object.values(droppedBy))).toBe(messages.dropped);
  expect(sum(Object.values(failedBy))).toBe(messages.failed);
  expect(sum(perSecond.intended)).toBe(messages.intended);
  expect(sum(perSecond.sent)).toBe(messages.sent);
  expect(sum(perSecond.acked)).toBe(messages.acked);
  expect(
    new Set([perSecond.intended, perSecond.sent, perSecond.acked, perSecond.connected].map((s) => s.length))
      .size,
  ).toBe(1);
  expect(IntervalSet.decode(result.streams[0]!.sent).count).toBe(messages.sent);
  expect(result.latencies.send_lag.count).toBe(messages.sent);
  expect(result.latencies.puback_round_trip.count).toBe(messages.acked);
}

/** The runner's counters against the service's own. */
function expectTrue({ result, checkpoints, transport }: SimulatedRun): void {
  for (const checkpoint of [...checkpoints, result]) expectBalanced(checkpoint);
  expect(result.messages.sent).toBe(transport.published.length);
  const sent = IntervalSet.decode(result.streams[0]!.sent);
  expect(transport.published.filter(({ n }) => !sent.has(n))).toEqual([]);
  expect(new Set(transport.published.map(({ n }) => n)).size).toBe(transport.published.length);
  expect(transport.closed).toBe(true);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

const percentile = (
  result: SliceResult,
  name: 'connect' | 'puback_round_trip' | 'send_lag' | 'echo_latency',
  p: number,
): number => LatencyHistogram.decode(result.latencies[name]).percentileAt(p);

describe('a slice', () => {
  it('sends every publish when it is due', async () => {
    const run = await simulate({ devices: 20, ratePerSecond: 1_000, seconds: 5 });
    expectTrue(run);
    expect(run.result.outcome).toBe('completed');
    expect(run.result.messages).toEqual({
      intended: 5_000,
      sent: 5_000,
      dropped: 0,
      acked: 5_000,
      throttled: 0,
      failed: 0,
      unacknowledged: 0,
      echoed: 0,
    });
    expect(run.result.devices).toEqual({ planned: 20, connected: 20, connectFailed: 0, reconnects: 0 });
    expect(percentile(run.result, 'send_lag', 100)).toBeLessThanOrEqual(1);
    expect(percentile(run.result, 'puback_round_trip', 50)).toBeCloseTo(2, 1);
    expect(percentile(run.result, 'connect', 50)).toBeCloseTo(5, 1);
    expect(run.snapshots.map((s) => s.phase)).toEqual(
      expect.arrayContaining(['waiting', 'connecting', 'publishing', 'done']),
    );
  });

  it('puts run, slice, number, device and both times into each message', async () => {
    const { transport, plan } = await simulate({ devices: 10, slices: 3, slice: 1, seconds: 1 });
    const { n, atMs, device, message } = transport.published[3]!;
    const { stampede } = JSON.parse(message);
    expect(stampede).toMatchObject({ run: 'test-run', slice: 1, n, device: 3 + device });
    expect(stampede.sent).toBeCloseTo(atMs, 2);
    expect(stampede.at).toBeLessThanOrEqual(stampede.sent);
    expect(stampede.at).toBeGreaterThanOrEqual(plan.timeline.publishAt);
    expect(message.length).toBe(256);
  });

  it('shows a pause of the service in round trips, not in what it sends', async () => {
    const pause = { from: 1_700_000_004_000, to: 1_700_000_004_500 };
    const { result } = await simulate({
      ratePerSecond: 200,
      behaviour: {
        publish: (_device, _n, now) => (now >= pause.from && now < pause.to ? pause.to - now + 2 : 2),
      },
    });
    expectBalanced(result);
    expect(result.messages.acked).toBe(1_000);
    expect(percentile(result, 'send_lag', 100)).toBeLessThanOrEqual(1);
    expect(percentile(result, 'puback_round_trip', 99)).toBeGreaterThan(400);
  });

  it('holds a device to its publishes in flight, sends the next ones late, and drops what waits too long', async () => {
    const run = await simulate({
      devices: 2,
      ratePerSecond: 100,
      seconds: 5,
      publish: { maxUnacknowledged: 10, ackTimeoutMs: 1_000 },
      behaviour: { publish: (_device, _n, now) => (now < 1_700_000_006_000 ? undefined : 2) },
    });
    expectTrue(run);
    expect(run.transport.mostUnanswered).toBeGreaterThanOrEqual(10);
    expect(run.result.droppedBy.backlog).toBeGreaterThan(50);
    expect(run.result.messages.unacknowledged).toBeGreaterThan(20);
    // What waited was sent later than meant, but not later than the ack timeout (and one tick).
    expect(percentile(run.result, 'send_lag', 100)).toBeGreaterThan(500);
    expect(percentile(run.result, 'send_lag', 100)).toBeLessThanOrEqual(1_021);
  });

  it('keeps to the receive maximum of the service', async () => {
    const run = await simulate({
      devices: 1,
      ratePerSecond: 100,
      behaviour: { receiveMaximum: 3, publish: () => 500 },
    });
    expectTrue(run);
    expect(run.transport.mostUnanswered).toBe(3);
  });

  it('takes an answer after the ack timeout for none', async () => {
    const run = await simulate({
      behaviour: { publish: (_device, n) => (n % 10 === 0 ? 1_005 : 2) },
    });
    expectTrue(run);
    expect(run.result.messages).toMatchObject({ sent: 500, acked: 450, unacknowledged: 50 });
  });

  it('drops what is due for a device that does not come back in time, and connects it again', async () => {
    const run = await simulate({
      devices: 4,
      behaviour: {
        connect: (device, now) =>
          device === 2 && now > 1_700_000_004_000 && now < 1_700_000_006_500 ? 'refused' : 5,
        publish: () => 50,
      },
      script: (clock, transport) => clock.setTimer(3_510, () => transport.cut(2)),
    });
    expectTrue(run);
    expect(run.result.devices).toMatchObject({ planned: 4, connected: 4, reconnects: 1 });
    expect(run.result.disconnectedBy).toEqual({ cut: 1 });
    expect(run.result.connectFailedBy.refused).toBeGreaterThan(0);
    expect(run.result.droppedBy['not-connected']).toBeGreaterThan(0);
    // In flight when the connection was cut: not sent again.
    expect(run.result.messages.unacknowledged).toBeGreaterThan(0);
    expect(run.result.perSecond.connected).toContain(3);
  });

  it('fails when no device ever connected, and says why', async () => {
    const run = await simulate({ behaviour: { connect: () => 'NotAuthorized' } });
    expectTrue(run);
    expect(run.result.outcome).toBe('failed');
    expect(run.result.reason).toContain('NotAuthorized');
    expect(run.result.messages).toMatchObject({ intended: 500, sent: 0, dropped: 500 });
    expect(run.result.droppedBy).toEqual({ 'not-connected': 500 });
  });

  it('counts refusals by kind', async () => {
    const run = await simulate({
      behaviour: { publish: (_device, n) => (n % 5 === 0 ? 'throttled' : n % 5 === 1 ? 'failed' : 2) },
    });
    expectTrue(run);
    expect(run.result.messages).toMatchObject({ acked: 300, throttled: 100, failed: 100 });
    expect(run.result.failedBy).toEqual({ simulated: 100 });
  });

  it('comes late without connecting all devices at once', async () => {
    const run = await simulate({ devices: 100, ratePerSecond: 100, readyAfterMs: 2_500 });
    expectTrue(run);
    expect(run.result.generator.startLagMs).toBe(1_500);
    const { connectedAtMs } = run.transport;
    expect(connectedAtMs.at(-1)! - connectedAtMs[0]!).toBeGreaterThan(900);
  });

  it('intended nothing after a stop from before it was ready', async () => {
    const late = { devices: 100, ratePerSecond: 100, readyAfterMs: 6_000 };
    // Before publishing begins, and a second after that.
    for (const [stoppedBeforeMs, most] of [
      [500, 0],
      [4_000, 110],
    ] as const) {
      const { result, plan } = await simulate({ ...late, stoppedBeforeMs });
      const due = Math.max(0, plan.timeline.createdAt + stoppedBeforeMs - plan.timeline.publishAt) / 10;
      expect(result.outcome).toBe('stopped');
      expect(result.messages).toMatchObject({ sent: 0, intended: result.messages.dropped });
      expect(Math.abs(result.messages.intended - due)).toBeLessThanOrEqual(1);
      expect(result.messages.intended).toBeLessThanOrEqual(most);
    }
  });

  it('intended and sent what was due before it learned of a stop, and nothing after that', async () => {
    const stoppedBeforeMs = 4_000;
    const learnsAfterMs = 4_800;
    const cutAfterMs = 4_500;
    const { result, plan, transport } = await simulate({
      devices: 10,
      ratePerSecond: 100,
      stoppedBeforeMs,
      learnsAfterMs,
      // From then on one device has no connection, and its messages wait.
      behaviour: { connect: (device, nowMs) => (device === 3 && nowMs > 1_700_000_004_000 ? 'refused' : 5) },
      script: (clock, transport) => void clock.setTimer(cutAfterMs, () => transport.cut(3)),
    });
    const { publishAt, createdAt } = plan.timeline;
    const due = (learnsAfterMs - (publishAt - createdAt)) / 10;
    const waited = (learnsAfterMs - cutAfterMs) / 100;
    expect(Math.abs(result.messages.intended - due)).toBeLessThanOrEqual(1);
    expect(Math.abs(result.messages.dropped - waited)).toBeLessThanOrEqual(1);
    expect(result.messages).toMatchObject({
      sent: transport.published.length,
      dropped: result.messages.intended - transport.published.length,
    });
    expect(result.droppedBy).toEqual({ stopped: result.messages.dropped });
    // Between the stop's instant and when it learned of it.
    const late = transport.published.filter(({ atMs }) => atMs > createdAt + stoppedBeforeMs);
    expect(late.length).toBeGreaterThan(70);
    expect(result.lastSentAt).toBe(transport.published.at(-1)!.atMs);
    expect(result.lastSentAt).toBeLessThanOrEqual(createdAt + learnsAfterMs);
  });

  it('ends before its deadline when the service does not answer at all', async () => {
    const run = await simulate({
      publish: { ackTimeoutMs: 60_000 },
      behaviour: { publish: () => undefined },
    });
    expectTrue(run);
    expect(run.result.outcome).toBe('stopped');
    expect(run.result.reason).toMatch(/deadline/);
    expect(run.clock.now()).toBeLessThan(run.plan.timeline.deadlineAt);
    expect(run.result.messages.unacknowledged).toBe(500);
  });

  it('runs ten minutes', async () => {
    const run = await simulate({ devices: 10, ratePerSecond: 10, seconds: 600 });
    expectBalanced(run.result);
    expect(run.result.messages.acked).toBe(6_000);
  });
});

describe('the ledger', () => {
  const behaviours = fc.record({
    devices: fc.integer({ min: 1, max: 12 }),
    ratePerSecond: fc.integer({ min: 20, max: 600 }),
    maxUnacknowledged: fc.integer({ min: 1, max: 20 }),
    ackMs: fc.integer({ min: 1, max: 700 }),
    silent: fc.double({ min: 0, max: 0.3, noNaN: true }),
    refused: fc.double({ min: 0, max: 0.3, noNaN: true }),
    connectFails: fc.double({ min: 0, max: 0.5, noNaN: true }),
    full: fc.double({ min: 0, max: 0.5, noNaN: true }),
    cuts: fc.array(fc.record({ device: fc.nat(11), afterMs: fc.integer({ min: 1_000, max: 7_000 }) }), {
      maxLength: 10,
    }),
    stopAfterMs: fc.option(fc.integer({ min: 0, max: 7_000 }), { nil: undefined }),
    seed: fc.integer(),
  });

  it('balances at every checkpoint and at the end, whatever the service does and whenever it is stopped', async () => {
    await fc.assert(
      fc.asyncProperty(behaviours, async (b) => {
        let state = b.seed;
        const chance = (share: number): boolean => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
          return (state >>> 0) / 2 ** 32 < share;
        };
        const behaviour: Behaviour = {
          connect: () => (chance(b.connectFails) ? 'refused' : 5),
          publish: () => (chance(b.silent) ? undefined : chance(b.refused) ? 'throttled' : b.ackMs),
          isFull: () => chance(b.full),
        };
        const run = await simulate({
          devices: b.devices,
          ratePerSecond: b.ratePerSecond,
          seconds: 3,
          publish: { maxUnacknowledged: b.maxUnacknowledged, ackTimeoutMs: 500 },
          behaviour,
          ...(b.stopAfterMs === undefined ? {} : { stopAfterMs: b.stopAfterMs }),
          script: (clock, transport) => {
            for (const { device, afterMs } of b.cuts) {
              clock.setTimer(afterMs, () => transport.cut(device % b.devices));
            }
          },
        });
        expectTrue(run);
        expect(run.transport.mostUnanswered).toBeGreaterThanOrEqual(0);
        if (b.stopAfterMs === undefined) {
          expect(run.result.messages.intended).toBe(b.ratePerSecond * 3);
          expect(run.clock.now()).toBeLessThanOrEqual(run.plan.timeline.deadlineAt);
        } else if (run.result.outcome === 'stopped') {
          const stoppedAt = run.plan.timeline.createdAt + b.stopAfterMs;
          expect(run.clock.now()).toBeLessThanOrEqual(stoppedAt + 1_000);
          expect(run.transport.published.filter(({ atMs }) => atMs > stoppedAt)).toEqual([]);
          const lastIntended = ((run.result.messages.intended - 0.5) * 1_000) / b.ratePerSecond;
          expect(run.plan.timeline.publishAt + Math.max(0, lastIntended)).toBeLessThanOrEqual(
            Math.max(run.plan.timeline.publishAt, stoppedAt + 0.001),
          );
        }
      }),
      randomCases(60),
    );
  });
});
