import { describe, expect, it } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import type { Credentials, SignedRequest } from '../../../../src/embedded/gateway/request-signature.ts';
import { SignatureError, verifySignature } from '../../../../src/embedded/gateway/sigv4.ts';
import { anyCharacter } from '../../../support/any-character.ts';
import { randomCases } from '../../../support/effort.ts';
import { Sha256 } from '../../../support/iot-core/listeners/presign.ts';

const at = new Date('2026-11-21T02:00:00Z');
const key: Credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' };
const temporary: Credentials = { ...key, sessionToken: 'token+/=' };
const scope = { region: 'us-east-1', services: ['iotdata', 'iotdevicegateway'] };

interface Wish {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly credentials?: Credentials;
  readonly service?: string;
  readonly region?: string;
}

function makeSigner({ credentials = key, service = 'iotdata', region = 'us-east-1' }: Wish): SignatureV4 {
  return new SignatureV4({ credentials, region, service, sha256: Sha256 as never, applyChecksum: true });
}

function requestOf({ path, query, body }: Wish, method = 'POST') {
  return {
    method,
    protocol: 'https:',
    hostname: 'localhost',
    path,
    query: { ...query },
    headers: { host: 'localhost:8443', 'content-type': ' application/json   v2 ' },
    body,
  };
}

/** As it comes out of the service's HTTP server. */
function receive(signed: {
  method: string;
  path: string;
  headers: object;
  query?: object;
  body?: unknown;
}): SignedRequest {
  return {
    method: signed.method,
    path: signed.path,
    query: new URLSearchParams(Object.entries((signed.query ?? {}) as Record<string, string>)),
    headers: Object.fromEntries(
      Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value as string]),
    ),
    body: Buffer.from((signed.body ?? '') as string),
  };
}

async function signInHeader(wish: Wish): Promise<SignedRequest> {
  return receive(await makeSigner(wish).sign(requestOf(wish), { signingDate: at }));
}

async function signInQuery(wish: Wish, expiresIn = 300): Promise<SignedRequest> {
  return receive(await makeSigner(wish).presign(requestOf(wish, 'GET'), { signingDate: at, expiresIn }));
}

function verify(request: SignedRequest, nowMs = at.getTime(), known: Credentials = key): Credentials {
  return verifySignature(request, (id) => (id === known.accessKeyId ? known : undefined), scope, nowMs);
}

it('refuses a header of AWS’s that was added after signing', async () => {
  for (const signed of [await signInHeader(wish), await signInQuery(wish)]) {
    expect(verify(signed)).toEqual(key);
    for (const name of ['x-amz-mqtt5-user-properties', 'x-amz-date-2', 'x-amz-security-token']) {
      const headers = { ...signed.headers, [name]: 'W10=' };
      expect(() => verify({ ...signed, headers })).toThrow(SignatureError);
    }
    expect(verify({ ...signed, headers: { ...signed.headers, 'x-amzn-trace-id': 'Root=1' } })).toEqual(key);
  }
});

const wish: Wish = { path: '/topics/a%2Fb%20c', query: { qos: '1', retain: 'true' }, body: '{"a":1}' };
const segment = fc.string({ minLength: 1, unit: anyCharacter }).map(encodeURIComponent);
const anyWish: fc.Arbitrary<Wish> = fc.record({
  path: fc
    .array(
      segment.filter((text) => text !== '.' && text !== '..'),
      { minLength: 1 },
    )
    .map((parts) => `/${parts.join('/')}`),
  query: fc.dictionary(
    // The signer keeps a query in a plain object, which loses __proto__.
    fc.string({ minLength: 1 }).filter((name) => !/^x-amz|^__proto__$/i.test(name)),
    fc.string(),
  ),
  body: fc.string(),
});

