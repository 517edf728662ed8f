import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { verifySignature } from '../../../src/embedded/gateway/sigv4.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { makeSystemClock } from '../../../src/shared/clock.ts';
import { parseProfile, wantedTargetOf } from '../../../src/targets/parse-profile.ts';
import { makeLiveView } from '../../../src/worker/live-view.ts';
import { publishSlice } from '../../../src/worker/publish-slice.ts';
import { makeTransportOverHttp, type SecretAccess } from '../../../src/worker/request-transport.ts';
import { collectGarbage } from '../../support/device/transports/collect-garbage.ts';
import { type TargetFiles, writeTargetCertificates } from '../../support/targets/target-certificates.ts';

// Slices of requests that show who they are: by a signature, by a header, by a certificate.

const devices = 2;
const messages = 20;
const key = {
  accessKeyId: 'AKIDTEST',
  secretAccessKey: 'key-of-the-test',
  sessionToken: 'token/of+the=test',
};
const headerSecret = 'Bearer of-the-test';

let directory: string;
let files: TargetFiles;
beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'stampede-requests-'));
  files = await writeTargetCertificates(directory, devices);
});
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await collectGarbage();
});

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Of the certificate that the client showed. */
  readonly fingerprint: string | undefined;
}

type Kind = 'http' | 'https' | 'http2';

/** @param statusOf what is answered */
async function serve(kind: Kind, statusOf: (seen: Seen) => number = () => 204) {
  const all: Seen[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const raw = kind === 'http' ? undefined : (request.socket as TLSSocket).getPeerCertificate(true)?.raw;
    const fingerprint = raw && new X509Certificate(raw).fingerprint256;
    const seen = { method, url, headers, body: Buffer.concat(chunks), fingerprint };
    all.push(seen);
    response.writeHead(statusOf(seen)).end();
  };
  const read = (name: string): string => readFileSync(path.join(directory, name), 'utf8');
  const tls = {
    ...{ cert: read('server.pem'), key: read('server.key'), ca: readFileSync(files.ca) },
    ...{ requestCert: true, rejectUnauthorized: true },
  };
  const makers = {
    http: () => createServer(answer),
    https: () => createHttpsServer(tls, answer),
    http2: () => createSecureServer(tls, answer as never),
  };
  const server: Server = makers[kind]();
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { all, origin: `${kind === 'http' ? 'http' : 'https'}://localhost:${port}` };
}

const access = (more: Partial<SecretAccess> = {}): SecretAccess => ({
  variables: { TOKEN: headerSecret },
  authorityFile: undefined,
  secret: () => Promise.reject(Object.assign(new Error('no'), { name: 'ResourceNotFoundException' })),
  region: () => Promise.reject(new Error('of the data plane')),
  credentials: () => Promise.reject(new Error('of the data plane')),
  signing: { region: async () => 'eu-west-1', credentials: async () => key },
  ...more,
});

/** One slice, to its end. @returns its last record, and everything that it and its plan say as one text */
async function load(target: string, profile: object, secrets: SecretAccess = access()) {
  const parsed = parseProfile({
    ...{ name: 'requests', target, devices, ratePerSecond: messages, duration: '1s', drain: '0s' },
    ...profile,
  });
  const plan = makePlan({
    ...{ runId: 'requests-1', profile: parsed, now: Date.now() },
    coldStart: { leadMs: 100, environmentsPerSecond: 100 },
    target: wantedTargetOf(parsed)!,
  });
  const results: SliceResult[] = [];
  await publishSlice(
    { runId: plan.runId, slice: 0, hosts: fanOutOf(plan).hosts },
    {
      store: {
        getPlan: async () => plan,
        putSliceResult: async (result: SliceResult) => void results.push(result),
        resultOfLeg: async () => undefined,
        async *actions() {},
      },
      known: { iotEndpoints: [], iotDataUrl: undefined, region: 'us-east-1' },
      liveView: makeLiveView(undefined, undefined as never),
      clock: makeSystemClock(),
      makeTransport: (group) => makeTransportOverHttp(group, secrets),
      openControl: async () => ({ caughtUp: Promise.resolve(), close: async () => undefined }),
    },
  );
  return { result: results.at(-1)!, texts: JSON.stringify([plan, results]) };
}

/** What a service of AWS decides of a request. @param secretAccessKey of the account, as the service has it */
function authorize({ method, url, headers, body }: Seen, secretAccessKey: string): number {
  const { pathname, searchParams: query } = new URL(url, 'http://service');
  // HTTP/2 has the host in a pseudo-header.
  const host = headers.host ?? headers[':authority'];
  try {
    verifySignature(
      { method, path: pathname, query, headers: { ...headers, host }, body },
      (id) => (id === key.accessKeyId ? { ...key, secretAccessKey } : undefined),
      { region: 'eu-west-1', services: ['execute-api'] },
      Date.now(),
    );
    return 204;
  } catch {
    return 403;
  }
}

