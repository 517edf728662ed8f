import { describe, expect, it } from '@jest/globals';
import {
  connectClient,
  connectPacket,
  connectRaw,
  startTestIotCore,
} from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

describe('SUBSCRIBE', () => {
  it('brings a message once to a client whose filters overlap, at the best QoS', async () => {
    const iotCore = await startTestIotCore();
    const { client, received, got } = await connectClient(iotCore, { protocolVersion: 5 });
    await client.subscribeAsync({ 'a/b': { qos: 0 }, 'a/+': { qos: 1 }, '#': { qos: 0 } });
    await client.publishAsync('a/b', 'x', { qos: 1 });
    await client.publishAsync('end', 'x', { qos: 1 });
    await got(2);
    expect(received.map(({ topic, packet }) => [topic, packet.qos])).toEqual([
      ['a/b', 1],
      ['end', 0],
    ]);
  });

  it('leaves out the own messages of a client that asks for that', async () => {
    const iotCore = await startTestIotCore();
    const { client, received, got } = await connectClient(iotCore, { protocolVersion: 5 });
    const other = await connectClient(iotCore);
    await client.subscribeAsync('t', { qos: 1, nl: true });
    await client.publishAsync('t', 'mine', { qos: 1 });
    await other.client.publishAsync('t', 'theirs', { qos: 1 });
    await got(1);
    expect(received.map(({ text }) => text)).toEqual(['theirs']);
  });

  it.each([
    [4, 0x80],
    [5, 0x8f],
  ] as const)('refuses filters that are not valid, version %i', async (version, refusal) => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, version);
    raw.write(connectPacket('raw', version));
    const filters = ['a/#/b', 'a+', '$share/g', '$share//a', '1/2/3/4/5/6/7/8/9', 'good/+'];
    raw.write({
      cmd: 'subscribe',
      messageId: 5,
      subscriptions: filters.map((topic) => ({ topic, qos: 1, nl: false, rap: false, rh: 0 })),
    });
    const suback = await raw.packet(1);
    expect(suback).toMatchObject({ cmd: 'suback', messageId: 5 });
    expect((suback as { granted: number[] }).granted).toEqual([...Array<number>(5).fill(refusal), 1]);
    expect(iotCore.sum('Subscribe.Success')).toBe(1);
    expect(iotCore.sum('Subscribe.ClientError')).toBe(1);
  });

  it('does not answer QoS 2 in 3.1.1, and ends it in 5; ends subscription identifiers', async () => {
    const iotCore = await startTestIotCore();
    const subscription = { topic: 't', qos: 2, nl: false, rap: false, rh: 0 } as const;
    const v4 = await connectRaw(iotCore, 4);
    v4.write(connectPacket('v4', 4));
    v4.write({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] });
    v4.write({ cmd: 'pingreq' });
    expect(await v4.packet(1)).toMatchObject({ cmd: 'pingresp' });
    const v5 = await connectRaw(iotCore, 5);
    v5.write(connectPacket('v5', 5));
    v5.write({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] });
    expect(await v5.packet(1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x9b });
    const named = await connectRaw(iotCore, 5);
    named.write(connectPacket('named', 5));
    named.write({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ ...subscription, qos: 1 }],
      properties: { subscriptionIdentifier: 3 },
    });
    expect(await named.packet(1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0xa1 });
  });

  it('answers UNSUBSCRIBE with whether there was a subscription', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, 5);
    raw.write(connectPacket('raw', 5));
    const subscriptions = [{ topic: 't', qos: 1, nl: false, rap: false, rh: 0 } as const];
    raw.write({ cmd: 'subscribe', messageId: 1, subscriptions });
    raw.write({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['t', 'never'] });
    expect(await raw.packet(2)).toMatchObject({ cmd: 'unsuback', messageId: 2, granted: [0, 0x11] });
  });
});

