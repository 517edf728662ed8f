import { describe, expect, it } from '@jest/globals';
import { accountLimitsOf } from '../../../../../src/targets/aws-iot/quotas.ts';
import {
  connectClient,
  connectPacket,
  connectRaw,
  makeVirtualTime,
  startTestIotCore,
} from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

const versions = [4, 5] as const;
const envelope = {
  run: 'r-1',
  slice: 2,
  n: 3,
  device: 4,
  at: 1_700_000_000_000.125,
  sent: 1_700_000_000_000.25,
};

describe('PUBLISH', () => {
  it.each(versions)('reaches subscribers at the lower QoS of both, version %i', async (protocolVersion) => {
    const iotCore = await startTestIotCore();
    const subscriber = await connectClient(iotCore, { protocolVersion });
    await subscriber.client.subscribeAsync({ 'a/+': { qos: 1 }, b: { qos: 0 } });
    const publisher = await connectClient(iotCore, { protocolVersion: 5 });
    await publisher.client.publishAsync('a/1', 'one', { qos: 1 });
    await publisher.client.publishAsync('a/0', 'zero', { qos: 0 });
    await publisher.client.publishAsync('b', 'lowered', { qos: 1 });
    const got = await subscriber.got(3);
    expect(got.map(({ topic, text, packet }) => [topic, text, packet.qos])).toEqual([
      ['a/1', 'one', 1],
      ['a/0', 'zero', 0],
      ['b', 'lowered', 0],
    ]);
    expect(iotCore.sum('PublishIn.Success')).toBe(3);
    expect(iotCore.sum('PublishOut.Success')).toBe(3);
  });

  it.each(versions)(
    'runs the rule on what is published under its filter, version %i',
    async (protocolVersion) => {
      const iotCore = await startTestIotCore();
      const { client } = await connectClient(iotCore, { protocolVersion });
      const before = Date.now();
      await client.publishAsync(
        'stampede/r-1/d4/telemetry',
        JSON.stringify({ stampede: envelope, t: 21.5, padding: 'x'.repeat(300) }),
        { qos: 1 },
      );
      await client.publishAsync('elsewhere', JSON.stringify({ stampede: envelope }), { qos: 1 });
      await client.publishAsync('stampede/r-1/d4/telemetry', 'no JSON', { qos: 1 });
      await until(() => iotCore.arrivals.length === 1);
      const [record] = iotCore.arrivals;
      expect(record).toEqual({ ...envelope, rule: expect.any(Number) });
      expect(record?.rule).toBeGreaterThanOrEqual(before);
      const rule = { RuleName: 'stampede_arrivals' };
      expect(iotCore.metrics.counter('TopicMatch', rule).total).toBe(2);
      expect(iotCore.metrics.counter('ParseError', rule).total).toBe(1);
      expect(iotCore.metrics.counter('Success', { ...rule, ActionType: 'SQS' }).total).toBe(1);
    },
  );

  it('acknowledges QoS 1 under its packet identifier, and a second publish of it as well', async () => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('raw'));
    raw.write({
      cmd: 'publish',
      topic: 't',
      payload: 'x',
      qos: 1,
      messageId: 0xabcd,
      dup: false,
      retain: false,
    });
    raw.write({
      cmd: 'publish',
      topic: 't',
      payload: 'x',
      qos: 1,
      messageId: 0xabcd,
      dup: true,
      retain: false,
    });
    expect(await raw.packet(1)).toMatchObject({ cmd: 'puback', messageId: 0xabcd });
    expect(await raw.packet(2)).toMatchObject({ cmd: 'puback', messageId: 0xabcd });
  });

  it('follows a client from topic to topic', async () => {
    const iotCore = await startTestIotCore();
    const subscriber = await connectClient(iotCore);
    const publisher = await connectClient(iotCore);
    await publisher.client.publishAsync('x/1', 'before the subscription', { qos: 1 });
    await subscriber.client.subscribeAsync('x/+', { qos: 1 });
    const topics = ['x/1', 'x/2', 'x/2', 'x/1', 'y/1'];
    for (const topic of topics) await publisher.client.publishAsync(topic, topic, { qos: 1 });
    await subscriber.client.unsubscribeAsync('x/+');
    await publisher.client.publishAsync('x/1', 'after the subscription', { qos: 1 });
    await subscriber.got(4);
    expect(subscriber.received.map(({ topic }) => topic)).toEqual(topics.slice(0, 4));
  });

  it('does not answer QoS 2 in 3.1.1, and ends it in 5', async () => {
    const iotCore = await startTestIotCore();
    const qos2 = {
      cmd: 'publish',
      topic: 't',
      payload: 'x',
      qos: 2,
      messageId: 7,
      dup: false,
      retain: false,
    } as const;
    const v4 = await connectRaw(iotCore, 4);
    v4.write(connectPacket('v4', 4));
    v4.write(qos2);
    v4.write({ cmd: 'pingreq' });
    expect(await v4.packet(1)).toMatchObject({ cmd: 'pingresp' });
    const v5 = await connectRaw(iotCore, 5);
    v5.write(connectPacket('v5', 5));
    v5.write(qos2);
    expect(await v5.packet(1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x9b });
    expect(iotCore.sum('PublishIn.ClientError')).toBe(2);
    expect(iotCore.sum('PublishIn.Success')).toBe(0);
  });

  it('carries the properties of MQTT 5, and topic aliases', async () => {
    const iotCore = await startTestIotCore();
    const subscriber = await connectClient(iotCore, { protocolVersion: 5 });
    await subscriber.client.subscribeAsync('p', { qos: 1 });
    const raw = await connectRaw(iotCore, 5);
    raw.write(connectPacket('raw', 5));
    const properties = {
      payloadFormatIndicator: true,
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: Buffer.from([1, 2]),
      userProperties: { a: ['1', '2'], b: '3' },
      messageExpiryInterval: 60,
    };
    const message = { cmd: 'publish', topic: 'p', payload: 'x', qos: 1, dup: false, retain: false } as const;
    raw.write({ ...message, messageId: 1, properties: { ...properties, topicAlias: 8 } });
    raw.write({ ...message, topic: '', messageId: 2, properties: { topicAlias: 8 } });
    const [first, second] = await subscriber.got(2);
    expect(first?.packet.properties).toMatchObject({
      ...properties,
      messageExpiryInterval: expect.any(Number),
    });
    expect(first?.packet.properties?.messageExpiryInterval).toBeGreaterThan(50);
    expect(second?.topic).toBe('p');
    raw.write({ ...message, topic: '', messageId: 3, properties: { topicAlias: 9 } });
    expect(await raw.packet(3)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x94 });
  });

  it.each([
    ['+', 0x90],
    ['a/#', 0x90],
    ['1/2/3/4/5/6/7/8/9', 0x90],
    ['t'.repeat(257), 0x90],
  ])('ends a client that publishes to %s', async (topic, reasonCode) => {
    const iotCore = await startTestIotCore();
    const raw = await connectRaw(iotCore, 5);
    raw.write(connectPacket('raw', 5));
    raw.write({ cmd: 'publish', topic, payload: '', qos: 0, dup: false, retain: false });
    expect(await raw.packet(1)).toMatchObject({ cmd: 'disconnect', reasonCode });
    expect(iotCore.sum('PublishIn.ClientError')).toBe(1);
  });
});

