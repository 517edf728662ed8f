import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { makeCertificates } from '../../../src/embedded/iot-core/auth/certificates.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { parseProfile, wantedTargetOf } from '../../../src/targets/parse-profile.ts';
import type { Target } from '../../../src/targets/target.ts';
import { checkTarget } from '../../../src/worker/check-target.ts';
import { testKey } from '../../support/embedded/test-key.ts';

// The check before a run against real web services on this machine.

let directory: string;
let certificates: Awaited<ReturnType<typeof makeCertificates>>;
beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'stampede-check-'));
  certificates = await makeCertificates(Date.now());
  writeFileSync(path.join(directory, 'ca.pem'), certificates.authority);
});
afterAll(() => rmSync(directory, { recursive: true }));

let server: Server & { closeAllConnections?(): void };
afterEach(async () => {
  server.closeAllConnections?.();
  server.close();
  await once(server, 'close');
});

interface Service {
  readonly url: string;
  /** `GET /things/d0` of each request. */
  readonly requests: string[];
  readonly headers: Record<string, unknown>[];
}

/** @param status null: it never answers */
async function serve(status: number | null, tls: 'plain' | 'tls' | 'mutual' = 'plain'): Promise<Service> {
  const requests: string[] = [];
  const headers: Record<string, unknown>[] = [];
  const answer: Parameters<typeof createServer>[1] = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    headers.push(request.headers);
    if (status !== null) response.writeHead(status).end();
  };
  const { certificate: cert, key } = certificates.server;
  const mutual = { requestCert: true, ca: certificates.authority };
  server =
    tls === 'plain'
      ? createServer(answer)
      : createHttpsServer({ cert, key, ...(tls === 'mutual' && mutual) }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === 'plain' ? 'http' : 'https'}://localhost:${port}/things/{deviceId}`,
    requests,
    headers,
  };
}

const variables = { API_TOKEN: 'Bearer secret' };

async function check({ url }: Service, settings: object): Promise<string> {
  const profile = parseProfile({ target: url, devices: 20, ratePerSecond: 10, duration: '5s', ...settings });
  const target = wantedTargetOf(profile) as Target;
  const { plan } = draftPlan({ runId: 'r', now: 0, profile, target });
  try {
    await checkTarget({ groups: groupsOf(plan), target, variables });
    return 'ready';
  } catch (error) {
    const { message, hint, exitCode } = error as Error & { hint?: string; exitCode?: number };
    return `${exitCode}: ${message} → ${hint}`.replace(url.replace('{deviceId}', ''), 'URL/');
  }
}

describe('the check of a web service', () => {
  it('sends one request as the first device of each group that differs, where the request only reads', async () => {
    const service = await serve(200);
    const http = {
      method: 'GET',
      query: { unit: 'celsius' },
      headers: { authorization: { variable: 'API_TOKEN' } },
    };
    const groups = {
      readers: { devices: 5, http },
      alike: { devices: 5, http },
      heads: { devices: 5, http: { ...http, method: 'HEAD', path: '/health' } },
    };
    expect(await check(service, { devices: undefined, groups })).toBe('ready');
    expect(service.requests).toEqual(['GET /things/d0?unit=celsius', 'HEAD /health?unit=celsius']);
    expect(service.headers[0]!.authorization).toBe('Bearer secret');
  });

  it('signs the request with the credentials that are here, as each request of the run', async () => {
    const { accessKeyId, secretAccessKey } = testKey;
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
    const service = await serve(200);
    const signing = { service: 'execute-api', region: 'eu-west-1' };
    expect(await check(service, { http: { method: 'GET', signing } })).toBe('ready');
    expect(service.requests).toEqual(['GET /things/d0']);
    expect(service.headers[0]!.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=test-key\/\d{8}\/eu-west-1\/execute-api\/aws4_request, /,
    );
  });

  it.each([
    ['POST, which may change something', { http: { method: 'POST' } }],
    ['DELETE', { http: { method: 'DELETE' } }],
    [
      'what needs a secret of Secrets Manager',
      { http: { method: 'GET', headers: { key: { secret: 'k' } } } },
    ],
  ])('sends none of %s', async (_, settings) => {
    const service = await serve(401);
    expect(await check(service, settings)).toBe('ready');
    expect(service.requests).toEqual([]);
  });

  it.each([401, 403, 404])('refuses a service that answers %i, unless that succeeds', async (status) => {
    const service = await serve(status);
    expect(await check(service, { http: { method: 'GET' } })).toMatch(
      new RegExp(`^3: URL/d0 answers GET with ${status}: nothing was started → .*list it in http\\.succeeds`),
    );
    expect(await check(service, { http: { method: 'GET', succeeds: ['2xx', status] } })).toBe('ready');
    expect(await check(service, { http: { method: 'GET', succeeds: ['4xx'] } })).toBe('ready');
  });

  it.each([302, 429, 500, 503])(
    'starts a run against one that answers %i: it may do better',
    async (status) => {
      expect(await check(await serve(status), { http: { method: 'GET' } })).toBe('ready');
    },
  );

  it('refuses one that does not answer in time', async () => {
    const settings = { http: { method: 'GET' }, publish: { ackTimeout: '300ms' } };
    expect(await check(await serve(null), settings)).toMatch(
      /^3: URL\/\{deviceId\} does not answer a request/,
    );
  });

  it.each(['GET', 'POST'])('refuses one whose port nothing listens at: %s', async (method) => {
    const service = await serve(200);
    server.close();
    await once(server, 'close');
    expect(await check(service, { http: { method } })).toMatch(/^3: .* refuses connections \(ECONNREFUSED\)/);
    await serve(200);
  });

  it.each(['GET', 'POST'])('agrees to TLS, with the authority of the profile: %s', async (method) => {
    const service = await serve(200, 'tls');
    const ca = path.join(directory, 'ca.pem');
    expect(await check(service, { http: { method } })).toMatch(
      /^3: .* of an authority that is not trusted here/,
    );
    expect(await check(service, { http: { method }, connect: { ca } })).toBe('ready');
    expect(await check(service, { http: { method }, connect: { insecure: true } })).toBe('ready');
  });

  it.each(['GET', 'POST'])('learns that a certificate is asked for: %s', async (method) => {
    const service = await serve(200, 'mutual');
    const ca = path.join(directory, 'ca.pem');
    expect(await check(service, { http: { method }, connect: { ca } })).toMatch(/^3: .*d0.* → /);
  });

  it('says what speaks no TLS', async () => {
    const service = await serve(200);
    const secure = { ...service, url: service.url.replace('http:', 'https:') };
    expect(await check(secure, {})).toMatch(/^3: .* does not speak TLS .*http:\/\//);
  });

  it('finds a header whose variable is not set', async () => {
    const http = { method: 'GET', headers: { authorization: { variable: 'NOT_SET' } } };
    expect(await check(await serve(200), { http })).toMatch(/^2: .*NOT_SET is not set/);
  });
});
