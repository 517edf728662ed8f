import { describe, expect, it } from '@jest/globals';
import type { Packet } from 'mqtt-packet';
import type { ThrottleAnswer } from '../../../../../src/embedded/iot-core/settings.ts';
import type { QuotaName } from '../../../../../src/targets/aws-iot/quotas.ts';
import {
  connectClient,
  connectPacket,
  connectRaw,
  makeVirtualTime,
  type RawClient,
  roomyLimits,
  startTestIotCore,
  type TestIotCore,
} from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

// One quota at a time, in virtual time, by the byte: who is refused, how, and where it is counted.

const versions = [4, 5] as const;

const startWith = (limits: Partial<Record<QuotaName, number>>, throttleAnswer?: ThrottleAnswer) => {
  const { clock, advance } = makeVirtualTime();
  const options = { limits: { ...roomyLimits, ...limits }, ...(throttleAnswer && { throttleAnswer }) };
  return startTestIotCore(options, clock).then((iotCore) => ({ iotCore, advance }));
};

async function connected(iotCore: TestIotCore, version: 4 | 5, id = 'raw', more = {}): Promise<RawClient> {
  const raw = await connectRaw(iotCore, version);
  raw.write(connectPacket(id, version, more));
  await raw.packet(0);
  return raw;
}

function publish(topic: string, messageId: number, more: object = {}): Packet {
  return { cmd: 'publish', topic, payload: '{}', qos: 1, messageId, dup: false, retain: false, ...more };
}

/** What came before the answer to a PINGREQ: by then everything written before it has been dealt with. */
async function settled(raw: RawClient): Promise<Packet[]> {
  const pings = () => raw.packets.filter(({ cmd }) => cmd === 'pingresp').length;
  const before = pings();
  raw.write({ cmd: 'pingreq' });
  await until(() => pings() > before);
  return raw.packets;
}

const pubacks = (packets: readonly Packet[]) => packets.filter(({ cmd }) => cmd === 'puback');

async function refusalsOf(iotCore: TestIotCore): Promise<unknown> {
  return (await iotCore.admin('GET', '/quotas')).refusals;
}

describe('connects', () => {
  it.each(versions)('of one client id, one a second, version %i', async (version) => {
    const { iotCore, advance } = await startWith({ connectsPerSecondPerClientId: 1 });
    await connected(iotCore, version, 'twin');
    const second = await connected(iotCore, version, 'twin');
    const refused = { returnCode: 3, reasonCode: 0x97 };
    const key = version === 4 ? 'returnCode' : 'reasonCode';
    expect(second.packets[0]).toMatchObject({ cmd: 'connack', [key]: refused[key] });
    await second.closed;
    expect((await connected(iotCore, version, 'other')).packets[0]).toMatchObject({ [key]: 0 });
    await advance(1_000);
    expect((await connected(iotCore, version, 'twin')).packets[0]).toMatchObject({ [key]: 0 });
    expect(iotCore.sum('Connect.ClientIDThrottle')).toBe(1);
    expect(iotCore.sum('Connect.Throttle')).toBe(0);
    expect(await refusalsOf(iotCore)).toEqual({ connectsPerSecondPerClientId: 1 });
  });

  it('up to the concurrent connections of the account; taking over one’s own is none more', async () => {
    const { iotCore } = await startWith({ concurrentConnections: 2 });
    await connected(iotCore, 5, 'a');
    const b = await connected(iotCore, 5, 'b');
    expect((await connected(iotCore, 5, 'c')).packets[0]).toMatchObject({ reasonCode: 0x97 });
    expect((await connected(iotCore, 5, 'a')).packets[0]).toMatchObject({ reasonCode: 0 });
    b.write({ cmd: 'disconnect' });
    await b.closed;
    expect((await connected(iotCore, 5, 'c')).packets[0]).toMatchObject({ reasonCode: 0 });
    expect(iotCore.sum('Connect.Throttle')).toBe(1);
    expect(await refusalsOf(iotCore)).toEqual({ concurrentConnections: 1 });
  });
});

