import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import type { RequestTraffic } from '../../../measure/slice-result.ts';
import { makeTcpConnector } from '../../network/connector.ts';
import { makeConnectorSockets, type OpenConnectorSocket } from '../../network/connector-socket.ts';
import { makeShapedConnector } from '../../network/shaping/shaped-connector.ts';
import type { SliceNetwork } from '../../network/shaping/slice-network.ts';
import { localReasonOf } from '../reason-codes.ts';

export interface SocketSettings {
  /** Of the web service: scheme, host and port. */
  readonly origin: URL;
  /** Authorities, certificate and key, by device. */
  readonly tlsOf: (device: number) => ConnectionOptions;
  /** From the start of a connection until it is open. */
  readonly connectTimeoutMs: number;
  /** Of the devices, which the connections go through. Absent: none but the system's. */
  readonly network?: SliceNetwork | undefined;
  /** Devices that share the connections, each of which is in the network of the next one of them. Absent: none is shared. */
  readonly sharedBy?: number | undefined;
}

/** A socket of the system, or one through a network. */
export type RequestSocket = Duplex & { readonly bytesRead: number; readonly bytesWritten: number };

export interface SocketListener {
  /** A connection is open, TLS included. */
  opened(connectMs: number): void;
  /** A connection was not opened, for this reason in one word. */
  openFailed(reason: string): void;
}

/** Opens a slice's sockets to a web service, measures how long that takes, and counts what passes through them. */
export class OpenSockets {
  readonly #settings: SocketSettings;
  readonly #listener: SocketListener;
  readonly #sockets = new Set<RequestSocket>();
  /** Those that were open at some time: what others were given has not left. */
  readonly #wereOpen = new WeakSet<RequestSocket>();
  readonly #contexts = new Map<ConnectionOptions, SecureContext>();
  readonly #host: string;
  readonly #port: number;
  readonly #openShaped: OpenConnectorSocket | undefined;
  #begun = 0;
  #opened = 0;
  #bytesOut = 0;
  #bytesIn = 0;

  constructor(settings: SocketSettings, listener: SocketListener) {
    this.#settings = settings;
    this.#listener = listener;
    const { origin, network } = settings;
    this.#host = origin.hostname.replace(/^\[(.*)\]$/, '$1');
    this.#port = origin.port === '' ? (origin.protocol === 'https:' ? 443 : 80) : Number(origin.port);
    if (network !== undefined) {
      const address = { host: this.#host, port: this.#port };
      const carrier = makeTcpConnector(address, (device) => network.addressOf(device));
      this.#openShaped = makeConnectorSockets(makeShapedConnector(carrier, network));
    }
  }

  /**
   * Begins to connect.
   * @param alpn the only protocol to agree on, over TLS
   * @param device whose certificate it shows, and whose network it is in unless it is shared
   */
  open(alpn: 'http/1.1' | 'h2', device: number): RequestSocket {
    const { origin, tlsOf, connectTimeoutMs, sharedBy } = this.#settings;
    const beganAt = performance.now();
    const isTls = origin.protocol === 'https:';
    const [host, port] = [this.#host, this.#port];
    // RFC 6066, 3: literal addresses are no server names.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const below = this.#openShaped?.(sharedBy === undefined ? device : this.#begun++ % sharedBy);
    const way = below === undefined ? { host, port } : { socket: below };
    const socket = isTls
      ? connectTls({ ...name, ...this.#secure(tlsOf(device)), ...way, ALPNProtocols: [alpn] })
      : (below ?? connectTcp({ host, port }));
    // Nagle's algorithm would hold a request back until the one before it is acknowledged by TCP.
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(errorOf('ETIMEDOUT')), connectTimeoutMs);
    let failedBy = 'ETIMEDOUT';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failedBy = localReasonOf(error.code ?? error.name);
    });
    socket.once(this.#openEvent, () => {
      clearTimeout(timer);
      if (isTls && alpn === 'h2' && 'alpnProtocol' in socket && socket.alpnProtocol !== 'h2') {
        socket.destroy(errorOf('NoHttp2'));
        return;
      }
      this.#wereOpen.add(socket);
      this.#opened++;
      this.#listener.opened(performance.now() - beganAt);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
      if (!this.wasOpen(socket)) {
        this.#listener.openFailed(failedBy);
        return;
      }
      this.#bytesOut += socket.bytesWritten;
      this.#bytesIn += socket.bytesRead;
    });
    return socket;
  }

  /** With a context that connections share: certificates that are read anew for each take a millisecond of CPU. */
  #secure(tls: ConnectionOptions): ConnectionOptions {
    let secureContext = this.#contexts.get(tls);
    if (secureContext === undefined) {
      secureContext = createSecureContext(tls);
      this.#contexts.set(tls, secureContext);
    }
    return { ...tls, secureContext };
  }

  /** Calls once the connection is open, which may be now. */
  whenOpen(socket: RequestSocket, call: () => void): void {
    if (this.wasOpen(socket)) call();
    else socket.once(this.#openEvent, () => this.wasOpen(socket) && call());
  }

  get #openEvent(): 'secureConnect' | 'connect' {
    return this.#settings.origin.protocol === 'https:' ? 'secureConnect' : 'connect';
  }

  wasOpen(socket: RequestSocket): boolean {
    return this.#wereOpen.has(socket);
  }

  /** Bytes above TLS: heads and bodies. */
  traffic(): RequestTraffic {
    let [bytesOut, bytesIn] = [this.#bytesOut, this.#bytesIn];
    for (const socket of this.#sockets) {
      if (!this.wasOpen(socket)) continue;
      bytesOut += socket.bytesWritten;
      bytesIn += socket.bytesRead;
    }
    return { connections: this.#opened, bytesOut, bytesIn };
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function errorOf(code: string): Error {
  return Object.assign(new Error(code), { code });
}
