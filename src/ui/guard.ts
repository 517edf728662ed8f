import { type GuardedRequest, isReading, refusalOfPage } from '../embedded/gateway/loopback-guard.ts';
import type { Session } from './session.ts';

/** The live page's listener: a port on loopback, and the session that its requests belong to. */
export interface Listener {
  readonly port: number;
  readonly session: Pick<Session, 'holds'>;
}

/** Why a request is not answered, whatever it is for; undefined: it may come in. */
export function refusalOf(request: GuardedRequest, { port, session }: Listener): string | undefined {
  const refusal = refusalOfPage(request, port);
  if (refusal !== undefined) return refusal;
  const { method, headers } = request;
  if (!session.holds(headers.cookie))
    return 'this browser has no session: open the page by the link that the terminal shows';
  if (!isReading(method) && !/^application\/json *(;|$)/i.test(headers['content-type'] ?? ''))
    return 'the body must be JSON';
  return undefined;
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