describe('publishes', () => {
  it.each(versions)('of one connection: the excess is discarded, version %i', async (version) => {
    const { iotCore, advance } = await startWith({ publishesPerSecondPerConnection: 10 });
    const raw = await connected(iotCore, version);
    const neighbour = await connected(iotCore, version, 'neighbour');
    for (let n = 1; n <= 15; n++) raw.write(publish('stampede/t', n));
    expect(pubacks(await settled(raw))).toHaveLength(10);
    neighbour.write(publish('stampede/t', 1));
    expect(pubacks(await settled(neighbour))).toHaveLength(1);
    await advance(500);
    for (let n = 16; n <= 30; n++) raw.write(publish('stampede/t', n));
    expect(pubacks(await settled(raw))).toHaveLength(15);
    expect(iotCore.sum('PublishIn.Success')).toBe(16);
    expect(iotCore.sum('PublishIn.Throttle')).toBe(15);
    expect(iotCore.sum('Throttle.Exceeded')).toBe(15);
    expect(await refusalsOf(iotCore)).toEqual({ publishesPerSecondPerConnection: 15 });
  });

  it('of the account may be answered otherwise: a PUBACK with 0x97, or the end', async () => {
    const { iotCore } = await startWith({ publishInPerSecond: 1 }, 'puback');
    const v5 = await connected(iotCore, 5, 'five');
    for (let n = 1; n <= 2; n++) v5.write(publish('t', n));
    expect(pubacks(await settled(v5))).toMatchObject([{ messageId: 1 }, { messageId: 2, reasonCode: 0x97 }]);
    const v4 = await connected(iotCore, 4, 'four');
    v4.write(publish('t', 1));
    expect(pubacks(await settled(v4))).toEqual([]);

    const { iotCore: harsh } = await startWith({ publishInPerSecond: 1 }, 'disconnect');
    const ended = await connected(harsh, 5);
    for (let n = 1; n <= 2; n++) ended.write(publish('t', n));
    await ended.closed;
    expect(ended.packets.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x97 });
    expect(harsh.sum('PublishIn.Throttle')).toBe(1);
  });

  it('without their PUBACK: 3.1.1 is not read until it has them, 5 is ended with 0x93', async () => {
    const { iotCore } = await startWith({ unacknowledgedPerClient: 3 });
    const burst = (version: 4 | 5) =>
      Buffer.concat(
        [1, 2, 3, 4].map((n) =>
          Buffer.from([0x32, 5 + (version - 4), 0, 1, 0x74, 0, n, 0].slice(0, 3 + version)),
        ),
      );
    const v4 = await connected(iotCore, 4, 'four');
    v4.write(burst(4));
    expect(pubacks(await settled(v4))).toHaveLength(3);
    const v5 = await connected(iotCore, 5, 'five');
    v5.write(burst(5));
    await v5.closed;
    expect(v5.packets.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x93 });
    expect(iotCore.sum('PublishIn.Throttle')).toBe(2);
  });

  it('with RETAIN: one a second and topic, and so many of the account', async () => {
    const { iotCore, advance } = await startWith({
      retainedPublishesPerSecondPerTopic: 1,
      retainedPublishesPerSecond: 3,
    });
    const raw = await connected(iotCore, 4);
    for (const [n, topic] of ['a', 'a', 'b', 'c', 'd'].entries()) {
      raw.write(publish(topic, n + 1, { retain: true }));
    }
    expect(pubacks(await settled(raw)).map(({ messageId }) => messageId)).toEqual([1, 3, 4]);
    await advance(1_000);
    raw.write(publish('a', 6, { retain: true }));
    expect(pubacks(await settled(raw))).toHaveLength(4);
    expect(iotCore.sum('PublishRetained.Throttle')).toBe(2);
    expect(iotCore.sum('PublishIn.Throttle')).toBe(2);
  });
});

