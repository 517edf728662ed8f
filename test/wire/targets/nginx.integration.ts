import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type HttpTransportSettings,
  makeHttpTransport,
  webService,
} from '../../../src/device/transports/http/http-transport.ts';
import { makeCertificates } from '../../../src/embedded/iot-core/auth/certificates.ts';
import { nameClients } from '../../support/device/transports/open-transport.ts';
import { RecordingListener } from '../../support/device/transports/recording-listener.ts';
import { untilOpen } from '../../support/targets/until-open.ts';
import { until } from '../../support/until.ts';

const isInstalled = spawnSync('nginx', ['-v']).error === undefined;
if (!isInstalled) console.warn('skipped: nginx is not installed (apt-get install nginx)');
const describeIfInstalled = isInstalled ? describe : describe.skip;

let directory: string;
let nginx: ChildProcess;
let ca: string;
let ports: { plain: number; tls: number };

/** Of nginx's own log, one a request: its connection, how many requests that had had, the protocol and the status. */
interface Logged {
  readonly connection: string;
  readonly requests: number;
  readonly protocol: string;
  readonly status: number;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

beforeAll(async () => {
  if (!isInstalled) return;
  directory = mkdtempSync(path.join(tmpdir(), 'stampede-nginx-'));
  ports = { plain: await freePort(), tls: await freePort() };
  const certificates = await makeCertificates(Date.now());
  ca = certificates.authority;
  writeFileSync(path.join(directory, 'server.pem'), certificates.server.certificate);
  writeFileSync(path.join(directory, 'server.key'), certificates.server.key);
  writeFileSync(
    path.join(directory, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
events { worker_connections 512; }
http {
  log_format plain '$connection $connection_requests $server_protocol $status';
  access_log ${directory}/access.log plain;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  server {
    listen 127.0.0.1:${ports.plain};
    listen 127.0.0.1:${ports.tls} ssl http2;
    ssl_certificate ${directory}/server.pem; ssl_certificate_key ${directory}/server.key;
    location = /204 { return 204; }
    location = /302 { return 302 /204; }
    location = /429 { return 429; }
    location = /503 { return 503; }
    location / { return 200 "ok\\n"; }
  }
}
`,
  );
  nginx = spawn('nginx', ['-p', directory, '-c', path.join(directory, 'nginx.conf')], { stdio: 'inherit' });
  await untilOpen(nginx, [ports.plain]);
});

afterAll(async () => {
  if (!isInstalled) return;
  nginx.kill();
  await once(nginx, 'exit');
  rmSync(directory, { recursive: true });
});

/** Requests by devices in turn, as soon as each can send, and what nginx logged of them. */
async function load(
  origin: string,
  paths: readonly string[],
  settings: Partial<HttpTransportSettings> &
    Pick<HttpTransportSettings, 'version' | 'keepAlive' | 'connections'>,
  devices: number,
) {
  const before = logged().length;
  const listener = new RecordingListener();
  const tls = { ca };
  const transport = makeHttpTransport({
    protocol: webService(['2xx']),
    origin: new URL(origin),
    tlsOf: () => tls,
    connectTimeoutMs: 30_000,
    ackTimeoutMs: 30_000,
    secretHeaders: {},
    ...settings,
  })(listener, nameClients(devices));
  let next = 0;
  let served = 0;
  const send = (device: number): void => {
    while (next < paths.length) {
      const message = { token: next, topic: '', payload: Buffer.from('{}'), qos: 0 as const, retain: false };
      if (!transport.send(device, { ...message, head: { method: 'POST', path: paths[next]!, headers: {} } }))
        return;
      next++;
    }
  };
  for (let device = 0; device < devices; device++) send(device);
  while (listener.of('answered').length < paths.length) {
    const writable = listener.of('writable');
    for (; served < writable.length; served++) send(writable[served]![0] as number);
    // A device that was answered may send again; `writable` only follows a refusal.
    for (let device = 0; device < devices; device++) send(device);
    await sleep(1);
  }
  const traffic = transport.traffic!();
  await transport.close();
  await until(() => logged().length >= before + paths.length, 'the log of nginx', 20);
  return { listener, traffic, log: logged().slice(before) };
}

function logged(): Logged[] {
  const text = readFileSync(path.join(directory, 'access.log'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [connection = '', requests, protocol = '', status] = line.split(' ');
      return { connection, requests: Number(requests), protocol, status: Number(status) };
    });
}

function countBy(values: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

const http11 = { version: '1.1', keepAlive: true } as const;

describeIfInstalled('nginx', () => {
  const names = ['/', '/204', '/302', '/429', '/503'];
  const paths = Array.from({ length: 500 }, (_, i) => names[i % names.length]!);

  it.each([
    ['HTTP/1.1', '1.1'],
    ['HTTP/2.0', '2'],
  ] as const)('has logged the statuses that were reported, over %s and TLS', async (protocol, version) => {
    const settings = { ...http11, version, connections: { perDevice: 1 } };
    const { listener, log, traffic } = await load(`https://localhost:${ports.tls}`, paths, settings, 5);
    expect(countBy(listener.of('answered').map(([, , status]) => status))).toEqual(
      countBy(log.map(({ status }) => status)),
    );
    expect(countBy(log.map(({ status }) => status))).toEqual({
      200: 100,
      204: 100,
      302: 100,
      429: 100,
      503: 100,
    });
    expect(countBy(log.map((each) => each.protocol))).toEqual({ [protocol]: 500 });
    expect(new Set(log.map(({ connection }) => connection)).size).toBe(traffic.connections);
    expect(traffic.connections).toBeLessThanOrEqual(5);
  });

  it('has seen as many connections as are shared, each with many requests', async () => {
    const settings = { ...http11, connections: { ofSlice: 3 } };
    const { log, traffic } = await load(`http://127.0.0.1:${ports.plain}`, paths, settings, 20);
    expect(new Set(log.map(({ connection }) => connection)).size).toBe(3);
    expect(traffic.connections).toBe(3);
    expect(Math.max(...log.map(({ requests }) => requests))).toBeGreaterThan(100);
  });

  it('has seen a connection for each request without keep-alive', async () => {
    const settings = { ...http11, keepAlive: false, connections: { perDevice: 1 } };
    const { log, traffic } = await load(`http://127.0.0.1:${ports.plain}`, paths.slice(0, 100), settings, 5);
    expect(new Set(log.map(({ connection }) => connection)).size).toBe(100);
    expect(traffic.connections).toBe(100);
    expect(log.every(({ requests }) => requests === 1)).toBe(true);
  });
});
