/** A target's URL in parts. Path and query may hold placeholders, which `URL` would percent-encode. */
export interface RequestUrl {
  /** Scheme, host and port. */
  readonly origin: URL;
  /** At least a slash. */
  readonly path: string;
  /** Without its question mark; empty: none. */
  readonly query: string;
}

/** @param url http:// or https://, without a fragment */
export function splitRequestUrl(url: string): RequestUrl {
  const [, origin = '', path = '', query = ''] = /^(https?:\/\/[^/?]*)([^?]*)\??(.*)$/i.exec(url) ?? [];
  return { origin: new URL(origin), path: path === '' ? '/' : path, query };
}