describe("the account's quota of inbound publishes", () => {
  it('leaves QoS 1 without PUBACK and the connection up', async () => {
    const { clock, advance } = makeVirtualTime();
    const limits = { ...accountLimitsOf('default'), publishInPerSecond: 10 };
    const iotCore = await startTestIotCore({ limits }, clock);
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('raw'));
    const publish = (messageId: number) =>
      raw.write({
        cmd: 'publish',
        topic: 'stampede/t',
        payload: '{}',
        qos: 1,
        messageId,
        dup: false,
        retain: false,
      });
    for (let n = 1; n <= 15; n++) publish(n);
    raw.write({ cmd: 'pingreq' });
    await until(() => raw.packets.some(({ cmd }) => cmd === 'pingresp'));
    expect(raw.packets.filter(({ cmd }) => cmd === 'puback')).toHaveLength(10);
    await advance(500);
    for (let n = 16; n <= 30; n++) publish(n);
    raw.write({ cmd: 'pingreq' });
    await until(() => raw.packets.filter(({ cmd }) => cmd === 'pingresp').length === 2);
    expect(raw.packets.filter(({ cmd }) => cmd === 'puback')).toHaveLength(15);
    expect(iotCore.sum('PublishIn.Success')).toBe(15);
    expect(iotCore.sum('PublishIn.Throttle')).toBe(15);
    await advance(10);
    expect(iotCore.arrivals).toHaveLength(15);
  });
});
