import { Agent, type IncomingMessage, request as makeRequest } from 'node:http';
import type { RequestHead } from '../../payload.ts';
import { localReasonOf } from '../reason-codes.ts';
import type { OpenSockets } from './open-sockets.ts';
import { announcesBody, type MakePool, type RequestEnd, type RequestPool } from './request-pool.ts';

/**
 * HTTP/1.1: a connection serves one request at a time (RFC 9112, 9.3), without pipelining.
 * @param keepAlive whether it then serves another one
 */
export function makeHttp1Pools(origin: URL, sockets: OpenSockets, keepAlive: boolean): MakePool {
  return (device, limit) => new Http1Pool(origin, sockets, { keepAlive, device, limit });
}

class Http1Pool implements RequestPool {
  readonly #agent: Agent;
  readonly #sockets: OpenSockets;
  readonly #host: string;
  readonly #connection: 'keep-alive' | 'close';
  free: number;

  constructor(
    origin: URL,
    sockets: OpenSockets,
    {
      keepAlive,
      device,
      limit,
    }: { readonly keepAlive: boolean; readonly device: number; readonly limit: number },
  ) {
    this.#sockets = sockets;
    this.#host = origin.host;
    this.#connection = keepAlive ? 'keep-alive' : 'close';
    this.free = limit;
    this.#agent = new Agent({ keepAlive, maxSockets: limit, maxFreeSockets: limit });
    this.#agent.createConnection = () => sockets.open('http/1.1', device);
  }

  request({ method, path, headers }: RequestHead, body: Buffer, end: RequestEnd): () => void {
    this.free--;
    let isOver = false;
    const finish = (report: () => void): void => {
      if (isOver) return;
      isOver = true;
      this.free++;
      report();
    };
    const request = makeRequest({
      agent: this.#agent,
      method,
      path,
      headers: {
        host: this.#host,
        connection: this.#connection,
        ...headers,
        ...((body.length > 0 || announcesBody(method)) && { 'content-length': String(body.length) }),
      },
    });
    request.on('socket', (socket) => this.#sockets.whenOpen(socket, end.left));
    let hasBegun = false;
    request.on('response', (answer: IncomingMessage) => {
      hasBegun = true;
      answer.on('data', noop);
      answer.on('error', noop);
      // A request that is made from here waits in the agent until the connection is free, which is in this turn.
      answer.on(
        'end',
        () => answer.complete && finish(() => end.answered(answer.statusCode ?? 0, answer.headers)),
      );
      answer.on('close', () => finish(() => end.ended('ECONNRESET')));
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      // Of an answer that has begun, its own end decides.
      if (hasBegun) return;
      finish(() => end.ended(localReasonOf(error.code ?? error.name)));
    });
    request.end(body.length > 0 ? body : undefined);
    return () => {
      if (isOver) return;
      isOver = true;
      this.free++;
      request.destroy();
    };
  }

  close(): void {
    this.#agent.destroy();
  }
}

function noop(): void {}
