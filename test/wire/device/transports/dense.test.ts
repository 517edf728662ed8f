import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Aedes } from 'aedes';
import {
  cleanUp,
  cleanUpLater,
  type Options,
  open as openTransport,
  startBroker,
} from '../../../support/device/transports/open-transport.ts';
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
    const { listener, transport } = open(broker.address, { devices: 2 });
    transport.connect(1);
    await listener.until('connected');
    for (let token = 0; token < 100; token++) {
      expect(transport.publish(1, token, Buffer.from('x'))).toBe(true);
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
    const { listener, transport } = open(broker.address);
    transport.connect(0);
    await listener.until('connected');
    let token = 0;
    while (transport.publish(0, token, Buffer.from('x'))) {
      if (++token % 1_000 > 0) continue;
      transport.flush();
      await broker.got('publish', token);
    }
    expect(token).toBe(65_535);
    expect(await listener.until('disconnected')).toEqual([[0, 'no packet identifier is free']]);
    broker.script = acceptEverything;
    transport.connect(0);
    await listener.until('connected', 2);
    expect(transport.publish(0, token, Buffer.from('x'))).toBe(true);
    expect(await listener.until('acknowledged')).toEqual([[0, token]]);
  }, 30_000);

  it('passes on the receive maximum, and keeps to the keep-alive of the server', async () => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'connect') return acceptEverything(packet, socket, version);
      const properties = { receiveMaximum: 100, serverKeepAlive: 1 };
      send(socket, { cmd: 'connack', sessionPresent: false, reasonCode: 0, properties }, version);
    };
    const { listener, transport } = open(broker.address, { keepAliveMs: 600_000 });
    transport.connect(0);
    expect(await listener.until('connected')).toEqual([[0, 100]]);
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
    const { listener, transport } = open(broker.address, { qos: 0 });
    transport.connect(0);
    await listener.until('connected');
    const [socket] = broker.sockets;
    socket!.pause();
    const payload = Buffer.alloc(60_000, 'x');
    let sent = 0;
    while (transport.publish(0, sent, payload)) sent++;
    transport.flush();
    expect(listener.of('writable')).toEqual([]);
    socket!.resume();
    await listener.until('writable');
    transport.publish(0, sent++, payload);
    transport.flush();
    await broker.got('publish', sent);
    expect(broker.published.every((p) => p.payload.length === payload.length)).toBe(true);
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
    const { aedes, address } = await startAedes();
    const subscribed = new Promise<void>((resolve) => {
      let count = 0;
      aedes.on('subscribe', () => ++count === 5 && resolve());
    });
    const { listener, transport } = open(address, { mqttVersion: 4, qos, devices: 5, echoes: true });
    for (let device = 0; device < 5; device++) transport.connect(device);
    await listener.until('connected', 5);
    await subscribed;
    for (let n = 0; n < 200; n++) transport.publish(n % 5, n, Buffer.from(`message ${n}`));
    transport.flush();
    const echoes = await listener.until('echoed', 200);
    for (const device of [0, 1, 2, 3, 4]) {
      expect(echoes.filter(([d]) => d === device).map(([, text]) => text)).toEqual(
        Array.from({ length: 40 }, (_, k) => `message ${k * 5 + device}`),
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
