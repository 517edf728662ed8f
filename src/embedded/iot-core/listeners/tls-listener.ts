import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Certificates } from '../auth/certificates.ts';
import { readClientHello } from './client-hello.ts';
import { type Listener, listen } from './tcp-listener.ts';

/** A connector behind a TLS port: for clients that name one of its protocols (ALPN), or for all clients. */
export interface Connector {
  readonly protocols?: readonly string[];
  /** A client that has no certificate to show may well break off when it is asked for one. */
  readonly requestsCertificate: boolean;
  /** TLS is up, and nothing has been read yet. Certificates are not judged here. */
  enter(socket: TLSSocket): void;
}

/** For the handshake. AWS documents none. */
const handshakeTimeoutMs = 10_000;

/**
 * A port with one connector behind it or, as port 443 of AWS IoT Core, several. The handshake decides whether a client is
 * asked for its certificate, so the connector is chosen before it: the ClientHello is read, and then left to TLS.
 * @param connectors the last is also for clients that name no protocol
 * @param port 0: any free one
 */
export async function openTlsPort(
  connectors: readonly Connector[],
  certificates: Certificates,
  port: number,
): Promise<Listener> {
  const servers = connectors.map((connector) => makeTlsServer(connector, certificates));
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (connectors.length === 1) servers[0]!.emit('connection', socket);
    else
      whenNamed(socket, (protocols) =>
        servers[connectorFor(connectors, protocols)]!.emit('connection', socket),
      );
  });
  return {
    port: await listen(server, port),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function makeTlsServer(
  { protocols, requestsCertificate, enter }: Connector,
  certificates: Certificates,
): TlsServer {
  const { authority, server } = certificates;
  const tls = createTlsServer({
    key: server.key,
    cert: server.certificate,
    ca: authority,
    minVersion: 'TLSv1.2',
    requestCert: requestsCertificate,
    rejectUnauthorized: false,
    handshakeTimeout: handshakeTimeoutMs,
    ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
  });
  tls.on('secureConnection', enter);
  // A failed handshake only closes its socket; no client has connected.
  tls.on('tlsClientError', (_error, socket) => socket.destroy());
  return tls;
}

function connectorFor(connectors: readonly Connector[], protocols: readonly string[]): number {
  const named = connectors.findIndex((connector) =>
    connector.protocols?.some((protocol) => protocols.includes(protocol)),
  );
  return named === -1 ? connectors.length - 1 : named;
}

/** Calls back with the protocols that the client offers; what was read of it is put back. */
function whenNamed(socket: Socket, then: (protocols: readonly string[]) => void): void {
  let seen = Buffer.alloc(0);
  const timeout = setTimeout(() => socket.destroy(), handshakeTimeoutMs);
  socket.once('close', () => clearTimeout(timeout));
  const look = (): void => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read())
      seen = Buffer.concat([seen, chunk]);
    const hello = readClientHello(seen);
    if (hello === 'more') return;
    clearTimeout(timeout);
    socket.off('readable', look);
    socket.unshift(seen);
    // What is no ClientHello is for TLS to refuse, in its own words.
    then(hello === 'none' ? [] : hello.protocols);
  };
  socket.on('readable', look);
}
