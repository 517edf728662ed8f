import { connect as connectTcp, isIP, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import type { RequestTraffic } from '../../../measure/slice-result.ts';
import { localReasonOf } from '../reason-codes.ts';

export interface SocketSettings {
  /** Of the web service: scheme, host and port. */
  readonly origin: URL;
  /** Authorities, certificate and key, by device. */
  readonly tlsOf: (device: number) => ConnectionOptions;
  /** From the start of a connection until it is open. */
  readonly connectTimeoutMs: number;
}

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
  readonly #sockets = new Set<Socket>();
  /** Those that were open at some time: what others were given has not left. */
  readonly #wereOpen = new WeakSet<Socket>();
  readonly #contexts = new Map<ConnectionOptions, SecureContext>();
  #opened = 0;
  #bytesOut = 0;
  #bytesIn = 0;

  constructor(settings: SocketSettings, listener: SocketListener) {
    this.#settings = settings;
    this.#listener = listener;
  }

  /** Begins to connect. @param alpn the only protocol to agree on, over TLS */
  open(alpn: 'http/1.1' | 'h2', device: number): Socket {
    const { origin, tlsOf, connectTimeoutMs } = this.#settings;
    const beganAt = performance.now();
    const isTls = origin.protocol === 'https:';
    const host = origin.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = origin.port === '' ? (isTls ? 443 : 80) : Number(origin.port);
    // RFC 6066, 3: literal addresses are no server names.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = isTls
      ? connectTls({ ...name, ...this.#secure(tlsOf(device)), host, port, ALPNProtocols: [alpn] })
      : connectTcp({ host, port });
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
  whenOpen(socket: Socket, call: () => void): void {
    if (this.wasOpen(socket)) call();
    else socket.once(this.#openEvent, () => this.wasOpen(socket) && call());
  }

  get #openEvent(): 'secureConnect' | 'connect' {
    return this.#settings.origin.protocol === 'https:' ? 'secureConnect' : 'connect';
  }

  wasOpen(socket: Socket): boolean {
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
