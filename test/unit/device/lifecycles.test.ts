import { describe, expect, it } from '@jest/globals';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import { awakeStretches } from '../../../src/plan/lifecycle.ts';
import { identifyDevice } from '../../../src/plan/plan.ts';
import type {
  ChurningLifecycle,
  EachMessageLifecycle,
  SleepingLifecycle,
} from '../../../src/profile/lifecycle-kinds.ts';
import { sumOf } from '../../../src/shared/counts.ts';
import { simulate } from '../../support/device/make-run.ts';

const eachMessage: EachMessageLifecycle = { connect: 'each-message', disconnect: 'clean' };

describe('devices that connect for each message', () => {
  const options = { devices: 10, ratePerSecond: 4, seconds: 20, lifecycle: eachMessage };

  it.each([0, 1, 2] as const)('open a connection for each, at QoS %d', async (qos) => {
    const { result, transport } = await simulate({
      ...options,
      publish: { qos },
      behaviour: { connect: () => 40 },
    });
    expect(result.outcome).toBe('completed');
    expect(result.messages).toMatchObject({
      intended: 80,
      sent: 80,
      dropped: 0,
      unacknowledged: 0,
      acked: qos === 0 ? 0 : 80,
    });
    expect(result.devices).toMatchObject({ connected: 10, reconnects: 70, connectFailed: 0 });
    expect(transport.disconnects).toHaveLength(80);
    expect(new Set(transport.disconnects.map(({ how }) => how))).toEqual(new Set(['clean']));
    const connect = LatencyHistogram.decode(result.latencies.connect);
    expect(connect.count).toBe(80);
    expect(connect.percentileAt(50)).toBeCloseTo(40, 0);
    // A message leaves once its connection is open.
    const lag = LatencyHistogram.decode(result.latencies.send_lag);
    expect(lag.percentileAt(0)).toBeGreaterThan(39);
    expect(lag.percentileAt(100)).toBeLessThan(60);
    expect(sumOf(result.connects!.offered)).toBe(80);
    expect(sumOf(result.connects!.granted)).toBe(80);
    expect(result.perSecond.connected.at(-1)).toBe(0);
  });

  it('open none while nothing is due', async () => {
    const { result, transport } = await simulate({ ...options, ratePerSecond: 0 });
    expect(transport.connectedAtMs).toEqual([]);
    expect(result.devices).toMatchObject({ connected: 0, connectFailed: 0 });
    expect(result.outcome).toBe('completed');
  });

  it('try again by their backoff, until the message has waited too long', async () => {
    const { result } = await simulate({
      ...options,
      connect: { backoff: { baseMs: 100, capMs: 100, jitter: 'none' } },
      behaviour: { connect: (device) => (device === 0 ? 'refused' : 5) },
    });
    expect(result.messages).toMatchObject({ intended: 80, sent: 72, dropped: 8 });
    expect(result.droppedBy).toEqual({ 'not-connected': 8 });
    expect(result.devices.connected).toBe(9);
    // Each of the eight messages waited a second.
    expect(result.devices.connectFailed).toBeGreaterThanOrEqual(8);
    expect(result.outcome).toBe('completed');
  });

  it('end a connection whose message is not answered in time, and send the next one on another', async () => {
    const { result, transport } = await simulate({
      devices: 1,
      ratePerSecond: 0.25,
      seconds: 20,
      lifecycle: eachMessage,
      behaviour: { publish: () => undefined },
    });
    expect(result.messages).toMatchObject({ intended: 5, sent: 5, acked: 0, unacknowledged: 5 });
    // The last one ends with the slice.
    expect(transport.disconnects).toHaveLength(4);
  });

  it('send messages that come faster than connections one by one', async () => {
    const { result, transport } = await simulate({
      devices: 2,
      ratePerSecond: 8,
      seconds: 2,
      publish: { ackTimeoutMs: 60_000 },
      lifecycle: eachMessage,
    });
    expect(result.messages).toMatchObject({ intended: 16, sent: 16, acked: 16 });
    expect(transport.connectedAtMs).toHaveLength(16);
    // AWS IoT Core lets a client id connect once a second.
    const { length } = transport.connectedAtMs;
    expect(transport.connectedAtMs[length - 1]! - transport.connectedAtMs[0]!).toBeGreaterThan(7_000);
  });
});

