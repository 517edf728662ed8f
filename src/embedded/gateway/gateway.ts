import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsError, notSupported } from './aws-error.ts';
import type { GatewayRequest, GatewayService, OnError } from './gateway-service.ts';
import { refusalOfBrowser } from './loopback-guard.ts';
import type { Credentials } from './request-signature.ts';
import type { Route } from './route-table.ts';
import { makeRequestListener, renderJsonError } from './serve-request.ts';
import { signedService } from './signed-service.ts';

export interface GatewayOptions {
  /** By the service name in the credential scope of Signature Version 4 (`states`, `s3`, `monitoring`). */
  readonly signed: Readonly<Record<string, GatewayService>>;
  /** The keys whose signatures are accepted. */
  readonly accessKeys: readonly Credentials[];
  /** For all other requests: the first whose prefix the path begins with. Each authenticates its own clients. */
  readonly unsigned: readonly (readonly [pathPrefix: string, service: GatewayService])[];
  /** For requests that match none of these; absent: they are refused. */
  readonly otherwise?: GatewayService;
  readonly onError?: OnError;
  /** Its requests may name another port of this machine: they come through it. */
  readonly anyPort?: boolean;
  /** 0, the default: any free port. */
  readonly port?: number;
}

export interface Gateway {
  readonly port: number;
  readonly url: string;
  readonly routes: readonly EdgeRoute[];
  close(): Promise<void>;
}

export interface EdgeRoute extends Route {
  /** What its requests are signed for; absent: the service has a check of its own. */
  readonly signedFor?: string;
}

/** How long an idle client connection stays open. AWS keeps connections at least as long, and SDK clients reuse them. */
const keepAliveTimeoutMs = 300_000;

/** One HTTP port on loopback; the signature's credential scope says which service a request is for. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const keys = new Map(options.accessKeys.map((key) => [key.accessKeyId, key]));
  const signed = new Map(
    Object.entries(options.signed).map(([scope, service]) => [scope, signedService(service, scope, keys)]),
  );
  const server = createServer(
    makeRequestListener((incoming, url) => {
      const service = findService(signed, options, incoming, url);
      const { port } = server.address() as AddressInfo;
      const refusal = refusalOfBrowser(incoming.headers, options.anyPort === true ? undefined : port);
      return refusal === undefined ? service : refusing(service, refusal);
    }, options.onError),
  );
  server.keepAliveTimeout = keepAliveTimeoutMs;
  // No time limit: a slice's Invoke is answered minutes later, and a 6 MB event may arrive slowly.
  server.requestTimeout = 0;
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    routes: routesOf(options),
    close: () => closeServer(server),
  };
}

function routesOf({ signed, unsigned, otherwise }: GatewayOptions): EdgeRoute[] {
  const own = new Set([...unsigned.map(([, service]) => service), ...(otherwise ? [otherwise] : [])]);
  return [
    ...Object.entries(signed).flatMap(([signedFor, { routes }]) =>
      routes.map((route) => ({ ...route, signedFor })),
    ),
    ...[...own].flatMap(({ routes }) => routes),
  ];
}

function findService(
  signed: ReadonlyMap<string, GatewayService>,
  { unsigned, otherwise }: GatewayOptions,
  incoming: IncomingMessage,
  url: URL,
): GatewayService {
  const scope =
    /Credential=[^,/]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(
      incoming.headers.authorization ?? '',
    )?.[1] ?? /\/([^/]+)\/aws4_request$/.exec(url.searchParams.get('X-Amz-Credential') ?? '')?.[1];
  const service =
    signed.get(scope ?? '') ?? unsigned.find(([prefix]) => url.pathname.startsWith(prefix))?.[1] ?? otherwise;
  return service ?? unknownService(scope, url.pathname);
}

/** Answers every request with the same refusal, before its body is read. */
export function refusing(service: GatewayService, why: string): GatewayService {
  return failing(service, new AwsError('AccessDeniedException', `refused: ${why}`, 403));
}

function failing(service: Pick<GatewayService, 'renderError'>, error: AwsError): GatewayService {
  const { renderError } = service;
  const fail = (): never => {
    throw error;
  };
  return { routes: [], maxBodyBytes: 0, admit: fail, handle: async () => fail(), renderError };
}

function unknownService(scope: string | undefined, path: string): GatewayService {
  return failing(
    { renderError: renderJsonError },
    scope === undefined
      ? new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403)
      : notSupported(`the service that signs as '${scope}' (${path})`),
  );
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
export function header(request: Pick<GatewayRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
