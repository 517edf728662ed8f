import { describe, expect, it } from '@jest/globals';
import {
  connectClient,
  connectPacket,
  connectRaw,
  makeVirtualTime,
  startTestIotCore,
} from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

const subscription = { topic: 's/+', qos: 1, nl: false, rap: false, rh: 0 } as const;

async function subscribeAndLeave(
  iotCore: { readonly mqttPort: number },
  version: 4 | 5,
  more: object,
  disconnect: object = {},
): Promise<void> {
  const raw = await connectRaw(iotCore, version);
  raw.write(connectPacket('sleeper', version, more));
  raw.write({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] });
  await raw.packet(1);
  raw.write({ cmd: 'disconnect', ...disconnect });
  await raw.closed;
}

describe('a persistent session', () => {
  it.each([
    [4, { clean: false }],
    [5, { clean: true, properties: { sessionExpiryInterval: 600 } }],
  ] as const)('keeps subscriptions and QoS 1 messages, version %i', async (version, more) => {
    const iotCore = await startTestIotCore();
    await subscribeAndLeave(iotCore, version, more);
    const publisher = await connectClient(iotCore);
    for (const qos of [0, 1] as const) await publisher.client.publishAsync(`s/${qos}`, 'while away', { qos });
    const back = await connectRaw(iotCore, version);
    back.write(connectPacket('sleeper', version, { ...more, clean: false }));
    expect(await back.packet(0)).toMatchObject({ cmd: 'connack', sessionPresent: true });
    expect(await back.packet(1)).toMatchObject({ cmd: 'publish', topic: 's/1', qos: 1 });
    await publisher.client.publishAsync('s/live', 'x', { qos: 1 });
    expect(await back.packet(2)).toMatchObject({ cmd: 'publish', topic: 's/live' });
  });

  it('sends once more what was not acknowledged, under the same identifier', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('sleeper', 4, { clean: false }));
    raw.write({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] });
    const publisher = await connectClient(iotCore);
    await until(() => raw.packets.length === 2);
    for (const topic of ['s/a', 's/b']) await publisher.client.publishAsync(topic, 'x', { qos: 1 });
    const { messageId } = await raw.packet(2);
    const second = await raw.packet(3);
    raw.write({ cmd: 'puback', messageId: messageId! });
    raw.write({ cmd: 'pingreq' });
    await raw.packet(4);
    raw.socket.destroy();
    const back = await connectRaw(iotCore);
    back.write(connectPacket('sleeper', 4, { clean: false }));
    expect(await back.packet(1)).toMatchObject({
      cmd: 'publish',
      topic: 's/b',
      messageId: second.messageId,
      dup: false,
    });
  });

  it('sends once more no faster than the new connection takes it, and in order', async () => {
    const iotCore = await startTestIotCore();
    const lasting = { sessionExpiryInterval: 600 };
    const raw = await connectRaw(iotCore, 5);
    raw.write(connectPacket('sleeper', 5, { properties: { ...lasting, receiveMaximum: 5 } }));
    raw.write({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] });
    await raw.packet(1);
    const publisher = await connectClient(iotCore);
    for (let n = 0; n < 8; n++) await publisher.client.publishAsync('s/x', `${n}`, { qos: 1 });
    const before = (await raw.packet(6)).messageId;
    raw.socket.destroy();
    const back = await connectRaw(iotCore, 5);
    const properties = { ...lasting, receiveMaximum: 2 };
    back.write(connectPacket('sleeper', 5, { clean: false, properties }));
    const publishes = () => back.packets.filter((packet) => packet.cmd === 'publish');
    await until(() => publishes().length === 2);
    back.write({ cmd: 'pingreq' });
    await until(() => back.packets.some(({ cmd }) => cmd === 'pingresp'));
    expect(publishes()).toHaveLength(2);
    for (let n = 0; n < 8; n++) {
      await until(() => publishes().length > n);
      back.write({ cmd: 'puback', messageId: publishes()[n]!.messageId! });
    }
    expect(publishes().map(({ payload }) => `${payload}`)).toEqual([...'01234567']);
    expect(publishes()[4]?.messageId).toBe(before);
  });

  it('sends once more what has expired in flight, with nothing left of its interval', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({}, clock);
    const lasting = { properties: { sessionExpiryInterval: 600 } };
    const raw = await connectRaw(iotCore, 5);
    raw.write(connectPacket('sleeper', 5, lasting));
    raw.write({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] });
    await raw.packet(1);
    const publisher = await connectRaw(iotCore, 5);
    publisher.write(connectPacket('publisher', 5));
    const message = {
      cmd: 'publish',
      topic: 's/a',
      payload: 'x',
      qos: 1,
      messageId: 1,
      retain: false,
      dup: false,
    } as const;
    publisher.write({ ...message, properties: { messageExpiryInterval: 2 } });
    expect(await raw.packet(2)).toMatchObject({ properties: { messageExpiryInterval: 2 } });
    raw.socket.destroy();
    await advance(5_000);
    const back = await connectRaw(iotCore, 5);
    back.write(connectPacket('sleeper', 5, { ...lasting, clean: false }));
    expect(await back.packet(1)).toMatchObject({ cmd: 'publish', properties: { messageExpiryInterval: 0 } });
    expect(iotCore.internalErrors).toEqual([]);
  });

  it('ends at its expiry, which AWS keeps to an hour', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({}, clock);
    const sessionPresentAfter = async (
      seconds: number,
      more: object,
      version: 4 | 5,
      disconnect?: object,
    ) => {
      await subscribeAndLeave(iotCore, version, more, disconnect);
      await advance(seconds * 1_000);
      const raw = await connectRaw(iotCore, version);
      raw.write(connectPacket('sleeper', version, { clean: false }));
      const { sessionPresent } = (await raw.packet(0)) as { sessionPresent: boolean };
      raw.write({ cmd: 'disconnect', ...(version === 5 ? { properties: {} } : {}) });
      await raw.closed;
      // Away with it, for the next.
      const last = await connectRaw(iotCore);
      last.write(connectPacket('sleeper'));
      await last.packet(0);
      last.write({ cmd: 'disconnect' });
      await last.closed;
      return sessionPresent;
    };
    const expiring = (sessionExpiryInterval: number) => ({ properties: { sessionExpiryInterval } });
    expect(await sessionPresentAfter(58, expiring(60), 5)).toBe(true);
    expect(await sessionPresentAfter(62, expiring(60), 5)).toBe(false);
    expect(await sessionPresentAfter(3_598, expiring(100_000), 5)).toBe(true);
    expect(await sessionPresentAfter(3_602, expiring(100_000), 5)).toBe(false);
    expect(await sessionPresentAfter(3_598, { clean: false }, 4)).toBe(true);
    expect(await sessionPresentAfter(3_602, { clean: false }, 4)).toBe(false);
    expect(await sessionPresentAfter(62, expiring(60), 5, expiring(90))).toBe(true);
    expect(await sessionPresentAfter(0, expiring(60), 5, expiring(0))).toBe(false);
  });

  it('does not outlive a clean start', async () => {
    const iotCore = await startTestIotCore();
    await subscribeAndLeave(iotCore, 4, { clean: false });
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('sleeper', 4, { clean: true }));
    expect(await raw.packet(0)).toMatchObject({ sessionPresent: false });
    const publisher = await connectClient(iotCore);
    await publisher.client.publishAsync('s/1', 'x', { qos: 1 });
    raw.write({ cmd: 'pingreq' });
    expect(await raw.packet(1)).toMatchObject({ cmd: 'pingresp' });
  });
});