describe('devices that sleep and skip what comes due meanwhile', () => {
  const lifecycle: SleepingLifecycle = {
    awake: { leastMs: 2_000, mostMs: 3_000 },
    asleep: { leastMs: 4_000, mostMs: 5_000 },
    whenAsleep: 'skip',
    disconnect: 'clean',
  };

  it('intend only what is due while they are awake, numbered without a gap', async () => {
    const { result, transport, plan } = await simulate({
      devices: 30,
      ratePerSecond: 30,
      seconds: 20,
      lifecycle,
    });
    const { startAt, publishAt } = plan.timeline;
    let expected = 0;
    for (let n = 0; n < 600; n++) {
      // One slice, even turns: message n is due at (n + ½) ÷ 30 s.
      const since = publishAt + ((n + 0.5) * 1_000) / 30 - startAt;
      for (const { fromMs, toMs } of awakeStretches(lifecycle, plan.profile.seed, n % 30)) {
        if (fromMs > since) break;
        if (since < toMs) expected++;
      }
    }
    expect(expected).toBeGreaterThan(150);
    expect(result.messages).toMatchObject({ intended: expected, sent: expected, dropped: 0 });
    expect(result.streams[0]!.sent).toEqual([0, expected]);
    expect(transport.published).toHaveLength(expected);
    const lag = LatencyHistogram.decode(result.latencies.send_lag);
    expect(lag.percentileAt(100)).toBeLessThan(50);
  });
});