describe('deliveries', () => {
  it.each(versions)('of the account and of one connection, either QoS, version %i', async (version) => {
    const { iotCore } = await startWith({ publishOutPerSecond: 6, publishesPerSecondPerConnection: 4 });
    const readers = await Promise.all(['x', 'y'].map((id) => connected(iotCore, version, id)));
    for (const [qos, reader] of readers.entries()) {
      reader.write({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: qos as 0 | 1 }] });
      await settled(reader);
    }
    for (let n = 1; n <= 5; n++) {
      const writer = await connected(iotCore, version, `writer-${n}`);
      writer.write(publish('t', n));
      await settled(writer);
    }
    const got = await Promise.all(readers.map(settled));
    expect(got.map((packets) => packets.filter(({ cmd }) => cmd === 'publish').length)).toEqual([3, 3]);
    expect(iotCore.sum('PublishOut.Success')).toBe(6);
    expect(iotCore.sum('PublishOut.Throttle')).toBe(4);
  });
});

describe('bytes of a connection', () => {
  it('are delayed past the quota, and nothing of them is lost', async () => {
    const { iotCore, advance } = await startWith({ bytesPerSecondPerConnection: 1_000 });
    const raw = await connected(iotCore, 4);
    for (let n = 1; n <= 4; n++) {
      raw.write(publish('t', n, { payload: 'x'.repeat(600) }));
      await until(() => iotCore.sum('PublishIn.Success') === n || n > 2);
    }
    expect(iotCore.sum('PublishIn.Success')).toBe(2);
    expect(pubacks(raw.packets)).toHaveLength(1);
    for (let i = 0; i < 30 && pubacks(raw.packets).length < 4; i++) {
      await advance(100);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(pubacks(raw.packets)).toHaveLength(4);
    expect(iotCore.sum('PublishIn.Throttle')).toBe(0);
    expect(await refusalsOf(iotCore)).toMatchObject({ bytesPerSecondPerConnection: expect.any(Number) });
  });
});

describe('subscribes', () => {
  const subscribe = (messageId: number, ...topics: string[]): Packet => ({
    cmd: 'subscribe',
    messageId,
    subscriptions: topics.map((topic) => ({ topic, qos: 0 })),
  });

  it.each(versions)('a second, counted by filter, version %i', async (version) => {
    const { iotCore, advance } = await startWith({ subscribesPerSecond: 4 });
    const raw = await connected(iotCore, version);
    raw.write(subscribe(1, 'a', 'b', 'c'));
    raw.write(subscribe(2, 'd', 'e'));
    const no = version === 4 ? 0x80 : 0x97;
    expect((await settled(raw)).filter(({ cmd }) => cmd === 'suback')).toMatchObject([
      { messageId: 1, granted: [0, 0, 0] },
      { messageId: 2, granted: [no, no] },
    ]);
    await advance(250);
    raw.write(subscribe(3, 'd', 'e'));
    expect((await settled(raw)).filter(({ cmd }) => cmd === 'suback').at(-1)).toMatchObject({
      granted: [0, 0],
    });
    expect(iotCore.sum('Subscribe.Throttle')).toBe(1);
  });

  it.each(versions)('of one connection: past 50 it is refused and closed, version %i', async (version) => {
    const { iotCore } = await startWith({});
    const raw = await connected(iotCore, version);
    for (let n = 0; n < 50; n += 5) {
      raw.write(subscribe(n + 1, ...[0, 1, 2, 3, 4].map((i) => `t/${n + i}`)));
    }
    await settled(raw);
    // Once more the same is none more.
    raw.write(subscribe(98, 't/7'));
    raw.write(subscribe(99, 't/50'));
    await raw.closed;
    const subacks = raw.packets.filter(({ cmd }) => cmd === 'suback');
    expect(subacks.at(-2)).toMatchObject({ messageId: 98, granted: [0] });
    expect(subacks.at(-1)).toMatchObject({ messageId: 99, granted: [version === 4 ? 0x80 : 0x97] });
    expect(iotCore.sum('Subscribe.ClientError')).toBe(1);
  });

  it('take 8 filters at once; 9 end the connection', async () => {
    const { iotCore } = await startWith({});
    const raw = await connected(iotCore, 5);
    const filters = Array.from({ length: 9 }, (_, i) => `f/${i}`);
    raw.write(subscribe(1, ...filters.slice(1)));
    await settled(raw);
    raw.write(subscribe(2, ...filters));
    await raw.closed;
    expect(raw.packets.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x97 });
    expect(iotCore.sum('Subscribe.ClientError')).toBe(1);
  });

  it('of one shared group: so many members', async () => {
    const { iotCore } = await startWith({ sharedSubscriptionsPerGroup: 2 });
    const granted: unknown[] = [];
    for (const id of ['a', 'b', 'c']) {
      const raw = await connected(iotCore, 4, id);
      raw.write(subscribe(1, '$share/g/t'));
      granted.push(((await raw.packet(1)) as { granted: unknown[] }).granted[0]);
    }
    expect(granted).toEqual([0, 0, 0x80]);
  });
});

