import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Aedes, type Client } from 'aedes';
import { generate } from 'selfsigned';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { makeTcpConnector, makeTlsConnector } from '../../../../src/device/network/connector.ts';
import { makeShapedConnector } from '../../../../src/device/network/shaping/shaped-connector.ts';
import { makeWebSocketConnector } from '../../../../src/device/network/websocket-connector.ts';
import { makeDenseTransport } from '../../../../src/device/transports/dense.ts';
import { LatencyHistogram } from '../../../../src/measure/latency-histogram.ts';
import type { NetworkForm } from '../../../../src/profile/network-presets.ts';
import { makeSystemClock } from '../../../../src/shared/clock.ts';
import { makeTestNetwork } from '../../../support/device/make-network.ts';
import {
  cleanUp,
  cleanUpLater,
  nameClients,
  publishBy,
} from '../../../support/device/transports/open-transport.ts';
import { RecordingListener } from '../../../support/device/transports/recording-listener.ts';
import { until } from '../../../support/until.ts';

afterEach(cleanUp);

const schemes = ['mqtt', 'mqtts', 'ws', 'wss'] as const;
type Scheme = (typeof schemes)[number];

interface Options {
  readonly scheme?: Scheme;
  readonly devices?: number;
  readonly connectTimeoutMs?: number;
}

