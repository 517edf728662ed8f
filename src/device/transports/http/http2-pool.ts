import type { IncomingHttpHeaders } from 'node:http';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from 'node:http2';
import type { RequestHead } from '../../payload.ts';
import { localReasonOf } from '../reason-codes.ts';
import type { OpenSockets } from './open-sockets.ts';
import { announcesBody, type MakePool, type RequestEnd, type RequestPool } from './request-pool.ts';

/** HTTP/2: requests share a connection as streams (RFC 9113, 5). Over plain TCP with prior knowledge (3.3). */
export function makeHttp2Pools(origin: URL, sockets: OpenSockets): MakePool {
  return (device, limit) => new Http2Pool(origin, sockets, { device, limit });
}

/** What a server should allow at least (RFC 9113, 6.5.2); it may allow fewer. */
const mostStreams = 100;

interface Connection {
  readonly session: ClientHttp2Session;
  streams: number;
  isOpen: boolean;
  /** It takes no new streams, and those that it has go on (RFC 9113, 6.8). */
  isEnding: boolean;
  failedBy?: string;
}

class Http2Pool implements RequestPool {
  readonly #origin: URL;
  readonly #sockets: OpenSockets;
  readonly #device: number;
  readonly #limit: number;
  readonly #connections = new Set<Connection>();

  constructor(
    origin: URL,
    sockets: OpenSockets,
    { device, limit }: { readonly device: number; readonly limit: number },
  ) {
    this.#origin = origin;
    this.#sockets = sockets;
    this.#device = device;
    this.#limit = limit;
  }

  get free(): number {
    let free = (this.#limit - this.#connections.size) * mostStreams;
    for (const connection of this.#connections) free += freeOf(connection);
    return Math.max(0, free);
  }

  request(
    { method, path, headers: { host, ...headers } }: RequestHead,
    body: Buffer,
    end: RequestEnd,
  ): () => void {
    const connection = this.#connectionFor();
    connection.streams++;
    let isOver = false;
    let stream: ClientHttp2Stream | undefined;
    const finish = (report: () => void): void => {
      if (isOver) return;
      isOver = true;
      connection.streams--;
      report();
    };
    let status = 0;
    let answer: IncomingHttpHeaders = {};
    try {
      stream = connection.session.request({
        ':method': method,
        ':path': path,
        ':scheme': this.#origin.protocol.slice(0, -1),
        ':authority': host ?? this.#origin.host,
        ...headers,
        ...((body.length > 0 || announcesBody(method)) && { 'content-length': String(body.length) }),
      });
    } catch (error) {
      // The session has ended in this very turn.
      const { code = 'ERR_HTTP2_INVALID_SESSION' } = error as NodeJS.ErrnoException;
      setImmediate(() => finish(() => end.ended(code)));
      return () => finish(noop);
    }
    if (stream.pending) stream.once('ready', end.left);
    else process.nextTick(end.left);
    let reason: string | undefined;
    let missingBytes = 0;
    stream.on('response', (headersOfAnswer) => {
      status = headersOfAnswer[':status'] ?? 0;
      answer = headersOfAnswer;
      if (method !== 'HEAD') missingBytes = Number(headersOfAnswer['content-length'] ?? 0);
    });
    stream.on('data', (chunk: Buffer) => {
      missingBytes -= chunk.length;
    });
    stream.on('end', () => {
      // A server may reset a stream without an error, and then the answer ends early.
      if (status > 0 && stream.rstCode === constants.NGHTTP2_NO_ERROR && missingBytes <= 0)
        finish(() => end.answered(status, answer));
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Of a connection that failed, its streams have the error as their cause.
      const { code = error.code } = (error.cause ?? {}) as NodeJS.ErrnoException;
      reason = code === 'ERR_HTTP2_STREAM_ERROR' ? resetReasonOf(stream.rstCode) : code;
    });
    stream.on('close', () =>
      finish(() => end.ended(localReasonOf(reason ?? connection.failedBy ?? 'ECONNRESET'))),
    );
    stream.end(body.length > 0 ? body : undefined);
    return () => finish(() => stream.close(constants.NGHTTP2_CANCEL));
  }

  close(): void {
    for (const { session } of this.#connections) session.destroy();
  }

  /** The one with the fewest streams, or a new one where all are in use. */
  #connectionFor(): Connection {
    let least: Connection | undefined;
    for (const connection of this.#connections) {
      if (freeOf(connection) > 0 && connection.streams < (least?.streams ?? mostStreams)) least = connection;
    }
    const mayConnect = this.#connections.size < this.#limit;
    return least === undefined || (least.streams > 0 && mayConnect) ? this.#connect() : least;
  }

  #connect(): Connection {
    const socket = this.#sockets.open('h2', this.#device);
    const session = connectHttp2(this.#origin, { createConnection: () => socket });
    const connection: Connection = { session, streams: 0, isOpen: false, isEnding: false };
    this.#connections.add(connection);
    session.on('connect', () => {
      connection.isOpen = true;
    });
    session.on('error', (error: NodeJS.ErrnoException) => {
      connection.failedBy = error.code ?? error.name;
    });
    session.on('goaway', () => {
      connection.isEnding = true;
    });
    session.on('close', () => this.#connections.delete(connection));
    return connection;
  }
}

function freeOf({ session, streams, isEnding }: Connection): number {
  if (isEnding || session.destroyed || session.closed) return 0;
  const allowed = session.remoteSettings?.maxConcurrentStreams ?? mostStreams;
  return Math.max(0, Math.min(allowed, mostStreams) - streams);
}

/** Error codes of a stream that was reset, by number (RFC 9113, 7). */
const errorCodes = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

function resetReasonOf(code: number): string {
  return errorCodes[code] ?? `RstStream${code}`;
}

function noop(): void {}
