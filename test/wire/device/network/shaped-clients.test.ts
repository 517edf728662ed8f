import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server, createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { io } from 'aws-iot-device-sdk-v2';
import { openLoopbackProxy } from '../../../../src/device/network/loopback-proxy.ts';
import type { SliceNetwork } from '../../../../src/device/network/shaping/slice-network.ts';
import { makeDeviceSdkTransport } from '../../../../src/device/transports/device-sdk.ts';
import { makeHttpTransport, webService } from '../../../../src/device/transports/http/http-transport.ts';
import { makeCertificates } from '../../../../src/embedded/iot-core/auth/certificates.ts';
import type { NetworkForm } from '../../../../src/profile/network-presets.ts';
import { makeSystemClock } from '../../../../src/shared/clock.ts';
import { makeTestNetwork } from '../../../support/device/make-network.ts';
import { collectGarbage } from '../../../support/device/transports/collect-garbage.ts';
import {
  cleanUp,
  cleanUpLater,
  nameClients,
  publishBy,
  startBroker,
} from '../../../support/device/transports/open-transport.ts';
import { RecordingListener } from '../../../support/device/transports/recording-listener.ts';
import { until } from '../../../support/until.ts';

afterEach(cleanUp);
afterAll(collectGarbage);

const devices = 4;
const clock = makeSystemClock();

function makeNetwork(form: NetworkForm): SliceNetwork {
  const network = makeTestNetwork(form, devices, clock);
  cleanUpLater(async () => network.close());
  return network;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUpLater(async () => server.close());
  return (server.address() as AddressInfo).port;
}

let certificates: ReturnType<typeof makeCertificates> | undefined;

async function readCertificates() {
  certificates ??= makeCertificates(Date.now());
  const { server, authority } = await certificates;
  return { server: { cert: server.certificate, key: server.key }, ca: authority };
}

/** What both kinds of client do, and how long it takes. */
interface Client {
  readonly network: SliceNetwork;
  readonly listener: RecordingListener;
  /** Milliseconds until the first answer of a device, its connection included. */
  connect(device?: number): Promise<number>;
  /** Milliseconds until the answer to a message of that many bytes. */
  roundTrip(bytes?: number): Promise<number>;
  /** Sends one, and waits for nothing. */
  send(): void;
  /** Resolves with the reasons once a connection has ended, and once one has not come about. */
  ended(): Promise<unknown[]>;
  notConnected(): Promise<unknown[]>;
  /** Bodies that the server has received. */
  received(): readonly string[];
}

interface Options {
  readonly port?: number;
  readonly connectTimeoutMs?: number;
}

async function openDeviceSdk(
  form: NetworkForm,
  { port, connectTimeoutMs = 30_000 }: Options = {},
): Promise<Client> {
  const broker = await startBroker();
  const { server: pair, ca } = await readCertificates();
  const { host, port: behind } = broker.address;
  const server = createTlsServer(pair, (secure) => {
    const plain = connect(behind, host);
    pipeline(secure, plain, () => {});
    pipeline(plain, secure, () => {});
  });
  server.on('tlsClientError', () => {});
  const target = { host: 'localhost', port: port ?? (await listen(server)) };
  const network = makeNetwork(form);
  const proxy = await openLoopbackProxy({ target, network, connectTimeoutMs });
  const listener = new RecordingListener();
  const options = new io.TlsContextOptions();
  options.override_default_trust_store(ca);
  const security = { tlsCtx: new io.ClientTlsContext(options) };
  const transport = makeDeviceSdkTransport({
    ...target,
    keepAliveMs: 60_000,
    cleanStart: true,
    sessionExpirySeconds: 0,
    connectTimeoutMs: 30_000,
    ackTimeoutMs: 30_000,
    proxy,
    secureOf: () => security,
  })(listener, nameClients(devices));
  cleanUpLater(() => transport.close());
  const publish = publishBy(transport);
  let token = 0;
  return {
    network,
    listener,
    received: () => broker.published.map(({ payload }) => String(payload)),
    async connect(device = 0) {
      const from = clock.now();
      const before = listener.of('connected').length;
      transport.connect(device);
      await listener.until('connected', before + 1);
      return clock.now() - from;
    },
    async roundTrip(bytes = 100) {
      const from = clock.now();
      const before = listener.of('acknowledged').length;
      publish(0, token++, Buffer.alloc(bytes, 'x'));
      await listener.until('acknowledged', before + 1);
      return clock.now() - from;
    },
    send: () => void publish(0, token++, Buffer.alloc(1_000, 'x')),
    ended: async () => (await listener.until('disconnected')).map(([, reason]) => reason),
    async notConnected() {
      transport.connect(0);
      return (await listener.until('connectFailed')).map(([, reason]) => reason);
    },
  };
}

const services = {
  'HTTP/1.1': () => createHttpServer(),
  'HTTP/1.1 over TLS': (pair: object) => createHttpsServer(pair),
  'HTTP/2': () => createHttp2Server(),
  'HTTP/2 over TLS': (pair: object) => createSecureServer(pair),
} as const;

