import { describe, expect, it } from '@jest/globals';
import { guardHeaders, refusalOf } from '../../../src/cli/ui/guard.ts';

const door = { port: 7331, token: 'f'.repeat(64) };
const own = { host: '127.0.0.1:7331' };
const post = {
  ...own,
  origin: 'http://127.0.0.1:7331',
  'content-type': 'application/json',
  'x-stampede-token': door.token,
};
const get = (headers: Record<string, string>) => refusalOf({ method: 'GET', headers }, door);
const send = (headers: Record<string, string>) => refusalOf({ method: 'POST', headers }, door);

describe('the page’s door', () => {
  it.each(['127.0.0.1:7331', 'localhost:7331', '[::1]:7331', 'LOCALHOST:7331'])('is open to %s', (host) => {
    expect(get({ host })).toBeUndefined();
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
    const foreign = { ...own, 'sec-fetch-site': 'cross-site' };
    const link = { ...foreign, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect(get(link)).toBeUndefined();
    expect(get({ ...link, 'sec-fetch-dest': 'iframe' })).toContain('origin');
    expect(get({ ...foreign, 'sec-fetch-mode': 'no-cors' })).toContain('origin');
    expect(get({ ...own, 'sec-fetch-site': 'same-site' })).toContain('origin');
    expect(send({ ...post, ...link })).toContain('origin');
  });

  it('takes what changes something only with the token, as JSON', () => {
    expect(send(post)).toBeUndefined();
    expect(send({ ...post, 'x-stampede-token': 'e'.repeat(64) })).toContain('token');
    expect(send({ ...post, 'x-stampede-token': '' })).toContain('token');
    expect(send({ ...post, 'content-type': 'text/plain' })).toContain('JSON');
  });

  it('lets its pages load nothing from anywhere else', () => {
    const policy = guardHeaders['content-security-policy']!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });
});
