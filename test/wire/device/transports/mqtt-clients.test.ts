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

describe.each(clients)('$kind over MQTT 5', ({ kind, closed, timeout, refusal }) => {
  it('connects as the device that it is given', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(kind, broker.address, { devices: 2, keepAliveMs: 300_000 });
    transport.connect(1);
    expect(await listener.until('connected')).toEqual([[1, 65_535]]);
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
    const { listener, transport } = open(kind, broker.address, { devices: 3 });
    for (const device of [0, 1, 2]) transport.connect(device);
    await listener.until('connected', 3);
    const payload = Buffer.alloc(5);
    for (let n = 0; n < 300; n++) {
      payload.write(String(n).padStart(5));
      expect(transport.publish(n % 3, n, payload)).toBe(true);
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
    const { listener, transport } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    for (let n = 0; n < 3; n++) transport.publish(0, n, Buffer.from(String(n)));
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
    const { listener, transport } = open(kind, broker.address, { echoes: true });
    transport.connect(0);
    await broker.got('subscribe');
    transport.publish(0, 0, Buffer.from('hello'));
    expect(await listener.until('echoed')).toEqual([[0, 'hello']]);
  });

  it('reports that it may not subscribe', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'subscribe') return acceptEverything(packet, socket, version);
      send(socket, { cmd: 'suback', messageId: packet.messageId!, granted: [0x87] }, version);
    };
    const { listener, transport } = open(kind, broker.address, { echoes: true });
    transport.connect(0);
    expect(await listener.until('echoRefused')).toEqual([[0, 'NotAuthorized']]);
  });

  it('subscribes once more where it is asked to, and then receives its messages', async () => {
    const broker = await startBroker();
    const answers = [0x97, 0];
    broker.script = (packet, socket, version) => {
      if (packet.cmd === 'publish') send(socket, { ...packet, qos: 0 }, version);
      if (packet.cmd !== 'subscribe') return acceptEverything(packet, socket, version);
      send(socket, { cmd: 'suback', messageId: packet.messageId!, granted: [answers.shift()!] }, version);
    };
    const { listener, transport } = open(kind, broker.address, { echoes: true });
    transport.connect(0);
    expect(await listener.until('echoRefused')).toEqual([[0, 'QuotaExceeded']]);
    transport.subscribe(0);
    await broker.got('subscribe', 2);
    transport.publish(0, 0, Buffer.from('hello'));
    expect(await listener.until('echoed')).toEqual([[0, 'hello']]);
    expect(broker.received.filter(({ cmd }) => cmd === 'connect')).toHaveLength(1);
  });

  it('says why it was disconnected, and connects again', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    const [socket] = broker.sockets;
    send(socket!, { cmd: 'disconnect', reasonCode: 0x8e }, 5);
    socket!.end();
    expect(await listener.until('disconnected')).toEqual([[0, 'SessionTakenOver']]);
    expect(transport.publish(0, 0, Buffer.from('x'))).toBe(false);
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
    const { listener, transport } = open(kind, broker.address, { devices: 5 });
    for (let device = 0; device < 4; device++) transport.connect(device);
    await listener.until('connected', 4);
    // One that is still on its way in, and messages that are still on theirs.
    transport.connect(4);
    for (let n = 0; n < 4; n++) transport.publish(n, n, Buffer.from('x'));
    const before = listener.events.length;
    await transport.close();
    await broker.got('disconnect', 4);
    expect(listener.events.length).toBe(before);
  });

  it('publishes at QoS 0, reports no acknowledgement, and leaves nothing unsent', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(kind, broker.address, { qos: 0 });
    transport.connect(0);
    await listener.until('connected');
    for (let n = 0; n < 200; n++) transport.publish(0, n, Buffer.from(String(n)));
    await transport.close();
    await broker.got('disconnect');
    expect(broker.published.length).toBe(200);
    expect(broker.published.every((p) => p.qos === 0)).toBe(true);
    expect(listener.events.length).toBe(1);
  });
});