describe('rule evaluations', () => {
  it('past the quota are not made, and counted as RuleMessageThrottled', async () => {
    const { iotCore, advance } = await startWith({ ruleEvaluationsPerSecond: 5 });
    const raw = await connected(iotCore, 4);
    for (let n = 1; n <= 8; n++) raw.write(publish('stampede/t', n));
    expect(pubacks(await settled(raw))).toHaveLength(8);
    await advance(10);
    await until(() => iotCore.arrivals.length === 5);
    const rule = { RuleName: 'stampede_arrivals' };
    expect(iotCore.metrics.counter('RuleMessageThrottled', rule).total).toBe(3);
    expect(iotCore.metrics.counter('TopicMatch', rule).total).toBe(8);
  });
});

describe('limits of a message', () => {
  it.each([128 * 1_024, 128 * 1_024 + 1])('a payload of %i bytes', async (bytes) => {
    const { iotCore } = await startWith({});
    const raw = await connected(iotCore, 5);
    raw.write(publish('t', 1, { payload: Buffer.alloc(bytes, 'x') }));
    const fits = bytes === 128 * 1_024;
    expect(await raw.packet(1)).toMatchObject(
      fits ? { cmd: 'puback' } : { cmd: 'disconnect', reasonCode: 0x95 },
    );
    expect(iotCore.sum('PublishIn.ClientError')).toBe(fits ? 0 : 1);
  });

  it.each([8_192, 8_193])('user properties of %i bytes', async (bytes) => {
    const { iotCore } = await startWith({});
    const raw = await connected(iotCore, 5);
    raw.write(publish('t', 1, { properties: { userProperties: { name: 'v'.repeat(bytes - 4) } } }));
    expect(await raw.packet(1)).toMatchObject(
      bytes === 8_192 ? { cmd: 'puback' } : { cmd: 'disconnect', reasonCode: 0x95 },
    );
  });

  it.each(['$aws/things/x/shadow/update', '$SYS/x', '$aws/rules/'])(
    'the topic %s is reserved',
    async (topic) => {
      const { iotCore } = await startWith({});
      const raw = await connected(iotCore, 5);
      raw.write({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] });
      expect(await raw.packet(1)).toMatchObject({ granted: [0x8f] });
      raw.write(publish(topic, 1));
      expect(await raw.packet(2)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x90 });
    },
  );
});

describe('Basic Ingest', () => {
  it('goes straight to the rule it names: no subscriber, nothing retained', async () => {
    const iotCore = await startTestIotCore();
    const reader = await connectClient(iotCore);
    await reader.client.subscribeAsync('#');
    await expect(reader.client.subscribeAsync('$aws/rules/stampede_arrivals/#')).rejects.toThrow();
    const { client } = await connectClient(iotCore);
    const payload = JSON.stringify({ stampede: { run: 'r', n: 1 } });
    const topic = '$aws/rules/stampede_arrivals/1/2/3/4/5/6/7/8';
    await client.publishAsync(topic, payload, { qos: 1, retain: true });
    await client.publishAsync('$aws/rules/no_such_rule/t', payload, { qos: 1 });
    await until(() => iotCore.arrivals.length === 1);
    expect(iotCore.arrivals[0]).toMatchObject({ run: 'r', n: 1 });
    expect(reader.received).toEqual([]);
    expect(iotCore.sum('PublishIn.Success')).toBe(2);
  });
});