async function openHttp(
  form: NetworkForm,
  kind: keyof typeof services,
  { port, connectTimeoutMs = 30_000 }: Options = {},
): Promise<Client> {
  const received: string[] = [];
  const { server: pair, ca } = await readCertificates();
  const server = services[kind](pair) as unknown as Server;
  server.on('request', async (request: AsyncIterable<Buffer>, response: { end(): void }) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    received.push(Buffer.concat(chunks).toString());
    response.end();
  });
  server.on('tlsClientError', () => {});
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  cleanUpLater(async () => {
    for (const socket of sockets) socket.destroy();
  });
  const isSecure = kind.endsWith('TLS');
  const origin = new URL(`${isSecure ? 'https' : 'http'}://localhost:${port ?? (await listen(server))}`);
  const network = makeNetwork(form);
  const listener = new RecordingListener();
  const transport = makeHttpTransport({
    protocol: webService(['2xx']),
    version: kind.startsWith('HTTP/2') ? '2' : '1.1',
    keepAlive: true,
    connections: { perDevice: 1 },
    origin,
    tlsOf: () => ({ ca }),
    connectTimeoutMs,
    ackTimeoutMs: 30_000,
    secretHeaders: {},
    network,
  })(listener, nameClients(devices));
  cleanUpLater(() => transport.close());
  let token = 0;
  const head = { method: 'POST', path: '/', headers: {} };
  const request = (device: number, bytes: number): void => {
    const payload = Buffer.alloc(bytes, 'x');
    transport.send(device, { token: token++, topic: '', payload, qos: 0, retain: false, head });
  };
  const timed = async (device: number, bytes: number): Promise<number> => {
    const from = clock.now();
    const before = listener.of('answered').length;
    request(device, bytes);
    await listener.until('answered', before + 1);
    return clock.now() - from;
  };
  return {
    network,
    listener,
    received: () => received,
    connect: (device = 0) => timed(device, 1),
    roundTrip: (bytes = 100) => timed(0, bytes),
    send: () => request(0, 1_000),
    ended: async () => (await listener.until('unanswered')).map(([, , reason]) => reason),
    async notConnected() {
      request(0, 1);
      return (await listener.until('openFailed')).map(([, reason]) => reason);
    },
  };
}

type Open = (form: NetworkForm, options?: Options) => Promise<Client>;

/** Round trips before the first answer: TCP, TLS 1.3, and the CONNECT or the request. */
const clients: readonly (readonly [name: string, trips: number, open: Open])[] = [
  ['device-sdk', 3, openDeviceSdk],
  ...(Object.keys(services) as (keyof typeof services)[]).map(
    (kind) =>
      [kind, kind.endsWith('TLS') ? 3 : 2, (form, options) => openHttp(form, kind, options)] as [
        string,
        number,
        Open,
      ],
  ),
];

describe.each(clients)('a network, of %s,', (_name, trips, open) => {
  it('delays each way, handshakes included', async () => {
    const client = await open({ delay: '40ms' });
    expect(await client.connect()).toBeGreaterThanOrEqual(trips * 80);
    expect(await client.roundTrip()).toBeGreaterThanOrEqual(80);
    expect(client.network.result()!.down.packets).toBeGreaterThanOrEqual(2);
  });

  it('lets no more pass than its bandwidth', async () => {
    const client = await open({ bandwidth: { up: '400kbit' } });
    await client.connect();
    // 20,000 bytes are 160 kbit, and headers.
    expect(await client.roundTrip(20_000)).toBeGreaterThanOrEqual(400);
    expect(client.received().at(-1)).toHaveLength(20_000);
    expect(client.network.result()!.up.bytes).toBeGreaterThanOrEqual(20_000);
  });

  it('changes for a connection that is open, and back', async () => {
    const client = await open('none');
    await client.connect();
    expect(client.network.result()).toBeUndefined();
    client.network.prepareChange({ delay: '100ms' }, clock.now())();
    expect(await client.roundTrip()).toBeGreaterThanOrEqual(200);
    client.network.prepareChange('none', clock.now())();
    const shaped = client.network.result();
    expect(shaped!.up.packets).toBeGreaterThanOrEqual(1);
    await client.roundTrip();
    // What it does nothing to, it does not count.
    expect(client.network.result()).toEqual(shaped);
  });

  it('resets connections', async () => {
    const client = await open('none');
    await client.connect();
    client.network.prepareChange({ delay: '60s' }, clock.now())();
    client.send();
    client.network.prepareChange({ reset: 60 }, clock.now())();
    expect(await client.ended()).toHaveLength(1);
    expect(client.network.result()).toMatchObject({ resets: 1 });
  });

  it('does not reach some devices', async () => {
    const client = await open({ outage: 1 / devices }, { connectTimeoutMs: 2_000 });
    await client.connect(1);
    expect(await client.notConnected()).toEqual(['ETIMEDOUT']);
    expect(client.network.result()).toMatchObject({ unreached: 1 });
  });

  it('corrupts what it carries', async () => {
    const client = await open('none');
    await client.connect();
    client.network.prepareChange({ corrupt: 1 }, clock.now())();
    client.send();
    await until(() => client.network.result()!.up.corrupted > 0);
    expect(client.received()).not.toContain('x'.repeat(1_000));
  });

  it('says why a target cannot be reached', async () => {
    const unused = createTcpServer();
    const port = await listen(unused);
    unused.close();
    const client = await open('none', { port });
    expect(await client.notConnected()).toEqual(['ECONNREFUSED']);
  });
});

it('lets no client through the proxy without its password, nor to another address', async () => {
  const target = { host: '127.0.0.1', port: await listen(createTcpServer()) };
  const proxy = await openLoopbackProxy({ target, network: makeNetwork('none'), connectTimeoutMs: 1_000 });
  const { username, password } = proxy.loginOf(0);
  const statusOf = async (path: string, login: string): Promise<string> => {
    const socket = connect(proxy.port, proxy.host);
    const basic = Buffer.from(login).toString('base64');
    socket.write(`CONNECT ${path} HTTP/1.1\r\nHost: ${path}\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString().split(' ')[1]!;
  };
  const path = `${target.host}:${target.port}`;
  expect(await statusOf(path, `${username}:${password}`)).toBe('200');
  expect(await statusOf(path, `${username}:wrong`)).toBe('407');
  expect(await statusOf('127.0.0.1:1', `${username}:${password}`)).toBe('403');
});
