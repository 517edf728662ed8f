import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Aedes } from 'aedes';
import type { SliceDevices } from '../../../src/device/slice-devices.ts';
import { makeTcpDoor } from '../../../src/device/transports/dense/door.ts';
import { type DenseSettings, DenseTransport } from '../../../src/device/transports/dense.ts';
import { RecordingListener } from './recording-listener.ts';
import { acceptEverything, ScriptedBroker, send } from './scripted-broker.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function describeDevices(count: number, echoes = false): SliceDevices {
  return { count, clientId: (d) => `run-d${d}`, topic: (d) => `t/d${d}`, echoes: () => echoes };
}

interface Options extends Partial<DenseSettings> {
  devices?: number;
  echoes?: boolean;
}

function open(address: { host: string; port: number }, options: Options = {}) {
  const { devices = 1, echoes = false, ...settings } = options;
  const listener = new RecordingListener();
  const transport = new DenseTransport(
    {
      door: makeTcpDoor(address),
      qos: 1,
      keepAliveMs: 60_000,
      cleanStart: true,
      connectTimeoutMs: 5_000,
      ackTimeoutMs: 5_000,
      ...settings,
    },
    listener,
    describeDevices(devices, echoes),
  );
  cleanups.push(() => transport.close());
  return { listener, transport };
}

async function startBroker(): Promise<ScriptedBroker> {
  const broker = await ScriptedBroker.start();
  cleanups.push(() => broker.close());
  return broker;
}

describe('dense over MQTT 5', () => {
  it('connects as the device it is told to be', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address, { devices: 2, keepAliveMs: 300_000 });
    transport.connect(1);
    expect(await listener.heard('connected')).toEqual([[1, 65_535]]);
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
    const { listener, transport } = open(broker.address, { cleanStart: false });
    transport.connect(0);
    await listener.heard('connected');
    expect(broker.received[0]).toMatchObject({ clean: false, properties: { sessionExpiryInterval: 3_600 } });
  });

  it('publishes, from a buffer that is written over, and reads back which publish was acknowledged', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address, { devices: 3 });
    for (const device of [0, 1, 2]) transport.connect(device);
    await listener.heard('connected', 3);
    const payload = Buffer.alloc(5);
    for (let n = 0; n < 300; n++) {
      payload.write(String(n).padStart(5));
      expect(transport.publish(n % 3, n, payload)).toBe(true);
      if (n % 50 === 49) transport.flush();
    }
    await listener.heard('acknowledged', 300);
    for (const device of [0, 1, 2]) {
      const expected = Array.from({ length: 100 }, (_, k) => k * 3 + device);
      const acked = listener.of('acknowledged').filter(([d]) => d === device);
      expect(acked.map(([, n]) => n)).toEqual(expected);
      const payloads = broker.published
        .filter((p) => p.topic === `t/d${device}`)
        .map((p) => Number(p.payload));
      expect(payloads).toEqual(expected);
    }
  });

  it('knows publishes beyond the 65,535 packet identifiers', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address, { devices: 2 });
    transport.connect(1);
    await listener.heard('connected');
    const messages = [65_532, 65_533, 65_534, 65_535, 200_000];
    for (const [i, k] of messages.entries()) {
      transport.publish(1, k * 2 + 1, Buffer.from('x'));
      transport.flush();
      // The first three are on the way together.
      if (i >= 2) await listener.heard('acknowledged', i + 1);
    }
    expect(listener.of('acknowledged')).toEqual(messages.map((k) => [1, k * 2 + 1]));
    expect(broker.published.map((p) => p.messageId)).toEqual([65_533, 65_534, 1, 2, 3_399]);
  });

  it('tells a throttled publish from a failed one, and both from one that nobody subscribed to', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'publish') return acceptEverything(packet, socket, version);
      const reasonCode = [0x10, 0x97, 0x87][packet.messageId! - 1]!;
      send(socket, { cmd: 'puback', messageId: packet.messageId!, reasonCode }, version);
    };
    const { listener, transport } = open(broker.address);
    transport.connect(0);
    await listener.heard('connected');
    for (let n = 0; n < 3; n++) transport.publish(0, n, Buffer.from('x'));
    transport.flush();
    await listener.heard('refused', 2);
    expect(listener.of('acknowledged')).toEqual([[0, 0]]);
    expect(listener.of('refused')).toEqual([
      [0, 1, 'throttled', 'QuotaExceeded'],
      [0, 2, 'failed', 'NotAuthorized'],
    ]);
  });

  it('passes on the receive maximum, and keeps to the keep-alive of the server', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'connect') return acceptEverything(packet, socket, version);
      const properties = { receiveMaximum: 100, serverKeepAlive: 1 };
      send(socket, { cmd: 'connack', sessionPresent: false, reasonCode: 0, properties }, version);
    };
    const { listener, transport } = open(broker.address, { keepAliveMs: 2_000 });
    transport.connect(0);
    expect(await listener.heard('connected')).toEqual([[0, 100]]);
    const since = performance.now();
    await broker.got('pingreq');
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  it('pings while it is quiet, and gives up a broker that does not answer', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address, { keepAliveMs: 200 });
    transport.connect(0);
    await listener.heard('connected');
    await broker.got('pingreq', 2);
    expect(listener.of('disconnected')).toEqual([]);
    broker.script = () => {};
    expect(await listener.heard('disconnected')).toEqual([[0, 'ping timeout']]);
  });

  it('hears its own messages', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      acceptEverything(packet, socket, version);
      if (packet.cmd === 'publish') send(socket, { ...packet, qos: 0 }, version);
    };
    const { listener, transport } = open(broker.address, { echoes: true });
    transport.connect(0);
    await broker.got('subscribe');
    transport.publish(0, 0, Buffer.from('hello'));
    expect(await listener.heard('echoed')).toEqual([[0, 'hello']]);
  });

  it('tells when it may not subscribe', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'subscribe') return acceptEverything(packet, socket, version);
      send(socket, { cmd: 'suback', messageId: packet.messageId!, granted: [0x87] }, version);
    };
    const { listener, transport } = open(broker.address, { echoes: true });
    transport.connect(0);
    expect(await listener.heard('echoRefused')).toEqual([[0, 'NotAuthorized']]);
  });

  it('says why it was disconnected, and connects again', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address);
    transport.connect(0);
    await listener.heard('connected');
    const [socket] = broker.sockets;
    send(socket!, { cmd: 'disconnect', reasonCode: 0x8e }, 5);
    socket!.end();
    expect(await listener.heard('disconnected')).toEqual([[0, 'SessionTakenOver']]);
    expect(transport.publish(0, 0, Buffer.from('x'))).toBe(false);
    transport.connect(0);
    await listener.heard('connected', 2);
    for (const again of broker.sockets) again.destroy();
    expect((await listener.heard('disconnected', 2))[1]).toEqual([0, 'connection closed']);
  });

  it('says why it could not connect', async () => {
    const broker = await startBroker();
    broker.script = (_packet, socket, version) =>
      send(socket, { cmd: 'connack', sessionPresent: false, reasonCode: 0x87 }, version);
    const refused = open(broker.address);
    refused.transport.connect(0);
    expect(await refused.listener.heard('connectFailed')).toEqual([[0, 'NotAuthorized']]);

    broker.script = () => {};
    const silent = open(broker.address, { connectTimeoutMs: 40 });
    silent.transport.connect(0);
    expect(await silent.listener.heard('connectFailed')).toEqual([[0, 'connect timeout']]);

    const gone = await ScriptedBroker.start();
    const { address } = gone;
    await gone.close();
    const alone = open(address);
    alone.transport.connect(0);
    expect(await alone.listener.heard('connectFailed')).toEqual([[0, 'ECONNREFUSED']]);
  });

  it('takes no more while the socket is full, and tells when it can again', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address, { qos: 0 });
    transport.connect(0);
    await listener.heard('connected');
    const [socket] = broker.sockets;
    socket!.pause();
    const payload = Buffer.alloc(60_000, 'x');
    let sent = 0;
    while (transport.publish(0, sent, payload)) sent++;
    transport.flush();
    expect(listener.of('writable')).toEqual([]);
    socket!.resume();
    await listener.heard('writable');
    transport.publish(0, sent++, payload);
    transport.flush();
    await broker.got('publish', sent);
    expect(broker.published.every((p) => p.payload.length === payload.length)).toBe(true);
  });

  it('says goodbye, and hears nothing after that', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address, { devices: 5 });
    for (let device = 0; device < 4; device++) transport.connect(device);
    await listener.heard('connected', 4);
    // One that is still on its way in, and messages that are still on theirs.
    transport.connect(4);
    for (let n = 0; n < 4; n++) transport.publish(n, n, Buffer.from('x'));
    const before = listener.events.length;
    await transport.close();
    await broker.got('disconnect', 4);
    expect(listener.events.length).toBe(before);
    expect(broker.published.length).toBe(4);
  });

  it('closes within half a second even where the broker does not', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address);
    transport.connect(0);
    await listener.heard('connected');
    for (const socket of broker.sockets) socket.pause();
    const since = performance.now();
    await transport.close();
    expect(performance.now() - since).toBeLessThan(500);
  });
});

