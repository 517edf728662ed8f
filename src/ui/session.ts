import { isSameSecret, makeToken } from '../embedded/gateway/account-key.ts';

/** What lets a browser in: a link that the terminal shows, good for one use, and the cookie that it is exchanged for. */
export interface Session {
  /** Path and query of the link that has not been used yet. */
  readonly path: string;
  /** Uses the link up: from then on another one is good. @returns whether the token was the link's */
  use(token: string): boolean;
  /** Whether a `Cookie` header holds the session's cookie. */
  holds(cookies: string | undefined): boolean;
  /** `Set-Cookie`: not for scripts, not for requests that another site causes. */
  readonly setCookie: string;
}

export const openPath = '/open';

/** @param port part of the cookie's name: cookies of 127.0.0.1 are shared by all its ports */
export function makeSession(port: number): Session {
  const name = `stampede-${port}`;
  const secret = makeToken();
  let token = makeToken();
  return {
    get path() {
      return `${openPath}?token=${token}`;
    },
    use(given) {
      if (!isSameSecret(given, token)) return false;
      token = makeToken();
      return true;
    },
    holds: (cookies = '') =>
      cookies.split(';').some((cookie) => {
        const [key = '', value = ''] = cookie.trim().split('=');
        return key === name && isSameSecret(value, secret);
      }),
    setCookie: `${name}=${secret}; Path=/; HttpOnly; SameSite=Strict`,
  };
}