describe('QoS 1 towards a client', () => {
  it('goes no further than what the client and AWS take unacknowledged', async () => {
    const iotCore = await startTestIotCore();
    const publisher = await connectClient(iotCore);
    for (const [receiveMaximum, expected] of [
      [3, 3],
      [1_000, 100],
    ] as const) {
      const raw = await connectRaw(iotCore, 5);
      raw.write(connectPacket(`slow-${receiveMaximum}`, 5, { properties: { receiveMaximum } }));
      raw.write({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] });
      await raw.packet(1);
      for (let n = 0; n < 105; n++) await publisher.client.publishAsync('s/x', `${n}`, { qos: 1 });
      raw.write({ cmd: 'pingreq' });
      await until(() => raw.packets.some(({ cmd }) => cmd === 'pingresp'));
      const publishes = () => raw.packets.filter(({ cmd }) => cmd === 'publish');
      expect(publishes()).toHaveLength(expected);
      for (let n = 0; n < 105; n++) {
        await until(() => publishes().length > n);
        raw.write({ cmd: 'puback', messageId: publishes()[n]!.messageId! });
      }
      expect(publishes().map((packet) => `${(packet as { payload: Buffer }).payload}`)).toEqual(
        Array.from({ length: 105 }, (_, n) => `${n}`),
      );
      raw.socket.destroy();
    }
  });

  it('is bounded, and QoS 0 dropped, for a client that does not read', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('stuck'));
    raw.write({ cmd: 'subscribe', messageId: 1, subscriptions: [{ ...subscription, topic: '#' }] });
    await raw.packet(1);
    raw.socket.pause();
    const publisher = await connectClient(iotCore);
    const payload = Buffer.alloc(100_000);
    for (let n = 0; n < 200; n++) await publisher.client.publishAsync('big', payload, { qos: 1 });
    for (let n = 0; n < 100; n++) await publisher.client.publishAsync('big', payload, { qos: 0 });
    await publisher.client.publishAsync('end', 'x', { qos: 1 });
    expect(iotCore.sum('PublishOut.Throttle')).toBeGreaterThan(50);
    expect(iotCore.sum('PublishOut.Success')).toBeLessThan(200);
    // Reading again, it gets all of QoS 1.
    const pubacks = new Set<number>();
    raw.socket.resume();
    await until(() => {
      for (const packet of raw.packets) {
        if (packet.cmd !== 'publish' || packet.qos !== 1 || pubacks.has(packet.messageId!)) continue;
        pubacks.add(packet.messageId!);
        raw.write({ cmd: 'puback', messageId: packet.messageId! });
      }
      return raw.packets.some((packet) => packet.cmd === 'publish' && packet.topic === 'end');
    });
    expect(raw.packets.filter((packet) => packet.cmd === 'publish' && packet.qos === 1)).toHaveLength(201);
  });

  it('leaves out what has expired meanwhile', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({}, clock);
    await subscribeAndLeave(iotCore, 5, { properties: { sessionExpiryInterval: 600 } });
    const raw = await connectRaw(iotCore, 5);
    raw.write(connectPacket('publisher', 5));
    for (const [n, messageExpiryInterval] of [10, 100].entries()) {
      raw.write({
        cmd: 'publish',
        topic: `s/${messageExpiryInterval}`,
        payload: '',
        qos: 1,
        messageId: n + 1,
        dup: false,
        retain: false,
        properties: { messageExpiryInterval },
      });
    }
    await raw.packet(2);
    await advance(30_500);
    const back = await connectRaw(iotCore, 5);
    back.write(connectPacket('sleeper', 5, { clean: false }));
    expect(await back.packet(1)).toMatchObject({ topic: 's/100', properties: { messageExpiryInterval: 69 } });
  });
});
