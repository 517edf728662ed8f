import { describe, expect, it } from '@jest/globals';
import { type RequestSettings, RequestWriter } from '../../../src/device/request-writer.ts';
import type { HttpSettings } from '../../../src/profile/http-settings.ts';
import { splitRequestUrl } from '../../../src/targets/http/request-url.ts';

const plain: HttpSettings = {
  method: 'POST',
  query: {},
  headers: {},
  contentType: 'application/json',
  succeeds: ['2xx'],
  version: '1.1',
  connections: { perDevice: 1 },
  keepAlive: true,
};

interface Wish extends Partial<Omit<RequestSettings, 'http' | 'target'>> {
  readonly http?: Partial<HttpSettings>;
  readonly url?: string;
}

function makeWriter({ http, url = 'http://localhost/things', ...rest }: Wish = {}): RequestWriter {
  return new RequestWriter({
    http: { ...plain, ...http },
    target: splitRequestUrl(url),
    payload: { value: 1 },
    sizeBytes: 0,
    runId: 'run-1',
    slice: 3,
    indexOf: (device: number) => 100 + device,
    devices: 10,
    seed: 7,
    offsetMsOf: () => 0,
    ...rest,
  });
}

function write(writer: RequestWriter, numbers: { n?: number; device?: number; k?: number } = {}) {
  const body = writer.write({ n: 0, device: 0, k: 0, atMs: 1, ...numbers }, 1_700_000_000_000.5);
  return { ...writer.head, body: body.toString() };
}

describe('RequestWriter', () => {
  it('fills in placeholders of the URL by device', () => {
    const writer = makeWriter({
      url: 'https://api.example.com:8443/v1/{runId}/{slice}/{deviceId}?i={deviceIndex}',
    });
    expect([0, 1, 0].map((device) => write(writer, { device }).path)).toEqual([
      '/v1/run-1/3/d100?i=100',
      '/v1/run-1/3/d101?i=101',
      '/v1/run-1/3/d100?i=100',
    ]);
  });

  it('takes the path of http.path before that of the URL, and adds the query', () => {
    const writer = makeWriter({
      url: 'http://localhost/a?x=1',
      http: { path: '/b/{deviceId}', query: { 'q r': 'ü&{deviceId}', n: '{{sequence}}' } },
    });
    expect(write(writer, { k: 5 }).path).toBe('/b/d100?x=1&q%20r=%C3%BC%26d100&n=5');
    expect(write(writer, { k: 6 }).path).toBe('/b/d100?x=1&q%20r=%C3%BC%26d100&n=6');
  });

  it('percent-encodes what templates write into a path', () => {
    const writer = makeWriter({ http: { path: "/{{choice('a/b?c')}}/{{randomBytes(6)}}" } });
    const [, name, bytes] = write(writer)
      .path.slice(1)
      .match(/^([^/]*)\/([^/]*)$/)!;
    expect(name).toBe('a%2Fb%3Fc');
    expect(Buffer.from(decodeURIComponent(bytes!), 'base64').length).toBe(6);
  });

  it('sends the payload as it is, without an envelope', () => {
    const writer = makeWriter({
      payload: { id: '{{deviceId}}', text: "{{choice('a\"b')}}!", list: [1, null] },
    });
    expect(write(writer)).toEqual({
      method: 'POST',
      path: '/things',
      headers: { 'user-agent': 'stampede', 'content-type': 'application/json' },
      body: '{"id":"d100","text":"a\\"b!","list":[1,null]}',
    });
  });

  it.each([
    ['application/json', { a: 1 }, `{"a":1}${' '.repeat(13)}`],
    ['application/problem+json; charset=utf-8', '{{n}}', `0${' '.repeat(19)}`],
    ['text/plain', 'n={{n}} "x" ü', `n=0 "x" ü${' '.repeat(10)}`],
    [
      'application/x-www-form-urlencoded',
      { 'a b': 'c&{{deviceId}}', n: 1, ok: true },
      `a%20b=c%26d100&n=1&ok=true`,
    ],
    ['application/octet-stream', 'bytes', `bytes${'\0'.repeat(15)}`],
  ])('writes %s, padded to its size', (contentType, payload, body) => {
    expect(write(makeWriter({ http: { contentType }, payload, sizeBytes: 20 })).body).toBe(body);
  });

  it('has as many random bytes as it is asked for, the same in every run', () => {
    const http = { contentType: 'application/octet-stream' };
    const bytesOf = (n: number) =>
      Buffer.from(
        makeWriter({ http, payload: '{{randomBytes(1000)}}' }).write({ n, device: 0, k: n, atMs: 1 }, 1),
      );
    expect(bytesOf(0).length).toBe(1_000);
    expect(new Set(bytesOf(0)).size).toBeGreaterThan(200);
    expect(bytesOf(0).equals(bytesOf(0))).toBe(true);
    expect(bytesOf(0).equals(bytesOf(1))).toBe(false);
  });

  it('has no body, and no type of one, for GET and HEAD', () => {
    for (const method of ['GET', 'HEAD'] as const) {
      expect(write(makeWriter({ http: { method }, sizeBytes: 100 }))).toEqual({
        method,
        path: '/things',
        headers: { 'user-agent': 'stampede' },
        body: '',
      });
    }
  });

  it('makes headers by device and by message, and leaves secret ones out', () => {
    const headers = {
      'X-Device': '{deviceId}',
      'Idempotency-Key': '{{uuid}}',
      'User-Agent': 'meter/1',
      Authorization: { variable: 'TOKEN' },
    };
    const writer = makeWriter({ http: { headers }, payload: { id: '{{uuid}}' } });
    const first = write(writer, { k: 0 });
    const second = write(writer, { k: 1 });
    expect(Object.keys(first.headers).sort()).toEqual([
      'content-type',
      'idempotency-key',
      'user-agent',
      'x-device',
    ]);
    expect(first.headers).toMatchObject({ 'x-device': 'd100', 'user-agent': 'meter/1' });
    expect(first.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.headers['idempotency-key']).not.toBe(first.headers['idempotency-key']);
    // Drawn apart from the body's.
    expect(JSON.parse(first.body).id).not.toBe(first.headers['idempotency-key']);
  });
});
