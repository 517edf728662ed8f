import { describe, expect, it } from '@jest/globals';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { awakeStretches } from '../../../src/plan/lifecycle.ts';
import { simulate } from '../../support/device/make-run.ts';

const lifecycle = {
  awake: { leastMs: 2_000, mostMs: 3_000 },
  asleep: { leastMs: 4_000, mostMs: 5_000 },
  disconnect: 'drop' as const,
};
const options = { devices: 30, ratePerSecond: 30, seconds: 20, lifecycle };

describe('a slice of devices that sleep', () => {
  it('sends every message while its device is awake, however late', async () => {
    const { result, transport, plan } = await simulate(options);
    const { startAt } = plan.timeline;
    expect(result.outcome).toBe('completed');
    expect(result.messages).toMatchObject({ intended: 600, sent: 600, dropped: 0 });
    for (const { device, atMs } of transport.published) {
      const since = atMs - startAt;
      let stretch = { fromMs: 0, toMs: 0 };
      for (const each of awakeStretches(lifecycle, plan.profile.seed, device)) {
        if (each.fromMs > since) break;
        stretch = each;
      }
      expect(since).toBeGreaterThanOrEqual(stretch.fromMs);
      expect(since).toBeLessThanOrEqual(stretch.toMs + 1);
    }
    // The lag shows how long messages waited: up to the longest sleep, and the first CONNACK after it.
    const lag = LatencyHistogram.decode(result.latencies.send_lag);
    expect(lag.percentileAt(100)).toBeGreaterThan(4_000);
    expect(lag.percentileAt(100)).toBeLessThan(5_100);
  });

  it('keeps the send lag of messages that were due while their device was connected apart', async () => {
    const { result } = await simulate(options);
    const lag = LatencyHistogram.decode(result.connectedSendLag!);
    expect(lag.count).toBeGreaterThan(150);
    expect(lag.count).toBeLessThan(300);
    expect(lag.percentileAt(100)).toBeLessThan(10);
  });

  it('may sleep through the whole run', async () => {
    const { result } = await simulate({
      devices: 1,
      ratePerSecond: 0,
      lifecycle: { ...lifecycle, asleep: { leastMs: 600_000, mostMs: 900_000 } },
    });
    expect(result.devices).toMatchObject({ planned: 1, connected: 0, connectFailed: 0 });
    expect(result.outcome).toBe('completed');
  });

  it('connects once a cycle, and ends connections as the lifecycle says', async () => {
    const { result, transport } = await simulate(options);
    // Of 22 seconds with cycles of 6 to 8 a device has two to five.
    const connects = result.devices.connected + result.devices.reconnects;
    expect(result.devices.connected).toBe(30);
    expect(connects).toBeGreaterThan(60);
    expect(connects).toBeLessThan(30 * 5);
    expect(new Set(transport.disconnects.map(({ how }) => how))).toEqual(new Set(['drop']));
    expect(result.disconnectedBy).toEqual({ drop: transport.disconnects.length });
    expect(Math.max(...result.perSecond.connected)).toBeLessThan(25);
  });

  it('does not try again while it sleeps', async () => {
    const attempts: { device: number; now: number }[] = [];
    const { plan } = await simulate({
      ...options,
      seconds: 10,
      connect: { backoff: { baseMs: 500, capMs: 500, jitter: 'none' } },
      behaviour: {
        connect(device, now) {
          attempts.push({ device, now });
          return device % 2 === 0 ? 'refused' : 5;
        },
      },
    });
    for (const { device, now } of attempts) {
      const since = now - plan.timeline.startAt;
      const stretches = awakeStretches(lifecycle, plan.profile.seed, device);
      let isAwake = false;
      for (const { fromMs, toMs } of stretches) {
        if (fromMs > since + 1) break;
        isAwake ||= since >= fromMs - 1 && since <= toMs + 1;
      }
      expect(isAwake).toBe(true);
    }
    expect(attempts.filter(({ device }) => device === 0).length).toBeGreaterThan(2);
  });

  it('wakes no device before the run starts', async () => {
    const attempts: number[] = [];
    const { plan } = await simulate({
      ...options,
      leadMs: 30_000,
      behaviour: {
        connect(_device, now) {
          attempts.push(now);
          return 5;
        },
      },
    });
    expect(Math.min(...attempts)).toBeGreaterThanOrEqual(plan.timeline.startAt);
  });

  it('ends a connection that comes when its device has fallen asleep', async () => {
    const { result, plan, transport } = await simulate({
      ...options,
      behaviour: { connect: () => 1_500 },
    });
    expect(result.outcome).toBe('completed');
    for (const { device, atMs } of transport.published) {
      const since = atMs - plan.timeline.startAt;
      let isAwake = false;
      for (const { fromMs, toMs } of awakeStretches(lifecycle, plan.profile.seed, device)) {
        if (fromMs > since) break;
        isAwake ||= since <= toMs + 1_500;
      }
      expect(isAwake).toBe(true);
    }
  });

  it('leaves connections alone once the slice has stopped', async () => {
    const { transport, plan } = await simulate({
      ...options,
      // Messages in flight keep the slice open for a while.
      behaviour: { connect: () => 1_500, publish: () => undefined },
      stopAfterMs: 9_000,
    });
    const stoppedAt = plan.timeline.createdAt + 9_000;
    expect(Math.max(...transport.connectedAtMs)).toBeGreaterThan(stoppedAt);
    expect(transport.disconnects.filter(({ atMs }) => atMs > stoppedAt)).toEqual([]);
  });
});
