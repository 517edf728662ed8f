import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { EdgeRoute } from '../../../src/embedded/gateway/gateway.ts';
import type { Credentials } from '../../../src/embedded/gateway/request-signature.ts';
import { signHeaders } from '../../../src/embedded/gateway/request-signature.ts';

/** What a request is refused or answered by: the wrong one is of the same kind as the right one. */
export interface Pair<T> {
  readonly right: T;
  readonly wrong: T;
}

/** How the requests of a route show who sends them. */
export type Proof =
  | { readonly kind: 'signature'; readonly service: string; readonly key: Pair<Credentials> }
  | { readonly kind: 'header'; readonly name: string; readonly value: Pair<string> }
  | { readonly kind: 'certificate'; readonly files: Pair<{ readonly cert: string; readonly key: string }> }
  /** In the path, where no request of the test has it. */
  | { readonly kind: 'path' };

/** One HTTP listener with all that it answers. */
export interface ListenerUnderTest {
  readonly name: string;
  readonly port: number;
  /** Over TLS, trusting this authority. */
  readonly ca?: string;
  readonly routes: readonly EdgeRoute[];
  proofOf(route: EdgeRoute): Proof;
  /** What its policies deny to those with the right credentials too. */
  readonly denied?: readonly string[];
}

/** Who tries a route. Those with the right credentials are pages: a browser may send what it holds for them. */
export const attempts = [
  'no credentials',
  'wrong credentials',
  'an unrelated Origin',
  'a rebinding Host',
  'a cross-site Sec-Fetch-Site',
] as const;
export type Attempt = (typeof attempts)[number] | 'right credentials';

/** Values for the names in paths. */
const parameters: Readonly<Record<string, string>> = {
  bucket: 'stampede-runs',
  key: 'runs/stolen/report.json',
  topic: 'stampede%2Fdev%2Fstolen',
  runId: 'stolen',
  file: 'report.json',
};

export function pathOf({ path }: EdgeRoute): string {
  return path.replace(/\{(\w+)\+?\}/g, (_match, name: string) => parameters[name] ?? 'any');
}

/** AWS JSON names the operation in a header, the query protocol in the body. */
function bodyOf({ operation, signedFor }: EdgeRoute): string {
  return signedFor === 'cloudformation' ? `Action=${operation}` : '{}';
}

/** @returns the status of the answer */
export async function attempt(listener: ListenerUnderTest, route: EdgeRoute, who: Attempt): Promise<number> {
  const path = pathOf(route);
  const body = route.method === 'GET' || route.method === 'HEAD' ? '' : bodyOf(route);
  const host = who === 'a rebinding Host' ? `evil.example:${listener.port}` : `127.0.0.1:${listener.port}`;
  const query = route.signedFor === 's3' && path === '/stampede-runs' ? 'list-type=2' : '';
  const proof = listener.proofOf(route);
  const which = who === 'wrong credentials' ? 'wrong' : 'right';
  const shown = who === 'no credentials' ? undefined : proof;
  const plain: Record<string, string> = {
    host,
    ...(route.operation === undefined ? {} : { 'x-amz-target': `Any.${route.operation}` }),
  };
  const headers: Record<string, string> = {
    ...(shown?.kind === 'signature'
      ? signHeaders(
          { method: route.method, path, query: new URLSearchParams(query), headers: plain },
          shown.key[which],
          { region: 'us-east-1', service: shown.service },
          Date.now(),
        )
      : plain),
    ...(shown?.kind === 'header' ? { [shown.name]: shown.value[which] } : {}),
    ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }),
    ...(who === 'an unrelated Origin' ? { origin: 'https://evil.example' } : {}),
    ...(who === 'a cross-site Sec-Fetch-Site'
      ? { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
      : {}),
  };
  const options: RequestOptions = {
    host: '127.0.0.1',
    port: listener.port,
    method: route.method,
    path: query === '' ? path : `${path}?${query}`,
    headers,
    agent: false,
  };
  const tls = {
    ca: listener.ca,
    servername: 'localhost',
    ...(shown?.kind === 'certificate' ? shown.files[which] : {}),
  };
  return new Promise((resolve, reject) => {
    const take = (answer: IncomingMessage): void => {
      resolve(answer.statusCode ?? 0);
      answer.destroy();
    };
    const outgoing =
      listener.ca === undefined ? httpRequest(options, take) : httpsRequest({ ...options, ...tls }, take);
    outgoing.on('error', reject).end(body);
  });
}

/** Every attempt on every route that is not refused: `admin port POST /faults, no credentials: 200`. */
export async function findUnrefused(listener: ListenerUnderTest): Promise<string[]> {
  const found: string[] = [];
  for (const route of listener.routes) {
    for (const who of attempts) {
      const status = await attempt(listener, route, who);
      if (status !== 401 && status !== 403) found.push(`${nameOf(listener, route)}, ${who}: ${status}`);
    }
  }
  return found;
}

/** Every route that refuses its own user: a test of refusals alone would not notice a closed listener. */
export async function findClosed(listener: ListenerUnderTest): Promise<string[]> {
  const found: string[] = [];
  for (const route of listener.routes) {
    if (listener.proofOf(route).kind === 'path' || listener.denied?.includes(route.path)) continue;
    const status = await attempt(listener, route, 'right credentials');
    if (status === 401 || status === 403) found.push(`${nameOf(listener, route)}: ${status}`);
  }
  return found;
}

function nameOf({ name }: ListenerUnderTest, { method, path, operation }: EdgeRoute): string {
  return `${name} ${method} ${path}${operation === undefined ? '' : ` ${operation}`}`;
}
