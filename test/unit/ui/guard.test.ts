import { describe, expect, it } from '@jest/globals';
import { guardHeaders, refusalOf } from '../../../src/ui/guard.ts';
import { makeSession } from '../../../src/ui/session.ts';

const session = makeSession(7331);
const listener = { port: 7331, session };
const [cookie = ''] = session.setCookie.split(';');
const own = { host: '127.0.0.1:7331', cookie };
const post = {
  ...own,
  origin: 'http://127.0.0.1:7331',
  'content-type': 'application/json',
};
const get = (headers: Record<string, string>) => refusalOf({ method: 'GET', headers }, listener);
const send = (headers: Record<string, string>) => refusalOf({ method: 'POST', headers }, listener);

describe('the page’s listener', () => {
  it.each(['127.0.0.1:7331', 'localhost:7331', '[::1]:7331', 'LOCALHOST:7331'])('is open to %s', (host) => {
    expect(get({ host, cookie })).toBeUndefined();
  });

  it.each(['evil.example:7331', '127.0.0.1', '127.0.0.1:80', '127.0.0.1.evil.example:7331', ''])(
    'is closed to the host %j: DNS rebinding',
    (host) => {
      expect(get({ host })).toContain('host name');
      expect(get({})).toContain('host name');
    },
  );

  it.each(['https://evil.example', 'null', 'http://127.0.0.1:8080', 'http://localhost:7331'])(
    'is closed to the origin %s',
    (origin) => {
      expect(get({ ...own, origin })).toContain('origin');
      expect(send({ ...post, origin })).toContain('origin');
    },
  );

  it('lets another site link to it, and nothing else', () => {
    const unrelated = { ...own, 'sec-fetch-site': 'cross-site' };
    const link = { ...unrelated, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect(get(link)).toBeUndefined();
    expect(get({ ...link, 'sec-fetch-dest': 'iframe' })).toContain('origin');
    expect(get({ ...unrelated, 'sec-fetch-mode': 'no-cors' })).toContain('origin');
    expect(get({ ...own, 'sec-fetch-site': 'same-site' })).toContain('origin');
    expect(send({ ...post, ...link })).toContain('origin');
  });

  it('takes and shows nothing without the session’s cookie, and what changes something as JSON only', () => {
    expect(send(post)).toBeUndefined();
    const [name = ''] = cookie.split('=');
    const others = ['', name, `${name}=`, `${name}=${'e'.repeat(43)}`, cookie.replace('7331', '7332')];
    for (const other of [...others, makeSession(7331).setCookie.split(';')[0]!]) {
      expect(send({ ...post, cookie: other })).toContain('session');
      expect(get({ ...own, cookie: other })).toContain('session');
    }
    expect(send({ ...post, cookie: `a=b; ${cookie}; c=d` })).toBeUndefined();
    for (const type of ['text/plain', 'application/json-seq', 'application/jsonp', ''])
      expect(send({ ...post, 'content-type': type })).toContain('JSON');
    for (const type of ['application/json; charset=utf-8', 'Application/JSON'])
      expect(send({ ...post, 'content-type': type })).toBeUndefined();
  });

  it('lets its pages load nothing from anywhere else', () => {
    const policy = guardHeaders['content-security-policy']!;
    const directives = policy.split(';').map((directive) => directive.trim());
    expect(directives).toContain("default-src 'none'");
    // `default-src` does not stand in for these: where forms go, what relative links start from, who may frame the page.
    expect(directives).toEqual(
      expect.arrayContaining(["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]),
    );
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });
});