/** Devices with a network, and aedes behind it. */
async function open(
  form: NetworkForm,
  { scheme = 'mqtt', devices = 1, connectTimeoutMs = 30_000 }: Options = {},
) {
  const isSecure = scheme === 'mqtts' || scheme === 'wss';
  const isWebSocket = scheme.startsWith('ws');
  const aedes = await Aedes.createBroker();
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  const tls = { cert: pair.cert, key: pair.private };
  const handle = aedes.handle as (stream: unknown) => void;
  let server: Server;
  if (isWebSocket) {
    const http = isSecure ? createHttpsServer(tls) : createHttpServer();
    const sockets = new WebSocketServer({ server: http });
    sockets.on('connection', (socket) => handle(createWebSocketStream(socket).on('error', () => {})));
    server = http;
  } else server = isSecure ? createTlsServer(tls, handle) : createTcpServer(handle);
  const published: string[] = [];
  const clients: Client[] = [];
  aedes.on('client', (client) => clients.push(client));
  aedes.on('publish', (packet, client) => {
    if (client !== null) published.push(String(packet.payload));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const address = { host: '127.0.0.1', port };
  const clock = makeSystemClock();
  const network = makeTestNetwork(form, devices, clock);
  const carrier = isSecure
    ? makeTlsConnector(address, { rejectUnauthorized: false })
    : makeTcpConnector(address);
  const shaped = makeShapedConnector(carrier, network);
  const listener = new RecordingListener();
  const transport = makeDenseTransport({
    keepAliveMs: 60_000,
    cleanStart: true,
    sessionExpirySeconds: 0,
    connectTimeoutMs,
    ackTimeoutMs: 30_000,
    connector: isWebSocket ? makeWebSocketConnector(shaped, `127.0.0.1:${port}`, () => '/mqtt') : shaped,
    mqttVersion: 4,
  })(listener, nameClients(devices));
  cleanUpLater(async () => {
    await transport.close();
    network.close();
    await new Promise<void>((resolve) => aedes.close(resolve));
    server.close();
  });
  return {
    network,
    listener,
    transport,
    publish: publishBy(transport),
    published,
    clients,
    clock,
  };
}

type Opened = Awaited<ReturnType<typeof open>>;

async function connect({ transport, listener }: Opened): Promise<void> {
  transport.connect(0);
  await listener.until('connected');
}

/** @returns milliseconds from a message to its PUBACK */
async function roundTrip({ publish, transport, listener, clock }: Opened, bytes = 100): Promise<number> {
  const before = listener.of('acknowledged').length;
  const from = clock.now();
  expect(publish(0, before, Buffer.alloc(bytes, 'x'))).toBe(true);
  transport.flush();
  await listener.until('acknowledged', before + 1);
  return clock.now() - from;
}

describe.each(schemes)('a network, over %s,', (scheme) => {
  it('delays each way, handshakes included', async () => {
    const opened = await open({ delay: '40ms' }, { scheme });
    const from = opened.clock.now();
    await connect(opened);
    // TCP, TLS 1.3, the WebSocket's request, and the CONNECT with its CONNACK.
    const trips = { mqtt: 2, mqtts: 3, ws: 3, wss: 4 };
    expect(opened.clock.now() - from).toBeGreaterThanOrEqual(trips[scheme] * 80);
    expect(await roundTrip(opened)).toBeGreaterThanOrEqual(80);
    const { up, down } = opened.network.result()!;
    expect(LatencyHistogram.decode(up.delay).percentileAt(0)).toBeGreaterThanOrEqual(39.9);
    expect(down.packets).toBeGreaterThanOrEqual(2);
  });

  it('changes for a connection that is open, and back', async () => {
    const opened = await open('none', { scheme });
    await connect(opened);
    await roundTrip(opened);
    expect(opened.network.result()).toBeUndefined();
    opened.network.prepareChange({ delay: '100ms' }, opened.clock.now())();
    expect(await roundTrip(opened)).toBeGreaterThanOrEqual(200);
    opened.network.prepareChange('none', opened.clock.now())();
    const shaped = opened.network.result();
    expect(shaped!.up.packets).toBeGreaterThanOrEqual(1);
    await roundTrip(opened);
    // What it does nothing to, it does not count.
    expect(opened.network.result()).toEqual(shaped);
  });

  it('lets no more pass than its bandwidth', async () => {
    const opened = await open({ bandwidth: { up: '400kbit' } }, { scheme });
    await connect(opened);
    // 20,000 bytes are 160 kbit, and headers.
    expect(await roundTrip(opened, 20_000)).toBeGreaterThanOrEqual(400);
    expect(opened.published.map((payload) => payload.length)).toEqual([20_000]);
  });

  it('sends messages twice', async () => {
    const opened = await open({ duplicate: 1 }, { scheme });
    await connect(opened);
    await roundTrip(opened);
    await roundTrip(opened);
    expect(opened.network.result()).toMatchObject({ up: { duplicated: 2 } });
    expect(opened.published.length).toBeGreaterThanOrEqual(3);
  });

  it('resets connections, which devices and the broker see', async () => {
    const opened = await open('none', { scheme });
    await connect(opened);
    opened.network.prepareChange({ reset: 60 }, opened.clock.now())();
    expect(await opened.listener.until('disconnected')).toEqual([[0, 'ECONNRESET']]);
    expect(opened.network.result()).toMatchObject({ resets: 1 });
    expect(opened.clients).toHaveLength(1);
  });
});

it('corrupts packets without TLS', async () => {
  const opened = await open('none');
  await connect(opened);
  opened.network.prepareChange({ corrupt: 1 }, opened.clock.now())();
  opened.publish(0, 0, Buffer.alloc(1_000, 'x'));
  opened.transport.flush();
  // A wrong byte in the payload, or a packet that the broker ends the connection for.
  await until(() => opened.published.length + opened.listener.of('disconnected').length > 0);
  expect(opened.published).not.toContain('x'.repeat(1_000));
  expect(opened.network.result()!.up.corrupted).toBeGreaterThanOrEqual(1);
});

it('ends a connection whose packet it corrupts under TLS', async () => {
  const opened = await open('none', { scheme: 'mqtts' });
  await connect(opened);
  opened.network.prepareChange({ corrupt: 1 }, opened.clock.now())();
  opened.publish(0, 0, Buffer.from('x'));
  opened.transport.flush();
  expect(await opened.listener.until('disconnected')).toEqual([
    [0, 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'],
  ]);
  expect(opened.network.result()).toMatchObject({ corruptedConnections: 1 });
});

describe('an outage', () => {
  it('of a device lets it time out, and others connect', async () => {
    const opened = await open({ outage: 0.5 }, { devices: 2, connectTimeoutMs: 2_000 });
    opened.transport.connect(0);
    opened.transport.connect(1);
    expect(await opened.listener.until('connected')).toEqual([[1, 65_535, false]]);
    expect(await opened.listener.until('connectFailed')).toEqual([[0, 'connect timeout']]);
    expect(opened.network.result()).toMatchObject({ unreached: 1 });
  });

  it('holds what is sent, which passes afterwards', async () => {
    const opened = await open('none');
    await connect(opened);
    opened.network.prepareChange({ outage: 1 }, opened.clock.now())();
    opened.publish(0, 0, Buffer.from('held'));
    opened.transport.flush();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(opened.published).toEqual([]);
    opened.network.prepareChange('none', opened.clock.now())();
    await opened.listener.until('acknowledged');
    expect(opened.published).toEqual(['held']);
  });
});
