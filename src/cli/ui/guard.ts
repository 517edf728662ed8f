import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The page's door: a port on loopback, and what its own pages know and no other page can. */
export interface Door {
  readonly port: number;
  /** Made anew at each start; the pages carry it, and send it with all that changes anything. */
  readonly token: string;
}

export interface Knock {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** Sent with every POST: a page of another origin cannot, without asking first and being refused. */
export const tokenHeader = 'x-stampede-token';

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Why a request is not answered; undefined: it may come in.
 *
 * - A name of someone else's that resolves to 127.0.0.1 is still someone else's (DNS rebinding): only loopback's own
 *   names are hosts.
 * - A page of another origin may link here, and nothing else: neither read, nor embed, nor send.
 */
export function refusalOf({ method, headers }: Knock, { port, token }: Door): string | undefined {
  const hosts = loopbackNames.map((name) => `${name}:${port}`);
  const host = headers.host?.toLowerCase() ?? '';
  if (!hosts.includes(host)) return 'this host name is not the page’s own';
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`) return 'another origin may not do this';
  const site = headers['sec-fetch-site'];
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isForeign && !isLink(method, headers)) return 'another origin may not do this';
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (!isSame(headers[tokenHeader], token)) return 'the token of the page is missing or of another start';
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) return 'the body must be JSON';
  return undefined;
}

/** Somebody follows a link in a window of their own. */
function isLink(method: string, headers: IncomingHttpHeaders): boolean {
  const isDocument = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return method === 'GET' && isDocument;
}

function isSame(given: string | string[] | undefined, token: string): boolean {
  if (typeof given !== 'string') return false;
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Nothing but what this server sends: no script of a page's own, no style, no request beyond loopback, no frame around it.
 */
export const guardHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};