describe('Signature Version 4, against the SDK’s signer', () => {
  it('verifies what it signed, in the header and in the query', async () => {
    await fc.assert(
      fc.asyncProperty(anyWish, async (any) => {
        expect(verify(await signInHeader(any))).toBe(key);
        expect(verify(await signInQuery({ ...any, body: '' }))).toBe(key);
      }),
      randomCases(),
    );
  });

  it('wants the session token of temporary credentials, in a header or behind the signed query', async () => {
    const signed = await signInHeader({ ...wish, credentials: temporary });
    expect(verify(signed, undefined, temporary)).toBe(temporary);
    const { 'x-amz-security-token': _, ...headers } = signed.headers;
    expect(() => verify({ ...signed, headers }, undefined, temporary)).toThrow('security token');

    const presigned = await signInQuery({ ...wish, body: '' });
    presigned.query.set('X-Amz-Security-Token', 'token+/=');
    expect(verify(presigned, undefined, temporary)).toBe(temporary);
    presigned.query.set('X-Amz-Security-Token', 'other');
    expect(() => verify(presigned, undefined, temporary)).toThrow('security token');
    // The SDK's own way, right for other services: the token is part of what is signed.
    const inside = await signInQuery({ ...wish, body: '', credentials: temporary });
    expect(() => verify(inside, undefined, temporary)).toThrow('does not match');
  });

  it.each([
    ['secret', { credentials: { ...key, secretAccessKey: 'guess' } }, 'does not match'],
    ['access key', { credentials: { ...key, accessKeyId: 'UNKNOWN' } }, 'security token'],
    ['Region', { region: 'eu-west-1' }, 'valid region'],
    ['service', { service: 's3' }, "correct service: 'iotdata'"],
  ])('refuses a wrong %s', async (_what, wrong, message) => {
    const signed = await signInHeader({ ...wish, ...wrong });
    expect(() => verify(signed)).toThrow(message);
    const presigned = await signInQuery({ ...wish, ...wrong, body: '' });
    expect(() => verify(presigned)).toThrow(message);
  });

  it('refuses whatever was changed in transit', async () => {
    const signed = await signInHeader(wish);
    const changes: Partial<SignedRequest>[] = [
      { method: 'PUT' },
      { path: '/topics/a%2Fb%20d' },
      { query: new URLSearchParams('qos=0&retain=true') },
      { body: Buffer.from('{"a":2}') },
      { headers: { ...signed.headers, host: 'elsewhere' } },
      { headers: { ...signed.headers, 'x-amz-date': '20261121T020001Z' } },
      { headers: { ...signed.headers, authorization: `${signed.headers.authorization}0` } },
    ];
    for (const change of changes) expect(() => verify({ ...signed, ...change })).toThrow(SignatureError);
  });

  it('refuses what is too old, or of the future', async () => {
    const minute = 60_000;
    const signed = await signInHeader(wish);
    const presigned = await signInQuery({ ...wish, body: '' }, 60);
    expect(verify(signed, at.getTime() + 5 * minute)).toBe(key);
    expect(() => verify(signed, at.getTime() + 5 * minute + 1)).toThrow('Signature expired');
    expect(() => verify(signed, at.getTime() - 5 * minute - 1)).toThrow('not yet current');
    expect(verify(presigned, at.getTime() + minute)).toBe(key);
    expect(() => verify(presigned, at.getTime() + minute + 1)).toThrow('Signature expired');
    presigned.query.set('X-Amz-Expires', '604801');
    expect(() => verify(presigned)).toThrow('X-Amz-Expires');
  });

  it('refuses what carries no signature, and nonsense', () => {
    const bare: SignedRequest = {
      method: 'GET',
      path: '/',
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.alloc(0),
    };
    expect(() => verify(bare)).toThrow('Missing Authentication Token');
    fc.assert(
      fc.property(fc.string(), fc.string(), (authorization, date) => {
        const headers = { authorization: `AWS4-HMAC-SHA256 ${authorization}`, 'x-amz-date': date };
        expect(() => verify({ ...bare, headers })).toThrow(SignatureError);
        const query = new URLSearchParams({
          'X-Amz-Signature': authorization,
          'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
          'X-Amz-Date': date,
        });
        expect(() => verify({ ...bare, query })).toThrow(SignatureError);
      }),
      randomCases(),
    );
  });
});
