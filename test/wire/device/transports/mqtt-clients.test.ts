import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { collectGarbage } from '../../../support/device/transports/collect-garbage.ts';
import { cleanUp, open, startBroker } from '../../../support/device/transports/open-transport.ts';
import {
  acceptEverything,
  ScriptedBroker,
  send,
} from '../../../support/device/transports/scripted-broker.ts';

afterEach(cleanUp);
afterAll(collectGarbage);

const ascending = (a: number, b: number): number => a - b;

const clients = [
  {
    kind: 'dense',
    closed: 'connection closed',
    timeout: 'connect timeout',
    refusal: 'ECONNREFUSED',
  },
  {
    kind: 'device-sdk',
    closed: 'AWS_IO_SOCKET_CLOSED',
    timeout: 'AWS_ERROR_MQTT5_CONNACK_TIMEOUT',
    refusal: 'AWS_IO_SOCKET_CONNECTION_REFUSED',
  },
] as const;

it('device-sdk cannot go silent, and says so', async () => {
  const { transport } = open('device-sdk', { host: '127.0.0.1', port: 9 });
  expect(() => transport.disconnect(0, 'silent')).toThrow(
    'the transport device-sdk has no silent disconnects',
  );
});

describe.each(clients)('$kind over MQTT 5', ({ kind, closed, timeout, refusal }) => {
  it('connects as the device that it is given', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(kind, broker.address, { devices: 2, keepAliveMs: 300_000 });
    transport.connect(1);
    expect(await listener.until('connected')).toEqual([[1, 65_535, false]]);
    expect(broker.received[0]).toMatchObject({
      cmd: 'connect',
      clientId: 'run-d1',
      protocolVersion: 5,
      clean: true,
      keepalive: 300,
      properties: { sessionExpiryInterval: 0 },
    });
  });

  it('keeps a session beyond its connection where the profile says so', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(kind, broker.address, { cleanStart: false });
    transport.connect(0);
    await listener.until('connected');
    expect(broker.received[0]).toMatchObject({ clean: false, properties: { sessionExpiryInterval: 3_600 } });
  });

  it('publishes, from a buffer that is written over, and reads back which publish was acknowledged', async () => {
    const broker = await startBroker();
    const { listener, transport, publish } = open(kind, broker.address, { devices: 3 });
    for (const device of [0, 1, 2]) transport.connect(device);
    await listener.until('connected', 3);
    const payload = Buffer.alloc(5);
    for (let n = 0; n < 300; n++) {
      payload.write(String(n).padStart(5));
      expect(publish(n % 3, n, payload)).toBe(true);
      if (n % 50 === 49) transport.flush();
    }
    await listener.until('acknowledged', 300);
    for (const device of [0, 1, 2]) {
      const expected = Array.from({ length: 100 }, (_, k) => k * 3 + device);
      // In no order: the SDK's native thread takes publishes in batches, and not always the older batch first.
      const acked = listener.of('acknowledged').filter(([d]) => d === device);
      expect(acked.map(([, n]) => Number(n)).sort(ascending)).toEqual(expected);
      const arrived = broker.published.filter((p) => p.topic === `t/d${device}`);
      expect(arrived.map((p) => Number(p.payload)).sort(ascending)).toEqual(expected);
    }
  });

  it('distinguishes a throttled publish from a failed one, and both from one without subscribers', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'publish') return acceptEverything(packet, socket, version);
      const reasonCode = [0x10, 0x97, 0x87][Number(packet.payload)]!;
      send(socket, { cmd: 'puback', messageId: packet.messageId!, reasonCode }, version);
    };
    const { listener, transport, publish } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    for (let n = 0; n < 3; n++) publish(0, n, Buffer.from(String(n)));
    transport.flush();
    await listener.until('refused', 2);
    expect(listener.of('acknowledged')).toEqual([[0, 0]]);
    expect(listener.of('refused')).toEqual([
      [0, 1, 'throttled', 'QuotaExceeded'],
      [0, 2, 'failed', 'NotAuthorized'],
    ]);
  });

  it('receives its own messages', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      acceptEverything(packet, socket, version);
      if (packet.cmd === 'publish') send(socket, { ...packet, qos: 0 }, version);
    };
    const { listener, transport, publish } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    transport.subscribe(0, 't/d0', 0);
    expect(await listener.until('subscribed')).toEqual([[0, 't/d0']]);
    publish(0, 0, Buffer.from('hello'));
    expect(await listener.until('received')).toEqual([
      [0, { topic: 't/d0', payload: 'hello', qos: 0, dup: false, retain: false }],
    ]);
  });

  it('subscribes to any filter, and acknowledges what it receives at QoS 1', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      acceptEverything(packet, socket, version);
      if (packet.cmd !== 'subscribe') return;
      const common = { cmd: 'publish', dup: false, retain: false } as const;
      const large = 'x'.repeat(70_000);
      send(socket, { ...common, topic: 'a/é/1', payload: 'one', qos: 1, messageId: 65_535 }, version);
      send(socket, { ...common, topic: 'a/2', payload: large, qos: 1, messageId: 7, retain: true }, version);
      send(socket, { ...common, topic: 'a/3', payload: '', qos: 0 }, version);
    };
    const { listener, transport } = open(kind, broker.address, { devices: 2 });
    transport.connect(1);
    await listener.until('connected');
    transport.subscribe(1, 'a/#', 1);
    const [subscribe] = await broker.got('subscribe');
    expect(subscribe).toMatchObject({ subscriptions: [{ topic: 'a/#', qos: 1 }] });
    expect(await listener.until('received', 3)).toEqual([
      [1, { topic: 'a/é/1', payload: 'one', qos: 1, dup: false, retain: false }],
      [1, { topic: 'a/2', payload: 'x'.repeat(70_000), qos: 1, dup: false, retain: true }],
      [1, { topic: 'a/3', payload: '', qos: 0, dup: false, retain: false }],
    ]);
    const acks = await broker.got('puback', 2);
    expect(acks).toMatchObject([{ messageId: 65_535 }, { messageId: 7 }]);
  });

  it('sends each message on its own topic, with its own quality of service and retain flag', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    const message = { token: -1, topic: '', payload: Buffer.alloc(1), qos: 0 as 0 | 1, retain: false };
    for (let token = 0; token < 6; token++) {
      message.token = token % 2 === 0 ? -1 : token;
      message.topic = `kind/${token % 3}/é`;
      message.payload[0] = 0x30 + token;
      message.qos = token % 2 === 0 ? 0 : 1;
      message.retain = token === 3;
      expect(transport.send(0, message)).toBe(true);
    }
    transport.flush();
    await broker.got('publish', 6);
    const arrived = broker.published.map(({ topic, payload, qos, retain }) => [
      topic,
      Number(payload),
      qos,
      retain,
    ]);
    expect(arrived.sort(([, a], [, b]) => ascending(Number(a), Number(b)))).toEqual(
      [0, 1, 2, 3, 4, 5].map((token) => [`kind/${token % 3}/é`, token, token % 2, token === 3]),
    );
    const acked = await listener.until('acknowledged', 3);
    expect(acked.map(([, token]) => Number(token)).sort(ascending)).toEqual([1, 3, 5]);
  });

  it.each(['clean', 'drop'] as const)('ends a connection, %s, and connects again', async (how) => {
    const broker = await startBroker();
    const { listener, transport, publish } = open(kind, broker.address, { devices: 2 });
    for (const device of [0, 1]) transport.connect(device);
    await listener.until('connected', 2);
    const closed = Promise.race(
      [...broker.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
    transport.disconnect(0, how);
    expect(listener.of('disconnected')).toEqual([]);
    expect(publish(0, 0, Buffer.from('x'))).toBe(false);
    expect(await listener.until('disconnected')).toEqual([[0, how]]);
    await closed;
    expect(broker.sockets.size).toBe(1);
    expect(broker.packets('disconnect').length).toBe(how === 'clean' ? 1 : 0);
    transport.connect(0);
    await listener.until('connected', 3);
    for (const device of [0, 1]) publish(device, device, Buffer.from('x'));
    transport.flush();
    const acked = await listener.until('acknowledged', 2);
    expect(acked.map(([device]) => device).sort()).toEqual([0, 1]);
  });

  it.each(['clean', 'drop'] as const)('ends an attempt to connect, %s', async (how) => {
    const broker = await startBroker();
    broker.script = () => {};
    const { listener, transport } = open(kind, broker.address);
    transport.connect(0);
    await broker.got('connect');
    transport.disconnect(0, how);
    expect(await listener.until('connectFailed')).toEqual([[0, how]]);
    broker.script = acceptEverything;
    transport.connect(0);
    await listener.until('connected');
  });

  it('reports that it may not subscribe', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'subscribe') return acceptEverything(packet, socket, version);
      send(socket, { cmd: 'suback', messageId: packet.messageId!, granted: [0x87] }, version);
    };
    const { listener, transport } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    transport.subscribe(0, 'not/mine', 1);
    expect(await listener.until('subscribeRefused')).toEqual([[0, 'not/mine', 'NotAuthorized']]);
    expect(listener.of('subscribed')).toEqual([]);
  });

  it('subscribes once more where it is asked to, and then receives its messages', async () => {
    const broker = await startBroker();
    const answers = [0x97, 0];
    broker.script = (packet, socket, version) => {
      if (packet.cmd === 'publish') send(socket, { ...packet, qos: 0 }, version);
      if (packet.cmd !== 'subscribe') return acceptEverything(packet, socket, version);
      send(socket, { cmd: 'suback', messageId: packet.messageId!, granted: [answers.shift()!] }, version);
    };
    const { listener, transport, publish } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    transport.subscribe(0, 't/d0', 0);
    expect(await listener.until('subscribeRefused')).toEqual([[0, 't/d0', 'QuotaExceeded']]);
    transport.subscribe(0, 't/d0', 0);
    await broker.got('subscribe', 2);
    publish(0, 0, Buffer.from('hello'));
    expect(await listener.until('received')).toMatchObject([[0, { payload: 'hello' }]]);
    expect(broker.received.filter(({ cmd }) => cmd === 'connect')).toHaveLength(1);
  });

  it('finds an envelope among the properties of a message', async () => {
    const broker = await startBroker();
    const userProperties = { first: 'x', stampede: 'a'.repeat(300), stampeded: 'y' };
    broker.script = (packet, socket, version) => {
      acceptEverything(packet, socket, version);
      if (packet.cmd !== 'subscribe') return;
      const message = {
        cmd: 'publish',
        topic: 't',
        payload: 'p',
        qos: 0,
        dup: false,
        retain: false,
      } as const;
      send(socket, { ...message, properties: { contentType: 'c', userProperties } }, version);
      send(socket, { ...message, properties: { userProperties: { first: 'stampede' } } }, version);
    };
    const { listener, transport } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    transport.subscribe(0, 't', 0);
    const [first, second] = await listener.until('received', 2);
    expect(first).toMatchObject([0, { payload: 'p', envelope: userProperties.stampede }]);
    expect(second).toEqual([0, expect.not.objectContaining({ envelope: expect.anything() })]);
  });

  it('says why it was disconnected, and connects again', async () => {
    const broker = await startBroker();
    const { listener, transport, publish } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    const [socket] = broker.sockets;
    send(socket!, { cmd: 'disconnect', reasonCode: 0x8e }, 5);
    socket!.end();
    expect(await listener.until('disconnected')).toEqual([[0, 'SessionTakenOver']]);
    expect(publish(0, 0, Buffer.from('x'))).toBe(false);
    transport.connect(0);
    await listener.until('connected', 2);
    for (const again of broker.sockets) again.destroy();
    expect((await listener.until('disconnected', 2))[1]).toEqual([0, closed]);
  });

  it('says why it could not connect', async () => {
    const broker = await startBroker();
    broker.script = (_packet, socket, version) =>
      send(socket, { cmd: 'connack', sessionPresent: false, reasonCode: 0x87 }, version);
    const refused = open(kind, broker.address);
    refused.transport.connect(0);
    expect(await refused.listener.until('connectFailed')).toEqual([[0, 'NotAuthorized']]);

    broker.script = () => {};
    const silent = open(kind, broker.address, { connectTimeoutMs: 40 });
    silent.transport.connect(0);
    expect(await silent.listener.until('connectFailed')).toEqual([[0, timeout]]);

    const gone = await ScriptedBroker.start();
    const { address } = gone;
    await gone.close();
    const alone = open(kind, address);
    alone.transport.connect(0);
    expect(await alone.listener.until('connectFailed')).toEqual([[0, refusal]]);
  });

  it('sends DISCONNECT, and reports nothing after that', async () => {
    const broker = await startBroker();
    const { listener, transport, publish } = open(kind, broker.address, { devices: 5 });
    for (let device = 0; device < 4; device++) transport.connect(device);
    await listener.until('connected', 4);
    // One that is still on its way in, and messages that are still on theirs.
    transport.connect(4);
    for (let n = 0; n < 4; n++) publish(n, n, Buffer.from('x'));
    const before = listener.events.length;
    await transport.close();
    await broker.got('disconnect', 4);
    expect(listener.events.length).toBe(before);
  });

  it('publishes at QoS 0, reports no acknowledgement, and leaves nothing unsent', async () => {
    const broker = await startBroker();
    const { listener, transport, publish } = open(kind, broker.address, { qos: 0 });
    transport.connect(0);
    await listener.until('connected');
    for (let n = 0; n < 200; n++) publish(0, n, Buffer.from(String(n)));
    await transport.close();
    await broker.got('disconnect');
    expect(broker.published.length).toBe(200);
    expect(broker.published.every((p) => p.qos === 0)).toBe(true);
    expect(listener.events.length).toBe(1);
  });
});