describe('signed requests', () => {
  const signing = { service: 'execute-api' };
  const query = { 'a b': '1+1=2', n: '{{n}}', list: 'x,y/ü*' };

  it.each<[string, Kind, object]>([
    ['a JSON body', 'http', {}],
    ['a binary body', 'http', { contentType: 'application/octet-stream' }],
    ['no body', 'http', { method: 'GET' }],
    ['HTTP/2', 'http2', { version: '2' }],
  ])('are what a service computes from its own key: %s', async (what, kind, more) => {
    const { all, origin } = await serve(kind, (seen) => authorize(seen, key.secretAccessKey));
    const http = {
      signing,
      query,
      headers: { 'x-device': '{deviceId}' },
      path: '/a/{deviceId}/b%20(c)',
      ...more,
    };
    const connect = kind === 'http' ? {} : { connect: ofDevices() };
    const payload = what === 'a binary body' ? { publish: { payload: '{{randomBytes(300)}}' } } : {};
    const { result, texts } = await load(`${origin}/`, { http, ...connect, ...payload });
    expect(all).toHaveLength(messages);
    expect(result.messages).toMatchObject({ sent: messages, acked: messages, failed: 0 });
    expect(new Set(all.map(({ headers }) => headers.authorization)).size).toBe(messages);
    expect(texts).not.toContain(key.secretAccessKey);
    expect(texts).not.toContain(key.sessionToken);
  });

  it('are refused by a service that has another key', async () => {
    const { all, origin } = await serve('http', (seen) => authorize(seen, 'another'));
    const { result } = await load(`${origin}/`, { http: { signing } });
    expect(all).toHaveLength(messages);
    expect(result.messages).toMatchObject({ sent: messages, acked: 0, failed: messages });
  });

  it('are for the Region of the profile, where it names one', async () => {
    const { all, origin } = await serve('http', (seen) => authorize(seen, key.secretAccessKey));
    const { result } = await load(`${origin}/`, { http: { signing: { ...signing, region: 'us-west-2' } } });
    expect(all.every(({ headers }) => headers.authorization?.includes('/us-west-2/execute-api/'))).toBe(true);
    expect(result.messages).toMatchObject({ acked: 0, failed: messages });
  });
});

/** A pair a device, of a directory. */
const ofDevices = () => ({ ca: files.ca, cert: files.pairs });

describe('headers with secrets', () => {
  it.each([
    ['variable', { variable: 'TOKEN' }, {}],
    ['secret', { secret: 'target-token' }, { secret: async () => headerSecret }],
  ])('come from a %s, and stay out of what the run stores', async (_kind, authorization, from) => {
    const { all, origin } = await serve('http');
    const headers = { authorization, 'X-Device': '{deviceId}' };
    const { result, texts } = await load(`${origin}/`, { http: { headers } }, access(from));
    expect(result.messages).toMatchObject({ sent: messages, acked: messages });
    expect(all.map((seen) => seen.headers.authorization)).toEqual(Array(messages).fill(headerSecret));
    expect(new Set(all.map((seen) => seen.headers['x-device']))).toEqual(new Set(['d0', 'd1']));
    expect(texts).not.toContain('of-the-test');
  });

  it.each<[string, object, Partial<SecretAccess>, string]>([
    ['a variable that is not set', { variable: 'NOPE' }, {}, 'the variable NOPE is not set'],
    [
      'a secret that is not there',
      { secret: 'target-none' },
      {},
      'the secret target-none could not be read (ResourceNotFoundException)',
    ],
    [
      'a secret that no header can hold',
      { secret: 'target-token' },
      { secret: async () => 'two\nlines-of-the-test' },
      'the secret target-token holds what no header can hold',
    ],
  ])('name %s, and send nothing', async (_what, header, from, message) => {
    const { all, origin } = await serve('http');
    const loading = load(`${origin}/`, { http: { headers: { 'X-Key': header } } }, access(from));
    await expect(loading).rejects.toThrow(`the header X-Key has no value: ${message}`);
    await expect(loading).rejects.not.toThrow('of-the-test');
    expect(all).toEqual([]);
  });
});

describe('client certificates', () => {
  it.each<[string, Kind, object]>([
    ['HTTP/1.1', 'https', {}],
    ['HTTP/2', 'http2', { version: '2' }],
  ])('are shown, one a device, over %s', async (_protocol, kind, http) => {
    const { all, origin } = await serve(kind);
    const headers = { 'x-device': '{deviceId}' };
    const { result, texts } = await load(`${origin}/`, { http: { headers, ...http }, connect: ofDevices() });
    expect(result.messages).toMatchObject({ sent: messages, acked: messages });
    const shown = new Map(all.map((seen) => [seen.headers['x-device'], seen.fingerprint]));
    const own = (device: string) =>
      new X509Certificate(readFileSync(path.join(files.pairs, `${device}.pem`))).fingerprint256;
    expect(Object.fromEntries(shown)).toEqual({ d0: own('d0'), d1: own('d1') });
    expect(texts).not.toContain('PRIVATE KEY');
  });

  it('are asked for: without one, no request is answered', async () => {
    const { all, origin } = await serve('https');
    const { ca } = ofDevices();
    const { result } = await load(`${origin}/`, { http: {}, connect: { ca } });
    expect(all).toEqual([]);
    expect(result.messages).toMatchObject({ acked: 0 });
    const { dropped, failed, unacknowledged } = result.messages;
    expect(dropped + failed + unacknowledged).toBe(messages);
  });

  it('do not make up for a server whose authority is unknown', async () => {
    const { all, origin } = await serve('https');
    const { cert } = ofDevices();
    const { result } = await load(`${origin}/`, { http: {}, connect: { cert } });
    expect(all).toEqual([]);
    expect(result.messages).toMatchObject({ sent: 0, dropped: messages });
  });
});
