import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Aedes } from 'aedes';
import type { IConnectPacket } from 'mqtt-packet';
import { makeTcpConnector } from '../../../../src/device/network/connector.ts';
import { makeDenseTransport } from '../../../../src/device/transports/dense.ts';
import {
  cleanUp,
  cleanUpLater,
  nameClients,
  type Options,
  open as openTransport,
  startBroker,
} from '../../../support/device/transports/open-transport.ts';
import { RecordingListener } from '../../../support/device/transports/recording-listener.ts';
import { acceptEverything, send } from '../../../support/device/transports/scripted-broker.ts';

afterEach(cleanUp);

const open = (address: { host: string; port: number }, options?: Options) =>
  openTransport('dense', address, options);

describe('dense', () => {
  it('finds a message by a PUBACK that comes after those of many later messages', async () => {
    const broker = await startBroker();
    let answerFirst = (): void => {};
    broker.script = (packet, socket, version) => {
      if (packet.cmd === 'publish' && broker.published.length === 1) {
        answerFirst = () => acceptEverything(packet, socket, version);
      } else acceptEverything(packet, socket, version);
    };
    const { listener, transport, publish } = open(broker.address, { devices: 2 });
    transport.connect(1);
    await listener.until('connected');
    for (let token = 0; token < 100; token++) {
      expect(publish(1, token, Buffer.from('x'))).toBe(true);
      transport.flush();
      await listener.until('acknowledged', token);
    }
    answerFirst();
    await listener.until('acknowledged', 100);
    const tokens = listener.of('acknowledged').map(([, token]) => token);
    expect(tokens).toEqual([...Array.from({ length: 99 }, (_, i) => i + 1), 0]);
    const [first, ...others] = broker.published.map(({ messageId }) => messageId!);
    expect(first).toBe(1);
    expect(others).not.toContain(first);
  });

  it('gives up a connection on which 65,535 messages are unanswered, and uses all identifiers again on the next', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'publish') acceptEverything(packet, socket, version);
    };
    const { listener, transport, publish } = open(broker.address);
    transport.connect(0);
    await listener.until('connected');
    let token = 0;
    while (publish(0, token, Buffer.from('x'))) {
      if (++token % 1_000 > 0) continue;
      transport.flush();
      await broker.got('publish', token);
    }
    expect(token).toBe(65_535);
    expect(await listener.until('disconnected')).toEqual([[0, 'no packet identifier is free']]);
    broker.script = acceptEverything;
    transport.connect(0);
    await listener.until('connected', 2);
    expect(publish(0, token, Buffer.from('x'))).toBe(true);
    expect(await listener.until('acknowledged')).toEqual([[0, token]]);
  });

  it('passes on the receive maximum, and keeps to the keep-alive of the server', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'connect') return acceptEverything(packet, socket, version);
      const properties = { receiveMaximum: 100, serverKeepAlive: 1 };
      send(socket, { cmd: 'connack', sessionPresent: false, reasonCode: 0, properties }, version);
    };
    const { listener, transport } = open(broker.address, { keepAliveMs: 600_000 });
    transport.connect(0);
    expect(await listener.until('connected')).toEqual([[0, 100, false]]);
    // By its own keep-alive it would send none while this test lasts.
    await broker.got('pingreq');
  });

  it('pings while it is quiet, and gives up a broker that does not answer', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address, { keepAliveMs: 200 });
    transport.connect(0);
    await listener.until('connected');
    await broker.got('pingreq', 2);
    expect(listener.of('disconnected')).toEqual([]);
    broker.script = () => {};
    expect(await listener.until('disconnected')).toEqual([[0, 'ping timeout']]);
  });

  it('takes no more while the socket is full, and reports when it can again', async () => {
    const broker = await startBroker();
    const { listener, transport, publish } = open(broker.address, { qos: 0 });
    transport.connect(0);
    await listener.until('connected');
    const [socket] = broker.sockets;
    socket!.pause();
    const payload = Buffer.alloc(60_000, 'x');
    let sent = 0;
    while (publish(0, sent, payload)) sent++;
    transport.flush();
    expect(listener.of('writable')).toEqual([]);
    socket!.resume();
    await listener.until('writable');
    publish(0, sent++, payload);
    transport.flush();
    await broker.got('publish', sent);
    expect(broker.published.every((p) => p.payload.length === payload.length)).toBe(true);
  });

  it('goes silent: it sends and answers nothing more, and closes nothing', async () => {
    const broker = await startBroker();
    const { listener, transport, publish } = open(broker.address, { keepAliveMs: 200 });
    transport.connect(0);
    await listener.until('connected');
    await broker.got('pingreq');
    const [socket] = broker.sockets;
    transport.disconnect(0, 'silent');
    expect(listener.of('disconnected')).toEqual([]);
    expect(publish(0, 0, Buffer.from('x'))).toBe(false);
    expect(await listener.until('disconnected')).toEqual([[0, 'silent']]);
    const before = broker.received.length;
    send(
      socket!,
      { cmd: 'publish', topic: 't', payload: 'x', qos: 1, messageId: 1, dup: false, retain: false },
      5,
    );
    // The device comes back on another connection, whose pings outlast the keep-alive of the first.
    transport.connect(0);
    await listener.until('connected', 2);
    await broker.got('pingreq', broker.packets('pingreq').length + 3);
    expect(new Set(broker.received.slice(before).map(({ cmd }) => cmd))).toEqual(
      new Set(['connect', 'pingreq']),
    );
    expect(listener.of('received')).toEqual([]);
    expect(broker.sockets.size).toBe(2);
    expect(socket!.destroyed).toBe(false);
    // The service gives the silent one up: no second disconnect.
    socket!.destroy();
    publish(0, 1, Buffer.from('x'));
    await listener.until('acknowledged');
    expect(listener.of('disconnected').length).toBe(1);
  });

  it('closes the connections of devices that have gone silent', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address);
    transport.connect(0);
    await listener.until('connected');
    transport.disconnect(0, 'silent');
    const [socket] = broker.sockets;
    const closed = once(socket!, 'close');
    await transport.close();
    await closed;
    expect(listener.of('disconnected')).toEqual([]);
  });

  it('gives up a broker that does not close after a DISCONNECT', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'disconnect') acceptEverything(packet, socket, version);
    };
    const { listener, transport } = open(broker.address, { connectTimeoutMs: 400 });
    transport.connect(0);
    await listener.until('connected');
    for (const socket of broker.sockets) socket.pause();
    transport.disconnect(0, 'clean');
    expect(await listener.until('disconnected')).toEqual([[0, 'clean']]);
  });

  it('opens each device’s own connection', async () => {
    const brokers = [await startBroker(), await startBroker()];
    const connectors = brokers.map(({ address }) => makeTcpConnector(address));
    const listener = new RecordingListener();
    const transport = makeDenseTransport({
      keepAliveMs: 60_000,
      cleanStart: true,
      sessionExpirySeconds: 0,
      connectTimeoutMs: 5_000,
      ackTimeoutMs: 5_000,
      connector: { open: (device, onread, ready) => connectors[device % 2]!.open(device, onread, ready) },
    })(listener, nameClients(4));
    cleanUpLater(() => transport.close());
    for (const device of [0, 1, 2, 3]) transport.connect(device);
    await listener.until('connected', 4);
    const clientIds = brokers.map((broker) =>
      broker.packets('connect').map((packet) => (packet as IConnectPacket).clientId),
    );
    expect(clientIds.map((ids) => ids.sort())).toEqual([
      ['run-d0', 'run-d2'],
      ['run-d1', 'run-d3'],
    ]);
  });

  it('closes even where the broker does not', async () => {
    const broker = await startBroker();
    const { listener, transport } = open(broker.address);
    transport.connect(0);
    await listener.until('connected');
    for (const socket of broker.sockets) socket.pause();
    await transport.close();
  });
});

