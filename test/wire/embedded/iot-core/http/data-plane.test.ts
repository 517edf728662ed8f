import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import {
  GetRetainedMessageCommand,
  PublishCommand,
  type PublishCommandInput,
  paginateListRetainedMessages,
} from '@aws-sdk/client-iot-data-plane';
import { describe, expect, it } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { accountLimitsOf } from '../../../../../src/targets/aws-iot/quotas.ts';
import {
  connectClient,
  makeDataPlaneClient,
  makeVirtualTime,
  startTestIotCore,
} from '../../../../support/iot-core/fixture.ts';
import { until } from '../../../../support/until.ts';

async function start(...options: Parameters<typeof startTestIotCore>) {
  const iotCore = await startTestIotCore(...options);
  const client = makeDataPlaneClient(iotCore);
  return {
    iotCore,
    client,
    publish: (input: PublishCommandInput) => client.send(new PublishCommand(input)),
  };
}

describe('the data plane over HTTP, by the SDK', () => {
  it('publishes to rules and subscribers, with the properties of MQTT 5', async () => {
    const { iotCore, publish } = await start();
    const subscriber = await connectClient(iotCore, { protocolVersion: 5 });
    await subscriber.client.subscribeAsync('stampede/+/é t', { qos: 1 });
    await publish({
      topic: 'stampede/r/é t',
      qos: 1,
      payload: Buffer.from('{"stampede":{"n":5}}'),
      contentType: 'application/json',
      responseTopic: 'answers',
      payloadFormatIndicator: 'UTF8_DATA',
      correlationData: Buffer.from('c').toString('base64'),
      userProperties: JSON.stringify([{ a: '1' }, { a: '2' }]),
      messageExpiry: 60,
    });
    const [message] = await subscriber.got(1);
    expect(message).toMatchObject({
      topic: 'stampede/r/é t',
      text: '{"stampede":{"n":5}}',
      packet: {
        qos: 1,
        properties: {
          contentType: 'application/json',
          responseTopic: 'answers',
          payloadFormatIndicator: true,
          correlationData: Buffer.from('c'),
          userProperties: { a: ['1', '2'] },
        },
      },
    });
    await until(() => iotCore.arrivals.length === 1);
    expect(iotCore.arrivals).toEqual([{ n: 5, rule: expect.any(Number) }]);
    expect(iotCore.sum('PublishIn.Success', 'HTTP')).toBe(1);
    expect(iotCore.sum('PublishIn.Success', 'MQTT')).toBe(0);
  });

  it('keeps its sockets open', async () => {
    const sockets = new Set<Socket>();
    const agent = new Agent({ keepAlive: true });
    agent.on('free', (socket: Socket) => sockets.add(socket));
    const { iotCore } = await start();
    const client = makeDataPlaneClient(iotCore, {
      requestHandler: new NodeHttpHandler({ httpAgent: agent }),
    });
    for (let n = 0; n < 5; n++) await client.send(new PublishCommand({ topic: 't', qos: 1 }));
    expect(sockets.size).toBe(1);
    agent.destroy();
  });

  it('retains, gets, lists by pages, and clears', async () => {
    const { client, publish, iotCore } = await start();
    const before = Date.now();
    for (const topic of ['r/c', 'r/a', 'r/b']) {
      await publish({ topic, qos: 1, retain: true, payload: Buffer.from(topic) });
    }
    const got = await client.send(new GetRetainedMessageCommand({ topic: 'r/a' }));
    expect(Buffer.from(got.payload ?? []).toString()).toBe('r/a');
    expect(got).toMatchObject({ topic: 'r/a', qos: 1 });
    expect(got.lastModifiedTime).toBeGreaterThanOrEqual(before);
    const topics: unknown[] = [];
    let pages = 0;
    for await (const page of paginateListRetainedMessages({ client, pageSize: 2 }, {})) {
      pages++;
      topics.push(...(page.retainedTopics ?? []).map(({ topic, payloadSize }) => [topic, payloadSize]));
    }
    expect(topics).toEqual([
      ['r/a', 3],
      ['r/b', 3],
      ['r/c', 3],
    ]);
    expect(pages).toBe(2);
    await publish({ topic: 'r/a', retain: true });
    await expect(client.send(new GetRetainedMessageCommand({ topic: 'r/a' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(iotCore.sum('PublishRetained.Success', 'HTTP')).toBe(4);
  });

  it.each<[string, Partial<PublishCommandInput>, string, number]>([
    ['a wildcard in the topic', { topic: 'a/+' }, 'InvalidRequestException', 400],
    ['a topic of nine levels', { topic: '1/2/3/4/5/6/7/8/9' }, 'InvalidRequestException', 400],
    ['QoS 2', { qos: 2 }, 'InvalidRequestException', 400],
    ['a user property that is none', { userProperties: '[null]' }, 'InvalidRequestException', 400],
    [
      'a user property that is a number',
      { userProperties: '[{"__proto__":"a"},{"b":1}]' },
      'InvalidRequestException',
      400,
    ],
    ['more than 128 KB', { payload: Buffer.alloc(131_073) }, 'RequestEntityTooLargeException', 413],
  ])('refuses %s', async (_what, input, name, status) => {
    const { iotCore, publish } = await start();
    await expect(publish({ topic: 't', ...input })).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode: status },
    });
    expect(iotCore.sum('PublishIn.ClientError', 'HTTP')).toBe(1);
    expect(iotCore.sum('PublishIn.Success', 'HTTP')).toBe(0);
  });

  it('takes 128 KB', async () => {
    const { publish, iotCore } = await start();
    await publish({ topic: 't', payload: Buffer.alloc(131_072) });
    expect(iotCore.sum('PublishIn.Success', 'HTTP')).toBe(1);
  });

  it('throttles past the quota, which MQTT and HTTP share', async () => {
    const { clock, advance } = makeVirtualTime();
    const limits = { ...accountLimitsOf('default'), publishInPerSecond: 2 };
    const { iotCore, publish } = await start({ limits }, clock);
    const mqttClient = await connectClient(iotCore);
    await mqttClient.client.publishAsync('t', 'x', { qos: 1 });
    await publish({ topic: 't' });
    await expect(publish({ topic: 't' })).rejects.toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 429 },
    });
    await advance(500);
    await publish({ topic: 't' });
    expect(iotCore.sum('PublishIn.Success', 'HTTP')).toBe(2);
    expect(iotCore.sum('PublishIn.Throttle', 'HTTP')).toBe(1);
  });

  it('says what it does not do', async () => {
    const { iotCore } = await start();
    const base = `http://127.0.0.1:${iotCore.httpPort}`;
    const shadow = await fetch(`${base}/things/x/shadow`);
    expect([shadow.status, shadow.headers.get('x-amzn-errortype')]).toEqual([
      501,
      'NotSupportedByEmbeddedAws',
    ]);
    expect((await fetch(`${base}/topics/t`)).status).toBe(405);
  });
});