describe('devices that leave for good', () => {
  const churn = (replace: boolean): ChurningLifecycle => ({
    churn: { sharePerMinute: 2, replace },
    disconnect: 'drop',
  });
  const options = { devices: 200, ratePerSecond: 100, seconds: 60 };

  it('are replaced by devices with ids of their own, and every message is sent', async () => {
    const { result, transport, plan } = await simulate({
      ...options,
      publish: { payload: { sequence: '{{sequence}}' } },
      lifecycle: churn(true),
    });
    expect(result.messages).toMatchObject({ intended: 6_000, sent: 6_000, dropped: 0 });
    // 200 devices, of which two in a minute leave each place: 400, with a deviation of 20.
    expect(result.devices.reconnects).toBeGreaterThan(340);
    expect(result.devices.reconnects).toBeLessThan(460);
    expect(result.disconnectedBy).toEqual({ drop: result.devices.reconnects });
    const ids = new Set(transport.clientIds);
    expect(ids.size).toBe(200 + result.devices.reconnects);
    const topics = new Set(transport.published.map(({ topic }) => topic));
    expect(topics.size).toBeGreaterThan(400);
    for (const { topic, message } of transport.published) {
      const { stampede } = JSON.parse(message) as { stampede: { device: number } };
      expect(topic).toBe(`stampede/${plan.runId}/d${stampede.device}/telemetry`);
    }
    // New devices go on from the numbers of those they replace.
    for (const inPlace of Map.groupBy(transport.published, ({ device }) => device).values()) {
      const numbers = inPlace.map(({ message }) => (JSON.parse(message) as { sequence: number }).sequence);
      expect(numbers).toEqual(numbers.map((_, k) => k));
    }
    // At once: no backoff, and no wait for the client id.
    expect(LatencyHistogram.decode(result.latencies.reconnect!).percentileAt(100)).toBeLessThan(20);
  });

  it('publish over connections of their own, however many leave while they connect', async () => {
    const { transport, plan } = await simulate({
      ...options,
      devices: 50,
      lifecycle: { churn: { sharePerMinute: 6, replace: true }, disconnect: 'clean' },
      behaviour: { connect: (device) => (device === 0 ? 'refused' : 3_000) },
    });
    const publishers = new Set<number>();
    for (const { message, clientId } of transport.published) {
      const { device } = (JSON.parse(message) as { stampede: { device: number } }).stampede;
      publishers.add(device);
      expect(clientId).toBe(identifyDevice(plan.runId, device).clientId);
    }
    // Of some 300 devices, those that live for longer than their CONNACK takes: e^(−0.3), the last ones left out.
    expect(publishers.size).toBeGreaterThan(180);
    // Each id connects once, but for that of the place whose attempts fail and are repeated.
    const attempts = Map.groupBy(transport.clientIds, (id) => id);
    const repeated = [...attempts.values()].filter(({ length }) => length > 1);
    expect(repeated.length).toBeLessThan(12);
  });

  it('take their messages with them where nothing replaces them', async () => {
    const { result, transport, plan } = await simulate({ ...options, lifecycle: churn(false) });
    const { publishAt } = plan.timeline;
    const lives = Array.from(
      { length: 200 },
      (_, device) => awakeStretches(churn(false), plan.profile.seed, device).next().value.toMs,
    );
    let expected = 0;
    for (let n = 0; n < 6_000; n++) if (((n + 0.5) * 1_000) / 100 < lives[n % 200]!) expected++;
    expect(result.messages).toMatchObject({ intended: expected, sent: expected, dropped: 0 });
    // Of 6,000 the share that devices of a mean life of half a minute live to send in a minute: (1 − e⁻²) ÷ 2.
    expect(expected / 6_000).toBeGreaterThan(0.37);
    expect(expected / 6_000).toBeLessThan(0.5);
    expect(result.devices).toMatchObject({ connected: 200, reconnects: 0 });
    for (const { device, atMs } of transport.published) {
      expect(atMs - publishAt).toBeLessThan(lives[device]! + 5);
    }
    const left = lives.filter((ms) => ms < 60_000).length;
    expect(result.perSecond.connected.at(-1)).toBeLessThanOrEqual(200 - left);
  });
});

describe('reconnects', () => {
  it('have a sample each, from when the connection was missing, failed attempts included', async () => {
    let attempts = 0;
    const { result } = await simulate({
      devices: 3,
      ratePerSecond: 3,
      seconds: 10,
      connect: { backoff: { baseMs: 1_500, capMs: 1_500, jitter: 'none' } },
      behaviour: {
        // The first attempts succeed; after the cut one is refused.
        connect: () => (++attempts === 4 ? 'refused' : 20),
      },
      script(clock, transport, plan) {
        clock.setTimer(plan.timeline.publishAt - clock.now() + 2_000, () => transport.cut(1));
      },
    });
    const reconnect = LatencyHistogram.decode(result.latencies.reconnect!);
    expect(reconnect.count).toBe(1);
    expect(result.devices).toMatchObject({ reconnects: 1, connectFailed: 1 });
    // 1.5 s, the refusal, 1.5 s more, and the CONNACK.
    expect(reconnect.percentileAt(50)).toBeGreaterThan(3_015);
    expect(reconnect.percentileAt(50)).toBeLessThan(3_030);
    expect(LatencyHistogram.decode(result.latencies.connect).percentileAt(100)).toBeLessThan(21);
    expect(sumOf(result.connects!.offered)).toBe(5);
    expect(sumOf(result.connects!.granted)).toBe(4);
  });

  it('are as many as devices that came back, whatever made them', async () => {
    const { result } = await simulate({ devices: 10, ratePerSecond: 4, seconds: 20, lifecycle: eachMessage });
    expect(LatencyHistogram.decode(result.latencies.reconnect!).count).toBe(result.devices.reconnects);
    const steady = await simulate({ devices: 3, seconds: 2 });
    expect(steady.result.latencies.reconnect).toBeUndefined();
  });
});
