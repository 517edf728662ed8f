import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import { type Address, makeTcpConnector } from './connector.ts';
import { makeConnectorSockets } from './connector-socket.ts';
import { makeShapedConnector } from './shaping/shaped-connector.ts';
import type { SliceNetwork } from './shaping/slice-network.ts';

/** How a client that opens its own connections reaches the target through a slice's network: by CONNECT (RFC 9110, 9.3.6). */
export interface LoopbackProxy {
  readonly host: string;
  readonly port: number;
  /** Basic credentials of a device. @param device index within the slice: it is the user name, and decides whose network a connection has */
  loginOf(device: number): { readonly username: string; readonly password: string };
  /** Why the device's last attempt did not reach the target, by its code; undefined: it did. */
  failureOf(device: number): string | undefined;
}

interface ProxySettings {
  readonly target: Address;
  readonly network: SliceNetwork;
  /** From a CONNECT request until the target is reached. */
  readonly connectTimeoutMs: number;
}

const host = '127.0.0.1';

/** Opens a proxy to one address, for clients with its password. It closes with the network. */
export async function openLoopbackProxy({
  target,
  network,
  connectTimeoutMs,
}: ProxySettings): Promise<LoopbackProxy> {
  const password = randomBytes(16).toString('hex');
  const failures = new Map<number, string>();
  const open = makeConnectorSockets(makeShapedConnector(makeTcpConnector(target), network));
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const device = deviceOf(request, password);
    if (device === undefined || request.url !== `${target.host}:${target.port}`) {
      client.end(`HTTP/1.1 ${device === undefined ? 407 : 403} Refused\r\n\r\n`);
      return;
    }
    failures.delete(device);
    const upstream = open(device);
    const fail = (error?: NodeJS.ErrnoException): void => {
      if (upstream.connecting) failures.set(device, error?.code ?? 'ECONNRESET');
      cancelTimer();
      // After the tunnel is open, a reset is the only way to report the end of the connection to the client at once.
      const socket = client as Duplex & { resetAndDestroy?(): void };
      if (upstream.connecting) client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      else if (socket.resetAndDestroy !== undefined) socket.resetAndDestroy();
      else client.destroy();
    };
    const cancelTimer = network.clock.setTimer(connectTimeoutMs, () =>
      upstream.destroy(Object.assign(new Error('connect timeout'), { code: 'ETIMEDOUT' })),
    );
    upstream.once('error', fail);
    client.once('error', () => upstream.destroy());
    client.once('close', () => {
      cancelTimer();
      upstream.destroy();
    });
    upstream.once('connect', () => {
      cancelTimer();
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      pipeline(client, upstream, ignored);
      pipeline(upstream, client, ignored);
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  server.unref();
  network.opened({ changed() {}, abandon: () => server.close() });
  return {
    host,
    port: (server.address() as AddressInfo).port,
    loginOf: (device) => ({ username: String(device), password }),
    failureOf: (device) => failures.get(device),
  };
}

/** @returns index within the slice; undefined: the request lacks the password */
function deviceOf({ headers }: IncomingMessage, password: string): number | undefined {
  const [, encoded = ''] = /^Basic (\S+)$/i.exec(headers['proxy-authorization'] ?? '') ?? [];
  const [, device, shown] = /^(\d+):(.*)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return shown === password ? Number(device) : undefined;
}

function ignored(): void {}