describe('dense over MQTT 3.1.1, against aedes', () => {
  async function startAedes() {
    const aedes = await Aedes.createBroker();
    const server = createServer(aedes.handle);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => {
      await new Promise<void>((resolve) => aedes.close(resolve));
      server.close();
    });
    return { aedes, address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } };
  }

  it.each([0, 1] as const)('publishes at QoS %i and hears itself', async (qos) => {
    const { aedes, address } = await startAedes();
    const subscribed = new Promise<void>((resolve) => {
      let count = 0;
      aedes.on('subscribe', () => ++count === 5 && resolve());
    });
    const { listener, transport } = open(address, { mqttVersion: 4, qos, devices: 5, echoes: true });
    for (let device = 0; device < 5; device++) transport.connect(device);
    await listener.heard('connected', 5);
    await subscribed;
    for (let n = 0; n < 200; n++) transport.publish(n % 5, n, Buffer.from(`message ${n}`));
    transport.flush();
    const echoes = await listener.heard('echoed', 200);
    for (const device of [0, 1, 2, 3, 4]) {
      expect(echoes.filter(([d]) => d === device).map(([, text]) => text)).toEqual(
        Array.from({ length: 40 }, (_, k) => `message ${k * 5 + device}`),
      );
    }
    if (qos === 1) await listener.heard('acknowledged', 200);
    else expect(listener.of('acknowledged')).toEqual([]);
  });

  it('is told why it may not connect', async () => {
    const { aedes, address } = await startAedes();
    aedes.authenticate = (_client, _user, _password, done) =>
      done(Object.assign(new Error('no'), { returnCode: 5 as const }), false);
    const { listener, transport } = open(address, { mqttVersion: 4 });
    transport.connect(0);
    expect(await listener.heard('connectFailed')).toEqual([[0, 'NotAuthorized']]);
  });
});