describe('$share', () => {
  it.each([4, 5] as const)('brings each message to one of the group, version %i', async (protocolVersion) => {
    const iotCore = await startTestIotCore();
    const members = await Promise.all([1, 2, 3].map(() => connectClient(iotCore, { protocolVersion })));
    for (const { client } of members) await client.subscribeAsync('$share/group/s/+', { qos: 1 });
    const alone = await connectClient(iotCore, { protocolVersion });
    await alone.client.subscribeAsync('$share/other/s/#', { qos: 1 });
    const publisher = await connectClient(iotCore);
    for (let n = 0; n < 60; n++) await publisher.client.publishAsync(`s/${n}`, 'x', { qos: 1 });
    const counts = () => members.map(({ received }) => received.length);
    await until(() => counts().reduce((a, b) => a + b) === 60 && alone.received.length === 60);
    expect(Math.min(...counts())).toBeGreaterThan(5);
    await members[0]?.client.endAsync();
    await members[1]?.client.unsubscribeAsync('$share/group/s/+');
    const [, , last] = members;
    const before = last?.received.length ?? 0;
    for (let n = 0; n < 10; n++) await publisher.client.publishAsync('s/x', 'x', { qos: 1 });
    await until(() => last?.received.length === before + 10);
  });

  it('queues for a persistent member while it is not connected', async () => {
    const iotCore = await startTestIotCore();
    const options = { clientId: 'member', protocolVersion: 5, clean: false } as const;
    const properties = { sessionExpiryInterval: 600 };
    const member = await connectClient(iotCore, { ...options, properties });
    await member.client.subscribeAsync('$share/g/q', { qos: 1 });
    await member.client.endAsync();
    const publisher = await connectClient(iotCore);
    await publisher.client.publishAsync('q', 'kept', { qos: 1 });
    await publisher.client.publishAsync('q', 'not kept', { qos: 0 });
    const back = await connectClient(iotCore, { ...options, properties });
    expect((await back.got(1)).map(({ text }) => text)).toEqual(['kept']);
  });
});

describe('retained messages', () => {
  it.each([4, 5] as const)(
    'come with an exact filter, flagged; not with a wildcard, version %i',
    async (protocolVersion) => {
      const iotCore = await startTestIotCore();
      const publisher = await connectClient(iotCore);
      await publisher.client.publishAsync('r/1', 'old', { qos: 1, retain: true });
      await publisher.client.publishAsync('r/1', 'new', { qos: 1, retain: true });
      const { client, received, got } = await connectClient(iotCore, { protocolVersion });
      await client.subscribeAsync('r/+', { qos: 1 });
      await client.subscribeAsync('$share/g/r/1', { qos: 1 });
      await client.subscribeAsync('r/1', { qos: 0 });
      await got(1);
      expect(received.map(({ text, packet }) => [text, packet.qos, packet.retain])).toEqual([
        ['new', 0, true],
      ]);
      await client.unsubscribeAsync('$share/g/r/1');
      await publisher.client.publishAsync('r/1', '', { qos: 1, retain: true });
      await got(2);
      expect(received[1]).toMatchObject({ text: '', packet: { retain: false } });
      const late = await connectClient(iotCore, { protocolVersion });
      await late.client.subscribeAsync('r/1', { qos: 1 });
      await late.client.publishAsync('r/1', 'live', { qos: 1 });
      expect((await late.got(1)).map(({ text }) => text)).toEqual(['live']);
    },
  );

  it('obey retain handling and retain as published', async () => {
    const iotCore = await startTestIotCore();
    const { client, received, got } = await connectClient(iotCore, { protocolVersion: 5 });
    await client.publishAsync('r', 'stored', { qos: 1, retain: true });
    await client.subscribeAsync('r', { qos: 1, rh: 2 });
    await client.subscribeAsync('r', { qos: 1, rh: 1 });
    await client.unsubscribeAsync('r');
    await client.subscribeAsync('r', { qos: 1, rh: 1, rap: true });
    await got(1);
    await client.publishAsync('r', 'live', { qos: 1, retain: true });
    await got(2);
    expect(received.map(({ text, packet }) => [text, packet.retain])).toEqual([
      ['stored', true],
      ['live', true],
    ]);
  });
});
