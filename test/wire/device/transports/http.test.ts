import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createPlainHttp2Server, createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type HttpTransportSettings,
  makeHttpTransport,
  webService,
} from '../../../../src/device/transports/http/http-transport.ts';
import { makeCertificates } from '../../../../src/embedded/iot-core/auth/certificates.ts';
import type { HttpSettings } from '../../../../src/profile/http-settings.ts';
import { cleanUp, cleanUpLater, nameClients } from '../../../support/device/transports/open-transport.ts';
import { RecordingListener } from '../../../support/device/transports/recording-listener.ts';

afterEach(cleanUp);

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (request: Seen, response: ServerResponse) => void;

interface Service {
  readonly origin: URL;
  readonly seen: Seen[];
  /** Connections that it accepted so far, and those that are open. */
  readonly connections: { accepted: number; open: number; mostOpen: number };
}

const makers = {
  'http/1.1': (_: Certificates, serve: Serve) => createServer(serve),
  'http/1.1 over TLS': ({ server }: Certificates, serve: Serve) => createHttpsServer(server, serve),
  // The compatibility API of node:http2 has the methods that are used here.
  'HTTP/2': (_: Certificates, serve: Serve) => createPlainHttp2Server(serve as never),
  'HTTP/2 over TLS': ({ server }: Certificates, serve: Serve) => createSecureServer(server, serve as never),
} as const;
type Kind = keyof typeof makers;
type Serve = (request: IncomingMessage, response: ServerResponse) => void;
interface Certificates {
  readonly server: { readonly cert: string; readonly key: string };
  readonly ca: string;
}

let certificates: Promise<Certificates> | undefined;

function readCertificates(): Promise<Certificates> {
  certificates ??= makeCertificates(Date.now()).then(({ server, authority }) => ({
    server: { cert: server.certificate, key: server.key },
    ca: authority,
  }));
  return certificates;
}

