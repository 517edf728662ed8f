import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificates } from '../../../../src/embedded/iot-core/auth/certificates.ts';

export interface StallingServer {
  readonly port: number;
  /** Resolves once a client has come and said something. */
  readonly spokenTo: Promise<void>;
  close(): Promise<void>;
}

/** Accepts TCP connections and never answers: with TLS in front, the handshake stays half done. */
export function startSilent(): Promise<StallingServer> {
  return serve(createServer(), 'connection');
}

/** Completes the TLS handshake and never answers what follows: no WebSocket handshake, no CONNACK. */
export function startSilentTls({ server, authority }: Certificates): Promise<StallingServer> {
  const tls = createTlsServer({
    cert: server.certificate,
    key: server.key,
    ca: authority,
    ALPNProtocols: ['x-amzn-mqtt-ca', 'mqtt'],
    // The Device SDK gives up a handshake in which it was not asked for the certificate that it has.
    requestCert: true,
    rejectUnauthorized: false,
  });
  return serve(tls, 'secureConnection');
}

async function serve(server: Server, event: string): Promise<StallingServer> {
  const sockets = new Set<Socket>();
  const spokenTo = Promise.withResolvers<void>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on(event, (stream: Socket) => {
    stream.on('error', () => {});
    stream.once('data', () => spokenTo.resolve());
  });
  return { port: await listen(server), spokenTo: spokenTo.promise, close: () => shut(server, sockets) };
}

export interface Proxy extends StallingServer {
  /** From now on no byte passes, and no end of a connection. */
  freeze(): void;
}

/** Hands bytes on to a server on this machine, until it freezes. */
export async function startProxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const spokenTo = Promise.withResolvers<void>();
  let frozen = false;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('data', (chunk) => {
        spokenTo.resolve();
        if (!frozen) to.write(chunk);
      });
      from.on('end', () => {
        if (!frozen) to.end();
      });
    }
  });
  return {
    port: await listen(server),
    spokenTo: spokenTo.promise,
    freeze() {
      frozen = true;
      // What is not read fills the sender's buffers.
      for (const socket of sockets) socket.pause();
    },
    close: () => shut(server, sockets),
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function shut(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
}
