import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { AwsError, notSupported, toAwsError } from './aws-error.ts';
import { refusalOfForm, refusalOfPage } from './loopback-guard.ts';

/** One request as a service sees it. The body is whole and never parsed on the way. */
export interface EdgeRequest {
  readonly method: string;
  /** As it came, percent-encoding kept, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  readonly requestId: string;
  /** What it came in by: a TLS socket knows its client's certificate. */
  readonly socket: Socket;
  /** Calls back once if the caller goes away before it has its answer. */
  onCallerGone(listener: () => void): void;
}

export interface EdgeResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** One AWS service (or InfluxDB) behind the edge. */
export interface EdgeService {
  /** Bytes of a request body; more is refused before it is held in memory. */
  readonly maxBodyBytes: number;
  handle(request: EdgeRequest): Promise<EdgeResponse>;
  /** Its clients send plain text or forms without an Authorization header; the guard lets these pass. */
  readonly takesForms?: true;
  /** An error in the wire shape that this service's clients expect. */
  renderError(error: AwsError, requestId: string): EdgeResponse;
}

export interface EdgeOptions {
  /** By the service name in the credential scope of Signature Version 4 (`states`, `s3`, `monitoring`). */
  readonly signed: Readonly<Record<string, EdgeService>>;
  /** For requests that carry no signature: the first whose prefix begins the path. */
  readonly unsigned: readonly (readonly [pathPrefix: string, service: EdgeService])[];
  /** For what none of these is for; absent: refused as not supported. */
  readonly otherwise?: EdgeService;
  readonly onFault?: OnFault;
  /** No guard against pages: the service authorizes each request, and gets some through another port. */
  readonly unguarded?: boolean;
  /** 0, the default: any free port. */
  readonly port?: number;
}

/** Told of defects: what a service threw that is not an answer of AWS's. */
export type OnFault = (what: string, error: unknown) => void;

/** Which service a request is for. */
export type FindService = (incoming: IncomingMessage, url: URL) => EdgeService;

export interface Edge {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** An idle client connection may stay this long; AWS keeps none shorter, and SDK clients reuse theirs. */
const keepAliveTimeoutMs = 300_000;

/** One HTTP port on loopback; the signature's credential scope says which service a request is for. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const server = createServer(
    makeRequestListener((incoming, url) => {
      const service = findService(options, incoming, url);
      if (options.unguarded === true) return service;
      const refusal = refusalOf(incoming, service, (server.address() as AddressInfo).port);
      return refusal === undefined ? service : refusing(service, refusal);
    }, options.onFault),
  );
  server.keepAliveTimeout = keepAliveTimeoutMs;
  // A slice's Invoke is answered minutes later, and a 6 MB event may come slowly: only the caller decides how long.
  server.requestTimeout = 0;
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

/** What an HTTP server is given that answers with these services. */
export function makeRequestListener(
  find: FindService,
  onFault?: OnFault,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    serve(find, onFault, incoming, outgoing).catch((error: unknown) => {
      onFault?.('edge', error);
      outgoing.destroy();
    });
  };
}

/**
 * Resolves `..` as every HTTP client does: a path never climbs above its root.
 * @throws AwsError for a target that is no path (RFC 9112, 3.2)
 */
export function targetOf({ url = '/' }: IncomingMessage): URL {
  const target = URL.parse(`http://edge${url}`);
  if (target === null) throw new AwsError('InvalidRequestException', `${url} is no path`);
  return target;
}

async function serve(
  find: FindService,
  onFault: OnFault | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  let url: URL;
  try {
    url = targetOf(incoming);
  } catch (error) {
    send(incoming, outgoing, renderJsonError(toAwsError(error)), requestId);
    return;
  }
  const service = find(incoming, url);
  let response: EdgeResponse;
  try {
    const body = await readBody(incoming, service.maxBodyBytes);
    response = await service.handle({
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body,
      requestId,
      socket: incoming.socket,
      onCallerGone: (listener) =>
        outgoing.once('close', () => {
          if (!outgoing.writableFinished) listener();
        }),
    });
  } catch (thrown) {
    const error = toAwsError(thrown);
    // A caller that hung up is no defect.
    if (!(thrown instanceof AwsError) && !outgoing.destroyed)
      onFault?.(`${incoming.method} ${url.pathname}`, thrown);
    response = service.renderError(error, requestId);
  }
  send(incoming, outgoing, response, requestId);
}

function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  response: EdgeResponse,
  requestId: string,
): void {
  const { status, headers, body = '' } = response;
  const bodyBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  outgoing.writeHead(status, {
    ...(status === 204 || status === 304 ? {} : { 'content-length': String(bodyBytes) }),
    // What is left of a refused body is not read: the connection cannot be used again.
    ...(incoming.complete ? {} : { connection: 'close' }),
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
    ...headers,
  });
  outgoing.end(incoming.method === 'HEAD' ? undefined : body);
}

function findService(options: EdgeOptions, incoming: IncomingMessage, url: URL): EdgeService {
  const scope =
    /Credential=[^,/]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(
      incoming.headers.authorization ?? '',
    )?.[1] ?? /\/([^/]+)\/aws4_request$/.exec(url.searchParams.get('X-Amz-Credential') ?? '')?.[1];
  const service =
    scope === undefined
      ? options.unsigned.find(([prefix]) => url.pathname.startsWith(prefix))?.[1]
      : options.signed[scope];
  if (service !== undefined) return service;
  if (options.otherwise !== undefined) return options.otherwise;
  return unknownService(
    scope === undefined
      ? `unsigned requests to ${url.pathname}`
      : `the service that signs as '${scope}' (${url.pathname})`,
  );
}

/** Why the guard of the port refuses a request. */
function refusalOf(incoming: IncomingMessage, service: EdgeService, port: number): string | undefined {
  const request = { method: incoming.method ?? 'GET', headers: incoming.headers };
  return refusalOfPage(request, port) ?? (service.takesForms ? undefined : refusalOfForm(request));
}

function refusing(service: EdgeService, why: string): EdgeService {
  const refusal = new AwsError('AccessDeniedException', `refused: ${why}`, 403);
  return { ...service, handle: () => Promise.reject(refusal) };
}

function unknownService(what: string): EdgeService {
  return {
    maxBodyBytes: Number.POSITIVE_INFINITY,
    handle: () => Promise.reject(notSupported(what)),
    renderError: renderJsonError,
  };
}

/** The shape of AWS's JSON protocols, 1.0, 1.1 and REST: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
export function renderJsonError(error: AwsError): EdgeResponse {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
    body: JSON.stringify({
      ...error.details,
      __type: error.code,
      message: error.message,
      Message: error.message,
    }),
  };
}

/** A refused body is read to its end and dropped, up to here: a client still writing would never read the refusal. */
const maxDroppedBytes = 64 * 1_048_576;

function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const refuse = (): void =>
      reject(
        new AwsError('RequestEntityTooLargeException', `the body is larger than ${maxBytes} bytes`, 413),
      );
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (bytes > maxBytes + maxDroppedBytes) refuse();
    });
    incoming.on('error', reject);
    incoming.on('close', () => reject(new Error('the caller hung up')));
    incoming.on('end', () => {
      if (bytes > maxBytes) refuse();
      else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes));
    });
  });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** One header, whatever Node made of repeated ones. */
export function header(request: Pick<EdgeRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
