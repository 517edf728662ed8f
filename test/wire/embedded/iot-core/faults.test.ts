import { PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { describe, expect, it } from '@jest/globals';
import type { Packet } from 'mqtt-packet';
import { drawDelayMs } from '../../../../src/embedded/iot-core/delay.ts';
import { Faults } from '../../../../src/embedded/iot-core/faults.ts';
import { defaultRuleName } from '../../../../src/embedded/iot-core/settings.ts';
import { parseFaultChange, parseFaultSettings } from '../../../../src/profile/fault-schema.ts';
import { type Delay, noFaults } from '../../../../src/profile/service-faults.ts';
import { makeRandom } from '../../../../src/shared/random.ts';
import { VirtualClock } from '../../../support/device/virtual-clock.ts';
import {
  connectClient,
  connectPacket,
  connectRaw,
  makeDataPlaneClient,
  makeVirtualTime,
  roomyLimits,
  startTestIotCore,
} from '../../../support/iot-core/fixture.ts';
import { until } from '../../../support/until.ts';

const settings = { ...noFaults, dropDeliveries: 0.1, dropAcks: 0.2, seed: 7 };

describe('Faults', () => {
  it('drops by its seed, about the share that is set, and counts what it dropped', () => {
    const drops = (seed: number) => {
      const faults = new Faults(new VirtualClock(), { ...settings, seed });
      const deliveries = Array.from({ length: 10_000 }, () => faults.dropsDelivery());
      const acks = Array.from({ length: 10_000 }, () => faults.dropsAck());
      expect(faults.report()).toMatchObject({
        droppedDeliveries: deliveries.filter(Boolean).length,
        droppedAcks: acks.filter(Boolean).length,
      });
      return { deliveries, acks };
    };
    expect(drops(1)).toEqual(drops(1));
    expect(drops(1)).not.toEqual(drops(2));
    expect(drops(1).deliveries.filter(Boolean).length / 10_000).toBeCloseTo(0.1, 1);
    expect(drops(1).acks.filter(Boolean).length / 10_000).toBeCloseTo(0.2, 1);
  });

  it('changes what a change says, and nothing else', () => {
    expect(parseFaultChange({ dropAcks: 0.5 }, settings)).toEqual({
      settings: { ...settings, dropAcks: 0.5 },
      pauseMs: 0,
      disconnect: 0,
    });
    expect(parseFaultChange({ pauseMs: 5, disconnect: 0.5 }, noFaults)).toMatchObject({
      pauseMs: 5,
      disconnect: 0.5,
    });
    expect(parseFaultSettings({ refuseConnects: 1, refuseWith: 'serverBusy' })).toEqual({
      refuseConnects: 1,
      refuseWith: 'serverBusy',
    });
  });

  it.each<[unknown, RegExp]>([
    [{ dropAcks: 2, pauseMs: -1, wind: 3 }, /3 errors[\s\S]*dropAcks[\s\S]*pauseMs[\s\S]*wind/],
    [{ dropAck: 1 }, /dropAck: is not known\n.*did you mean "dropAcks"/],
    [{ ackDelay: { gamma: 1 } }, /ackDelay: is no delay\n.*milliseconds, or one of/],
    [{ ackDelay: { uniform: { minMs: 3, maxMs: 2 } } }, /ackDelay.*is no delay/],
    [{ deliveryDelay: { lognormal: { medianMs: 0, p99Ms: 2 } } }, /deliveryDelay.*is no delay/],
    [{ serviceTime: 10 }, /serviceTime: is no service\n.*"servers":1/],
    [{ serviceTime: { servers: 0, timeMs: 10 } }, /serviceTime.*is no service/],
    [{ serviceTime: { servers: 1, timeMs: { exponential: {} } } }, /serviceTime.*is no service/],
    [{ refuseWith: 'grumpiness' }, /refuseWith/],
    [{ clockOffsetMs: 50 }, /clockOffsetMs: cannot change while the service runs/],
    [{ clockOffsetMs: 0.5 }, /clockOffsetMs/],
    [[], /faults/],
  ])('refuses %j', (change, message) => {
    expect(() => parseFaultChange(change, noFaults)).toThrow(message);
  });

  it('has a clock from the start that no change moves', () => {
    const start = parseFaultSettings({ clockOffsetMs: -50 });
    expect(start).toEqual({ clockOffsetMs: -50 });
    const current = { ...noFaults, ...start };
    expect(parseFaultChange({ ...current, dropAcks: 1 }, current).settings).toEqual({
      ...current,
      dropAcks: 1,
    });
    expect(() => parseFaultSettings({ clockOffsetMs: 1_001 })).toThrow(/clockOffsetMs/);
  });

  it('applies at its start nothing that happens at once', () => {
    expect(() => parseFaultSettings({ pauseMs: 1 })).toThrow(/pauseMs: is not known/);
    expect(() => parseFaultSettings({ pauseMs: 1 })).not.toThrow(/did you mean "pauseMs"/);
  });
});

describe('drawDelayMs', () => {
  const drawn = (delay: Delay) => {
    const random = makeRandom(1, 1);
    return Array.from({ length: 20_000 }, () => drawDelayMs(delay, random)).sort((a, b) => a - b);
  };
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const quantile = (values: number[], share: number) => values[Math.floor(values.length * share)]!;

  it('is whole milliseconds, none below 0', () => {
    const values = drawn({ normal: { meanMs: 1, deviationMs: 5 } });
    expect(values.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
  });

  it('is never longer than a timer takes, however long the tail', () => {
    const delay = { lognormal: { medianMs: 1, p99Ms: 3_600_000 } };
    expect(drawDelayMs(delay, () => 1e-12)).toBeGreaterThanOrEqual(0);
    // cos 2πv is 1 where v is 0, and −ln(1 − u) large where u is nearly 1.
    const tail = [1 - 1e-12, 0];
    expect(drawDelayMs(delay, () => tail.shift()!)).toBe(2 ** 31 - 1);
  });

  it('is distributed as it is configured', () => {
    expect(drawn(7).at(-1)).toBe(7);
    const uniform = drawn({ uniform: { minMs: 100, maxMs: 200 } });
    expect([uniform[0], uniform.at(-1)]).toEqual([100, 200]);
    expect(Math.abs(mean(uniform) - 150)).toBeLessThan(1);
    const normal = drawn({ normal: { meanMs: 500, deviationMs: 50 } });
    expect(Math.abs(mean(normal) - 500)).toBeLessThan(2);
    expect(Math.abs(quantile(normal, 0.841) - 550)).toBeLessThan(3);
    const exponential = drawn({ exponential: { meanMs: 100 } });
    expect(Math.abs(mean(exponential) - 100)).toBeLessThan(2);
    expect(Math.abs(quantile(exponential, 0.99) - 100 * Math.log(100))).toBeLessThan(20);
    const lognormal = drawn({ lognormal: { medianMs: 100, p99Ms: 1_000 } });
    expect(Math.abs(quantile(lognormal, 0.5) - 100)).toBeLessThan(3);
    expect(Math.abs(quantile(lognormal, 0.99) - 1_000)).toBeLessThan(80);
  });
});

describe('the injected faults of a service', () => {
  it('loses exactly the deliveries and PUBACKs it says', async () => {
    const iotCore = await startTestIotCore({
      faults: { dropDeliveries: 0.2, dropAcks: 0.1, seed: 3 },
      // All at once, and no PUBACK waited for.
      limits: { ...roomyLimits, unacknowledgedPerClient: 500 },
    });
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('raw'));
    for (let messageId = 1; messageId <= 500; messageId++) {
      raw.write({
        cmd: 'publish',
        topic: 'stampede/t',
        payload: JSON.stringify({ stampede: { n: messageId } }),
        qos: 1,
        messageId,
        dup: false,
        retain: false,
      });
    }
    raw.write({ cmd: 'pingreq' });
    await until(() => raw.packets.some(({ cmd }) => cmd === 'pingresp'));
    await iotCore.admin('GET', '/queue?untilEmpty=true');
    const faults = (await iotCore.admin('GET', '/faults')) as Record<string, number>;
    expect(faults.droppedDeliveries).toBeGreaterThan(50);
    expect(iotCore.arrivals).toHaveLength(500 - faults.droppedDeliveries!);
    expect(raw.packets.filter(({ cmd }) => cmd === 'puback')).toHaveLength(500 - faults.droppedAcks!);
    expect(iotCore.sum('PublishIn.Success')).toBe(500);
  });

  it.each([50, -50])('has a rules engine whose clock is %d ms off', async (clockOffsetMs) => {
    const iotCore = await startTestIotCore({ faults: { clockOffsetMs } });
    const { client } = await connectClient(iotCore);
    const before = Date.now() + clockOffsetMs;
    await client.publishAsync('stampede/t', JSON.stringify({ stampede: { n: 1 } }), { qos: 1 });
    const after = Date.now() + clockOffsetMs;
    await until(() => iotCore.arrivals.length === 1);
    const { rule } = iotCore.arrivals[0]!;
    expect(rule).toBeGreaterThanOrEqual(before);
    expect(rule).toBeLessThanOrEqual(after);
  });

  it('changes over HTTP', async () => {
    const iotCore = await startTestIotCore();
    const { client } = await connectClient(iotCore);
    expect(await iotCore.admin('POST', '/faults', { dropDeliveries: 1 })).toMatchObject({
      settings: { dropDeliveries: 1, dropAcks: 0 },
    });
    await client.publishAsync('stampede/t', '{}', { qos: 1 });
    expect(await iotCore.admin('POST', '/faults', { dropDeliveries: 0 })).toMatchObject({
      droppedDeliveries: 1,
    });
    await client.publishAsync('stampede/t', '{}', { qos: 1 });
    await until(() => iotCore.arrivals.length === 1);
    expect(await iotCore.admin('POST', '/faults', { dropDeliveries: 'all' })).toMatchObject({
      message: expect.stringContaining('dropDeliveries'),
    });
  });

  it('pauses: nothing is read, answered or delivered, then everything is', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({}, clock);
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('raw'));
    await raw.packet(0);
    await iotCore.admin('POST', '/faults', { pauseMs: 60_000 });
    raw.write({
      cmd: 'publish',
      topic: 'stampede/t',
      payload: '{}',
      qos: 1,
      messageId: 1,
      dup: false,
      retain: false,
    });
    const newcomer = await connectRaw(iotCore);
    newcomer.write(connectPacket('newcomer'));
    const overHttp = makeDataPlaneClient(iotCore).send(
      new PublishCommand({ topic: 'stampede/t', qos: 1, payload: Buffer.from('{}') }),
    );
    expect(await iotCore.admin('GET', '/faults')).toMatchObject({ paused: true, pauses: 1 });
    // Longer than any keep-alive would allow a silent client.
    await advance(59_000);
    expect(raw.packets).toHaveLength(1);
    expect(newcomer.packets).toHaveLength(0);
    expect(iotCore.sum('PublishIn.Success')).toBe(0);
    await advance(2_000);
    expect(await raw.packet(1)).toMatchObject({ cmd: 'puback', messageId: 1 });
    expect(await newcomer.packet(0)).toMatchObject({ cmd: 'connack', returnCode: 0 });
    expect((await overHttp).$metadata.httpStatusCode).toBe(200);
    await advance(1_000);
    await until(() => iotCore.arrivals.length === 2);
    expect(await iotCore.admin('GET', '/faults')).toMatchObject({
      paused: false,
      pauses: 1,
      pausedMs: 60_000,
    });
  });

  it('delivers twice what it says it did', async () => {
    const iotCore = await startTestIotCore({ faults: { duplicateDeliveries: 0.3 } });
    const { client } = await connectClient(iotCore);
    for (let n = 0; n < 100; n++) client.publish('stampede/t', `{"stampede":{"n":${n}}}`, { qos: 1 });
    await until(() => iotCore.sum('PublishIn.Success') === 100);
    await iotCore.admin('GET', '/queue?untilEmpty=true');
    const { duplicatedDeliveries } = iotCore.faults.report();
    expect(duplicatedDeliveries).toBeGreaterThan(10);
    expect(iotCore.arrivals).toHaveLength(100 + duplicatedDeliveries);
    expect(new Set(iotCore.arrivals.map(({ n }) => n)).size).toBe(100);
  });

  it('holds back deliveries and PUBACKs, the PUBACKs of a connection in their order', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore(
      { faults: { deliveryDelay: 300, ackDelay: { uniform: { minMs: 10, maxMs: 100 } } } },
      clock,
    );
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('raw'));
    for (let messageId = 1; messageId <= 20; messageId++) raw.write(publishPacket(messageId));
    await until(() => iotCore.sum('PublishIn.Success') === 20);
    await advance(9);
    expect(raw.packets).toHaveLength(1);
    await advance(100);
    await raw.packet(20);
    expect(raw.packets.slice(1).map((packet) => packet.messageId)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(iotCore.queue.depth.sent).toBe(0);
    expect(iotCore.faults.report()).toMatchObject({ deliveriesInFlight: 20, delayedAcks: 20 });
    await advance(200);
    expect(iotCore.queue.depth.sent).toBe(20);
    expect(iotCore.faults.report()).toMatchObject({
      deliveriesInFlight: 0,
      delayedDeliveries: 20,
      delayedDeliveriesMs: 6_000,
    });
  });

  it('holds back what is due in a pause until the pause is over', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({ faults: { deliveryDelay: 50, ackDelay: 50 } }, clock);
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('raw'));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack' });
    raw.write(publishPacket(1));
    expect(await raw.packet(0)).toMatchObject({ cmd: 'connack' });
    await until(() => iotCore.sum('PublishIn.Success') === 1);
    iotCore.faults.pause(1_000);
    await advance(900);
    expect(raw.packets).toHaveLength(1);
    expect(iotCore.queue.depth.sent).toBe(0);
    await advance(100);
    expect(await raw.packet(1)).toMatchObject({ cmd: 'puback', messageId: 1 });
    expect(iotCore.queue.depth.sent).toBe(1);
  });

  it('serves deliveries behind the rule one after the other, and gives what finds its queue full to the error action', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore(
      { faults: { serviceTime: { servers: 2, timeMs: 100, queueLimit: 15 } } },
      clock,
    );
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('raw'));
    for (let messageId = 1; messageId <= 20; messageId++) raw.write(publishPacket(messageId));
    // PUBACKs do not wait for the service.
    await raw.packet(20);
    expect(iotCore.ruleErrors.bodies.map((body) => JSON.parse(body).failures)).toEqual(
      Array(3).fill([expect.objectContaining({ failedAction: 'ServiceTime' })]),
    );
    await advance(899);
    expect(iotCore.queue.depth.sent).toBe(16);
    await advance(2);
    expect(iotCore.queue.depth.sent).toBe(17);
    expect(iotCore.faults.report()).toMatchObject({
      servedDeliveries: 17,
      servedDeliveriesMs: 1_700,
      waitedDeliveriesMs: 2 * (100 + 200 + 300 + 400 + 500 + 600 + 700) + 800,
      refusedDeliveries: 3,
      deliveriesInFlight: 0,
    });
    const { success, failure } = iotCore.metrics.rule(defaultRuleName, 'SQS');
    expect([success.total, failure.total]).toEqual([17, 3]);
  });

  it('holds back messages to clients, those of a client in their order', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore(
      { faults: { outboundDelay: { uniform: { minMs: 10, maxMs: 100 } } } },
      clock,
    );
    const { client: reader } = await connectClient(iotCore, { clientId: 'reader' });
    const received: string[] = [];
    reader.on('message', (_, payload) => void received.push(payload.toString()));
    await reader.subscribeAsync('t', { qos: 1 });
    const { client: writer } = await connectClient(iotCore, { clientId: 'writer' });
    for (let n = 0; n < 20; n++) await writer.publishAsync('t', String(n), { qos: 1 });
    await advance(9);
    expect(received).toEqual([]);
    await advance(100);
    await until(() => received.length === 20);
    expect(received).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
    const { delayedOutbound, delayedOutboundMs } = iotCore.faults.report();
    expect(delayedOutbound).toBe(20);
    expect(delayedOutboundMs / 20).toBeGreaterThan(55);
    expect(delayedOutboundMs / 20).toBeLessThanOrEqual(100);
  });

  it('keeps no message that it holds back for a client whose session ends meanwhile, and throttles none', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({ faults: { outboundDelay: 50 } }, clock);
    const { client: reader } = await connectClient(iotCore, { clientId: 'reader' });
    await reader.subscribeAsync('t', { qos: 1 });
    const { client: writer } = await connectClient(iotCore, { clientId: 'writer' });
    await writer.publishAsync('t', 'held', { qos: 1 });
    await reader.endAsync();
    await until(() => iotCore.sum('PublishIn.Success') === 1);
    await advance(60);
    expect(iotCore.faults.report()).toMatchObject({ delayedOutbound: 1, delayedOutboundMs: 50 });
    expect(iotCore.sum('PublishOut.Success') + iotCore.sum('PublishOut.Throttle')).toBe(0);
  });

  it('answers late over HTTP', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({ faults: { ackDelay: 500 } }, clock);
    let status = 0;
    const publish = new PublishCommand({ topic: 'stampede/t', qos: 1, payload: Buffer.from('{}') });
    const answered = makeDataPlaneClient(iotCore)
      .send(publish)
      .then(({ $metadata }) => {
        status = $metadata.httpStatusCode ?? 0;
      });
    await until(() => iotCore.faults.report().delayedAcks === 1);
    await advance(499);
    expect(status).toBe(0);
    await advance(1);
    await answered;
    expect(status).toBe(200);
  });

  it('disconnects a share of those it may touch, at once and by the minute', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({}, clock);
    const connect = async (clientId: string) => {
      const raw = await connectRaw(iotCore, 5);
      raw.write(connectPacket(clientId, 5));
      await raw.packet(0);
      return raw;
    };
    await connect('spared');
    const devices = await Promise.all(Array.from({ length: 10 }, (_, i) => connect(`device-${i}`)));
    const gone = () => devices.filter(({ socket }) => socket.destroyed).length;
    iotCore.faults.change({ ...noFaults, clients: 'device-' });
    iotCore.faults.disconnect(0.3);
    await until(() => gone() === 3);
    expect(devices.find(({ packets }) => packets.length > 1)?.packets[1]).toMatchObject({
      cmd: 'disconnect',
      reasonCode: 0x8b,
    });
    // 6 of the 7 in a minute, were they not fewer by each that goes. Changed more often than once a second.
    for (let halfSeconds = 0; halfSeconds < 120; halfSeconds++) {
      iotCore.faults.change({ ...noFaults, clients: 'device-', disconnectPerMinute: 0.86 });
      await advance(500);
    }
    const { disconnected } = iotCore.faults.report();
    expect(disconnected).toBeGreaterThanOrEqual(6);
    expect(disconnected).toBeLessThanOrEqual(8);
    await until(() => gone() === disconnected);
  });

  it.each([
    [4, 'serverUnavailable', { returnCode: 3 }],
    [4, 'notAuthorized', { returnCode: 7 }],
    [5, 'serverBusy', { reasonCode: 0x89 }],
  ] as const)('refuses CONNECTs of MQTT %i: %s', async (version, refuseWith, answer) => {
    const iotCore = await startTestIotCore({
      faults: { refuseConnects: 1, refuseWith, clients: 'device-' },
    });
    const refused = await connectRaw(iotCore, version);
    refused.write(connectPacket('device-1', version));
    expect(await refused.packet(0)).toMatchObject({ cmd: 'connack', ...answer });
    await refused.closed;
    const spared = await connectRaw(iotCore, 4);
    spared.write(connectPacket('control'));
    expect(await spared.packet(0)).toMatchObject({ returnCode: 0 });
    expect(iotCore.faults.report()).toMatchObject({ refusedConnects: 1 });
    expect(iotCore.sum('Connect.ServerError')).toBe(1);
  });
});

function publishPacket(messageId: number): Packet {
  return { cmd: 'publish', topic: 'stampede/t', payload: '{}', qos: 1, messageId, dup: false, retain: false };
}