describe('dense over MQTT 3.1.1, against aedes', () => {
  async function startAedes() {
    const aedes = await Aedes.createBroker();
    const server = createServer(aedes.handle);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUpLater(async () => {
      await new Promise<void>((resolve) => aedes.close(resolve));
      server.close();
    });
    return { aedes, address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } };
  }

  it.each([0, 1] as const)('publishes at QoS %i and receives its own messages', async (qos) => {
    const { address } = await startAedes();
    const { listener, transport, publish } = open(address, { mqttVersion: 4, qos, devices: 5 });
    for (let device = 0; device < 5; device++) transport.connect(device);
    await listener.until('connected', 5);
    for (let device = 0; device < 5; device++) transport.subscribe(device, `t/d${device}`, qos);
    await listener.until('subscribed', 5);
    for (let n = 0; n < 200; n++) publish(n % 5, n, Buffer.from(`message ${n}`));
    transport.flush();
    const received = await listener.until('received', 200);
    for (const device of [0, 1, 2, 3, 4]) {
      expect(received.filter(([d]) => d === device).map(([, message]) => message)).toEqual(
        Array.from({ length: 40 }, (_, k) => ({
          topic: `t/d${device}`,
          payload: `message ${k * 5 + device}`,
          qos,
          dup: false,
          retain: false,
        })),
      );
    }
    if (qos === 1) await listener.until('acknowledged', 200);
    else expect(listener.of('acknowledged')).toEqual([]);
  });

  it('receives the reason why it may not connect', async () => {
    const { aedes, address } = await startAedes();
    aedes.authenticate = (_client, _user, _password, done) =>
      done(Object.assign(new Error('no'), { returnCode: 5 as const }), false);
    const { listener, transport } = open(address, { mqttVersion: 4 });
    transport.connect(0);
    expect(await listener.until('connectFailed')).toEqual([[0, 'NotAuthorized']]);
  });
});