async function startService(
  kind: Kind,
  answer: Answer = (_, response) => response.end('ok'),
): Promise<Service> {
  const seen: Seen[] = [];
  const connections = { accepted: 0, open: 0, mostOpen: 0 };
  const server = makers[kind](await readCertificates(), async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url, headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
    seen.push(one);
    answer(one, response);
  }) as TcpServer;
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    connections.accepted++;
    connections.open++;
    connections.mostOpen = Math.max(connections.mostOpen, connections.open);
    socket.on('close', () => {
      connections.open--;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUpLater(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: new URL(`${kind.endsWith('TLS') ? 'https' : 'http'}://localhost:${port}`),
    seen,
    connections,
  };
}

interface Options extends Partial<Omit<HttpTransportSettings, 'protocol'>> {
  readonly succeeds?: HttpSettings['succeeds'];
}

async function open(origin: URL, { succeeds = ['2xx'], ...rest }: Options = {}) {
  const listener = new RecordingListener();
  const { ca } = await readCertificates();
  const tls = { ca };
  const transport = makeHttpTransport({
    protocol: webService(succeeds),
    version: '1.1',
    keepAlive: true,
    connections: { perDevice: 1 },
    origin,
    tlsOf: () => tls,
    connectTimeoutMs: 30_000,
    ackTimeoutMs: 30_000,
    secretHeaders: {},
    ...rest,
  })(listener, nameClients(10));
  cleanUpLater(() => transport.close());
  const request = (device: number, token: number, body = '', head: object = {}): boolean =>
    transport.send(device, {
      token,
      topic: '',
      payload: Buffer.from(body),
      qos: 0,
      retain: false,
      head: { method: 'POST', path: `/r/${token}`, headers: {}, ...head },
    });
  return { listener, transport, request };
}

const versions: readonly (readonly [Kind, '1.1' | '2'])[] = [
  ['http/1.1', '1.1'],
  ['http/1.1 over TLS', '1.1'],
  ['HTTP/2', '2'],
  ['HTTP/2 over TLS', '2'],
];

describe.each(versions)('%s', (kind, version) => {
  it('sends head and body, and reports the status of each answer and what it means', async () => {
    const statuses = [200, 204, 302, 304, 404, 429, 500, 503];
    const service = await startService(kind, ({ url }, response) => {
      response.writeHead(statuses[Number(url?.slice(3))]!, { location: '/elsewhere' });
      response.end();
    });
    const { listener, request } = await open(service.origin, { version, succeeds: ['2xx', 304] });
    for (const token of statuses.keys()) {
      request(0, token, 'body', { headers: { 'content-type': 'text/plain', 'x-device': 'd0' } });
      await listener.until('answered', token + 1);
    }
    expect(listener.of('answered')).toEqual([
      [0, 0, 200, undefined],
      [0, 1, 204, undefined],
      [0, 2, 302, 'failed'],
      [0, 3, 304, undefined],
      [0, 4, 404, 'failed'],
      [0, 5, 429, 'throttled'],
      [0, 6, 500, 'failed'],
      [0, 7, 503, 'failed'],
    ]);
    // A redirect is not followed.
    expect(service.seen.map(({ url }) => url)).toEqual(statuses.map((_, token) => `/r/${token}`));
    expect(service.seen[0]).toMatchObject({
      method: 'POST',
      body: 'body',
      headers: { 'content-type': 'text/plain', 'x-device': 'd0', 'content-length': '4' },
    });
    expect(service.connections.accepted).toBe(1);
    expect(listener.of('opened').length).toBe(1);
  });

  it('has secret headers only where it sends, and no body for a GET', async () => {
    const service = await startService(kind);
    const { listener, request } = await open(service.origin, {
      version,
      secretHeaders: { authorization: 'Bearer secret' },
    });
    request(0, 0, '', { method: 'GET' });
    await listener.until('answered');
    expect(service.seen[0]).toMatchObject({
      method: 'GET',
      body: '',
      headers: { authorization: 'Bearer secret' },
    });
    expect(service.seen[0]!.headers['content-length']).toBeUndefined();
  });

  it('reports a connection that closes during the answer as unanswered', async () => {
    const service = await startService(kind, (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half');
      setImmediate(() => response.destroy());
    });
    const { listener, request } = await open(service.origin, { version });
    request(0, 0);
    const [unanswered] = await listener.until('unanswered');
    expect(unanswered!.slice(0, 2)).toEqual([0, 0]);
    expect(listener.of('answered')).toEqual([]);
  });

  it('reports that a request was not sent to a service that cannot be reached', async () => {
    const gone = createTcpServer();
    gone.listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    const scheme = kind.endsWith('TLS') ? 'https' : 'http';
    const { listener, request } = await open(new URL(`${scheme}://127.0.0.1:${port}`), { version });
    request(0, 0, 'x');
    expect(await listener.until('notSent')).toEqual([[0, 0]]);
    expect(await listener.until('openFailed')).toEqual([[0, 'ECONNREFUSED']]);
    expect(listener.of('left')).toEqual([]);
  });

  it('gives up a request after the ack timeout, and what it waited for comes to nothing', async () => {
    const held: ServerResponse[] = [];
    const service = await startService(kind, ({ url }, response) => {
      if (url === '/r/0') held.push(response);
      else response.end();
    });
    const { listener, request } = await open(service.origin, { version, ackTimeoutMs: 100 });
    expect(request(0, 0)).toBe(true);
    // Over HTTP/1.1 the connection is in use, until the request is given up.
    if (version === '1.1') {
      expect(request(0, 1)).toBe(false);
      await listener.until('writable');
    }
    expect(request(0, 1)).toBe(true);
    expect(await listener.until('answered')).toEqual([[0, 1, 200, undefined]]);
    expect(held.length).toBe(1);
    expect(listener.of('unanswered')).toEqual([]);
  });

  it('counts the bytes of heads and bodies', async () => {
    const service = await startService(kind, (_, response) => response.end('y'.repeat(10_000)));
    const { listener, transport, request } = await open(service.origin, { version });
    request(0, 0, 'x'.repeat(5_000));
    await listener.until('answered');
    const { connections, bytesIn, bytesOut } = transport.traffic!();
    expect(connections).toBe(1);
    expect(bytesOut).toBeGreaterThan(5_000);
    expect(bytesOut).toBeLessThan(5_600);
    expect(bytesIn).toBeGreaterThan(10_000);
    expect(bytesIn).toBeLessThan(10_600);
  });
});

describe('connections', () => {
  it('are one for each device over HTTP/1.1, each for one request at a time', async () => {
    const service = await startService('http/1.1');
    const { listener, request } = await open(service.origin);
    for (let device = 0; device < 5; device++) expect(request(device, device)).toBe(true);
    expect(request(0, 9)).toBe(false);
    expect(await listener.until('writable')).toEqual([[0]]);
    await listener.until('answered', 5);
    expect(service.connections.accepted).toBe(5);
  });

  it('are shared up to a limit, and devices that wait are served in the order in which they came', async () => {
    const held: (() => void)[] = [];
    const service = await startService('http/1.1', (_, response) => held.push(() => response.end()));
    const { listener, request } = await open(service.origin, { connections: { ofSlice: 2 } });
    const sent = [0, 1, 2, 3, 4].map((device) => request(device, device));
    expect(sent).toEqual([true, true, false, false, false]);
    while (held.length < 2) await new Promise(setImmediate);
    held[0]!();
    await listener.until('writable');
    held[1]!();
    await listener.until('writable', 2);
    expect(listener.of('writable').slice(0, 2)).toEqual([[2], [3]]);
    expect(service.connections.mostOpen).toBe(2);
  });

  it('are closed after each request without keep-alive', async () => {
    const service = await startService('http/1.1');
    const { listener, request } = await open(service.origin, { keepAlive: false });
    for (let token = 0; token < 4; token++) {
      request(0, token);
      await listener.until('answered', token + 1);
    }
    expect(service.connections).toMatchObject({ accepted: 4 });
    expect(service.seen.map(({ headers }) => headers.connection)).toEqual(Array(4).fill('close'));
    expect(listener.of('opened').length).toBe(4);
  });

  it('carry many requests at once over HTTP/2', async () => {
    const held: (() => void)[] = [];
    const service = await startService('HTTP/2 over TLS', (_, response) => held.push(() => response.end()));
    const { listener, request } = await open(service.origin, { version: '2' });
    for (let token = 0; token < 20; token++) expect(request(0, token)).toBe(true);
    while (held.length < 20) await new Promise(setImmediate);
    for (const answer of held) answer();
    await listener.until('answered', 20);
    expect(service.connections.accepted).toBe(1);
  });

  it('are not made to a server whose certificate no given authority has signed', async () => {
    const service = await startService('http/1.1 over TLS');
    const { listener, request } = await open(service.origin, { tlsOf: () => ({}) });
    request(0, 0);
    expect(await listener.until('notSent')).toEqual([[0, 0]]);
    const [failed] = await listener.until('openFailed');
    expect(failed![1]).toMatch(/CERT|SIGN|VERIFY/);
    expect(service.seen).toEqual([]);
  });

  it('say so where a server does not agree to HTTP/2', async () => {
    const service = await startService('http/1.1 over TLS');
    const { listener, request } = await open(service.origin, { version: '2' });
    request(0, 0);
    expect(await listener.until('notSent')).toEqual([[0, 0]]);
    const [failed] = await listener.until('openFailed');
    expect(failed![1]).toMatch(/NoHttp2|ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL/);
  });
});

describe('the transport', () => {
  it('reports nothing once it is closed', async () => {
    const service = await startService('http/1.1', () => {});
    const { listener, transport, request } = await open(service.origin);
    request(0, 0);
    while (service.seen.length === 0) await new Promise(setImmediate);
    await transport.close();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(listener.events.filter(([name]) => name !== 'opened' && name !== 'left')).toEqual([]);
  });

  it('says what it does not offer', async () => {
    const { transport } = await open(new URL('http://127.0.0.1:1'));
    expect(() => transport.subscribe(0, 't', 0)).toThrow('the transport http has no subscriptions');
    expect(() => transport.disconnect(0, 'clean')).toThrow('the transport http has no connections that last');
  });
});
