import type { IncomingHttpHeaders } from 'node:http';

/**
 * What keeps web pages away from the ports of this machine: the live page's, the gateway of embedded AWS and the embedded IoT
 * Core's admin port. A browser sends requests to loopback for any page that asks, so a port has to tell its own clients
 * from pages.
 */
export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Why a request is refused; undefined: it may pass.
 *
 * - Another name that resolves to 127.0.0.1 is not this port's name (DNS rebinding). Names below `localhost` are: they never
 *   leave the machine (RFC 6761, 6.3), and S3 clients put the bucket there.
 * - A page of another origin may link here. It may not read, embed or send.
 */
export function refusalOfPage({ method, headers }: GuardedRequest, port: number): string | undefined {
  const host = headers.host?.toLowerCase() ?? '';
  const isOwn =
    loopbackNames.some((name) => host === `${name}:${port}`) || host.endsWith(`.localhost:${port}`);
  if (!isOwn) return `the host name is not this port’s own: use 127.0.0.1:${port}`;
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`) return 'a page of another origin may not do this';
  const site = headers['sec-fetch-site'];
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isForeign && !isLink(method, headers)) return 'a page of another origin may not do this';
  return undefined;
}

/**
 * Why a POST is refused for its content type. Any page may send a form or plain text without asking first; JSON, other
 * methods and what carries an Authorization header it may not.
 * @see https://fetch.spec.whatwg.org/#cors-safelisted-request-header
 */
export function refusalOfForm({ method, headers }: GuardedRequest): string | undefined {
  if (method !== 'POST' || headers.authorization !== undefined) return undefined;
  const type = headers['content-type'] ?? '';
  const isForm =
    type === '' || /^\s*(text\/plain|application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type);
  return isForm ? 'the content type must be application/json' : undefined;
}

export function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** A link that the user follows. */
function isLink(method: string, headers: IncomingHttpHeaders): boolean {
  const isDocument = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return method === 'GET' && isDocument;
}
