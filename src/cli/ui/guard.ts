import { timingSafeEqual } from 'node:crypto';
import { type GuardedRequest, isReading, refusalOfPage } from '../../embedded/loopback-guard.ts';

/** The page's door: a port on loopback, and what its own pages know and no other page can. */
export interface Door {
  readonly port: number;
  /** Made anew at each start; the pages carry it, and send it with all that changes anything. */
  readonly token: string;
}

/** Sent with every POST: a page of another origin cannot, without asking first and being refused. */
export const tokenHeader = 'x-stampede-token';

/** Why a request is not answered; undefined: it may come in. What changes something also needs the page's token. */
export function refusalOf(request: GuardedRequest, { port, token }: Door): string | undefined {
  const refusal = refusalOfPage(request, port);
  if (refusal !== undefined || isReading(request.method)) return refusal;
  const { headers } = request;
  if (!isSame(headers[tokenHeader], token)) return 'the token of the page is missing or of another start';
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) return 'the body must be JSON';
  return undefined;
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
