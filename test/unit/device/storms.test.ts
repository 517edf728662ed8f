import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from '../../../src/embedded/iot-core/token-bucket.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import type { Backoff } from '../../../src/profile/backoff.ts';
import type { Disconnect } from '../../../src/profile/planned-action.ts';
import { type SimulatedRun, type SimulationOptions, simulate } from '../../support/device/make-run.ts';

const exactly = (baseMs: number): Backoff => ({ baseMs, capMs: baseMs, jitter: 'none' });

/** A storm two seconds after publishing began. */
async function storm(disconnect: Disconnect, options: SimulationOptions = {}): Promise<SimulatedRun> {
  return await simulate({
    devices: 40,
    ratePerSecond: 200,
    seconds: 10,
    ...options,
    connect: { backoff: exactly(1_000), ...options.connect },
    timeline: [{ atMs: 2_000, action: { kind: 'disconnect', ...disconnect } }],
  });
}

const recoveryOf = ({ result }: SimulatedRun) => LatencyHistogram.decode(result.storms![0]!.recovery);

describe('a storm in a slice', () => {
  it('ends the connections of its share of the devices, which come back by their backoff', async () => {
    const run = await storm({ share: 0.25, how: 'drop' });
    const { plan, transport, result } = run;
    expect(transport.disconnects).toHaveLength(10);
    expect(new Set(transport.disconnects.map(({ device }) => device)).size).toBe(10);
    for (const { how, atMs } of transport.disconnects)
      expect([how, atMs]).toEqual(['drop', plan.timeline.publishAt + 2_000]);
    expect(result.storms).toEqual([
      expect.objectContaining({
        at: plan.timeline.publishAt + 2_000,
        devices: 10,
        disconnected: 10,
        attempts: 10,
      }),
    ]);
    // The backoff, and 5 ms to the CONNACK.
    expect([
      recoveryOf(run).count,
      recoveryOf(run).percentileAt(0),
      recoveryOf(run).percentileAt(100),
    ]).toEqual([10, 1_005, 1_005]);
    expect(result.devices).toMatchObject({ connected: 40, connectFailed: 0, reconnects: 10 });
    expect(result.disconnectedBy).toEqual({ drop: 10 });
  });

  it('counts messages that were delayed or dropped because devices were away', async () => {
    const { result } = await storm(
      { share: 0.25, how: 'drop' },
      { publish: { ackTimeoutMs: 500, maxUnacknowledged: 100 } },
    );
    const [{ delayed, dropped } = { delayed: 0, dropped: 0 }] = result.storms!;
    // Ten devices, away for 1,005 ms, have 5 messages a second each: the later half of them waits, the earlier half does not.
    expect(delayed + dropped).toBeGreaterThanOrEqual(50);
    expect(delayed + dropped).toBeLessThanOrEqual(51);
    expect(delayed).toBeGreaterThanOrEqual(25);
    expect(delayed).toBeLessThanOrEqual(26);
    expect(dropped).toBe(result.messages.dropped);
    expect(result.droppedBy).toEqual({ 'not-connected': dropped });
    const lags = [result.latencies.send_lag, result.connectedSendLag!].map(LatencyHistogram.decode);
    expect(lags[0]!.count - lags[1]!.count).toBe(delayed);
    expect([lags[0]!.percentileAt(100) > 400, lags[1]!.percentileAt(100) < 10]).toEqual([true, true]);
  });

  it('counts each attempt of a device until it is back, and attempts and connections by second', async () => {
    const refused = new Map<number, number>();
    const run = await storm(
      { share: 1, how: 'clean' },
      {
        devices: 10,
        behaviour: {
          connect(device, now) {
            if (now < 1_700_000_005_000) return 5;
            const times = refused.get(device) ?? 0;
            refused.set(device, times + 1);
            return times < 2 ? 'quota' : 5;
          },
        },
      },
    );
    const { result, plan } = run;
    expect(result.storms![0]).toMatchObject({ devices: 10, attempts: 30 });
    // Two refusals after a millisecond each, and the third attempt is granted after 5 ms.
    expect(recoveryOf(run).percentileAt(50)).toBeCloseTo(3_007, -1);
    const { startSecond, offered, granted } = result.connects!;
    const second = (plan.timeline.publishAt + 2_000) / 1_000 - startSecond;
    expect(offered.slice(second + 1, second + 4)).toEqual([10, 10, 10]);
    expect(granted.slice(second + 1, second + 4)).toEqual([0, 0, 10]);
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    expect(sum(offered)).toBe(
      result.devices.connected + result.devices.reconnects + result.devices.connectFailed,
    );
    expect(sum(granted)).toBe(result.devices.connected + result.devices.reconnects);
  });

  it('lets silent devices come back after they have noticed it', async () => {
    const run = await storm({ share: 0.5, how: 'silent' }, { connect: { keepAliveMs: 2_000 } });
    expect(recoveryOf(run).count).toBe(20);
    expect(recoveryOf(run).percentileAt(100)).toBeCloseTo(4_005, -1);
  });

  it('chooses exactly the share over all slices', async () => {
    const runs = await Promise.all(
      [0, 1, 2].map((slice) => storm({ share: 0.37, how: 'drop' }, { devices: 100, slices: 3, slice })),
    );
    const devices = runs.map(({ result }) => result.storms![0]!.devices);
    expect(devices.reduce((sum, count) => sum + count)).toBe(37);
  });

  it('has connects by second without a storm, but none over HTTPS', async () => {
    const { result } = await simulate({ devices: 10 });
    expect(result).not.toHaveProperty('storms');
    const { offered, granted } = result.connects!;
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    expect([sum(offered), sum(granted)]).toEqual([10, 10]);
    const overHttps = await simulate({ devices: 10, connect: { protocol: 'https' } });
    expect(overHttps.result).not.toHaveProperty('connects');
  });

  it('says of devices that do not come back in time that they did not', async () => {
    const run = await storm({ share: 1, how: 'drop' }, { connect: { backoff: exactly(60_000) } });
    expect(run.result.storms![0]).toMatchObject({ devices: 40, disconnected: 40, attempts: 0 });
    expect(recoveryOf(run).count).toBe(0);
    expect(run.result.outcome).toBe('completed');
  });

  it('takes the devices over the quota of connects, within 2 %, where each device tries every second', async () => {
    const [devices, perSecond] = [600, 50];
    let quota: TokenBucket | undefined;
    const run = await storm(
      { share: 1, how: 'drop' },
      {
        devices,
        seconds: 20,
        behaviour: {
          connect(_device, now) {
            if (now < 1_700_000_005_000) return 5;
            quota ??= new TokenBucket(perSecond, 1);
            return quota.take(now) ? 5 : 'quota';
          },
        },
      },
    );
    expect(recoveryOf(run).count).toBe(devices);
    const seconds = recoveryOf(run).percentileAt(99) / 1_000;
    expect(Math.abs(seconds / (devices / perSecond) - 1)).toBeLessThanOrEqual(0.02);
  });
});
