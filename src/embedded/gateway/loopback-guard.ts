import type { IncomingHttpHeaders } from 'node:http';

/**
 * What keeps web pages away from the ports of this machine: the live page's, the gateway of embedded AWS and the embedded IoT
 * Core's admin port. A browser sends requests to loopback for any page that asks, so a port has to distinguish its own clients
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
  const refusal = refusalOfHost(headers, port);
  if (refusal !== undefined) return refusal;
  const { host, origin } = { ...headers, host: headers.host?.toLowerCase() };
  if (origin !== undefined && origin !== `http://${host}`) return 'a page of another origin may not do this';
  const site = headers['sec-fetch-site'];
  const isCrossSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isCrossSite && !isLink(method, headers)) return 'a page of another origin may not do this';
  return undefined;
}

/**
 * Why a request is refused at a port that no page of ours uses: it comes from a browser, or for another host name.
 * @param port undefined: another port of this machine may have passed it on
 */
export function refusalOfBrowser(headers: IncomingHttpHeaders, port: number | undefined): string | undefined {
  const isBrowsers = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;
  return refusalOfHost(headers, port) ?? (isBrowsers ? 'a page may not do this' : undefined);
}

function refusalOfHost(headers: IncomingHttpHeaders, port: number | undefined): string | undefined {
  const [, name = '', given = '80'] = /^(.*?)(?::(\d+))?$/.exec(headers.host?.toLowerCase() ?? '') ?? [];
  const isOwn = loopbackNames.includes(name) || name.endsWith('.localhost');
  if (isOwn && (port === undefined || given === String(port))) return undefined;
  return `the host name is not this port’s own: use 127.0.0.1${port === undefined ? '' : `:${port}`}`;
}

export function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** A link that the user follows. */
function isLink(method: string, headers: IncomingHttpHeaders): boolean {
  const isDocument = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return method === 'GET' && isDocument;
}
