import { mkdtemp, rm } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refusalOfBrowser, refusalOfPage } from '../../../../src/embedded/gateway/loopback-guard.ts';
import { signHeaders } from '../../../../src/embedded/gateway/request-signature.ts';
import { type EmbeddedAws, startEmbeddedAws } from '../../../../src/embedded/process/start-embedded-aws.ts';
import { keyIn } from '../../../support/embedded/test-key.ts';

const port = 4711;
const page = (headers: Record<string, string>, method = 'POST') => refusalOfPage({ method, headers }, port);

describe('the guard of a loopback port', () => {
  it('accepts its own host names, and S3’s bucket below localhost', () => {
    for (const host of ['127.0.0.1:4711', 'LOCALHOST:4711', '[::1]:4711', 'stampede-runs.localhost:4711']) {
      expect(page({ host })).toBeUndefined();
    }
    for (const host of ['evil.example:4711', 'localhost:80', 'localhost', 'evil-localhost:4711', '']) {
      expect(page({ host }, 'GET')).toContain('host name');
    }
    expect(page({}, 'GET')).toContain('host name');
  });

  it('refuses pages of other origins', () => {
    const host = '127.0.0.1:4711';
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:80', 'http://localhost:4711']) {
      expect(page({ host, origin })).toContain('origin');
    }
    expect(page({ host, origin: 'http://127.0.0.1:4711' })).toBeUndefined();
    expect(page({ host, 'sec-fetch-site': 'cross-site' })).toContain('origin');
    expect(page({ host, 'sec-fetch-site': 'same-site' }, 'GET')).toContain('origin');
  });

  it('refuses every browser at a port that no page of ours uses', () => {
    const host = '127.0.0.1:4711';
    const browser = (headers: Record<string, string>) => refusalOfBrowser(headers, port);
    expect(browser({ host })).toBeUndefined();
    expect(browser({ host: 'stampede-runs.localhost:4711' })).toBeUndefined();
    expect(browser({ host: 'evil.example:4711' })).toContain('host name');
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:4711'])
      expect(browser({ host, origin })).toContain('page');
    for (const site of ['cross-site', 'same-site', 'same-origin', 'none'])
      expect(browser({ host, 'sec-fetch-site': site })).toContain('page');
    // A port that another passes requests on to.
    expect(refusalOfBrowser({ host: '127.0.0.1:1' }, undefined)).toBeUndefined();
    expect(refusalOfBrowser({ host: 'evil.example:1' }, undefined)).toContain('host name');
  });
});

describe('embedded AWS', () => {
  let directory: string;
  let aws: EmbeddedAws;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stampede-'));
    aws = await startEmbeddedAws({ runsDirectory: directory });
  });
  afterAll(async () => {
    await aws.close();
    await rm(directory, { recursive: true, force: true });
  });

  const statusOf = (url: string, options: RequestOptions, body?: string): Promise<number> =>
    new Promise((resolve, reject) => {
      request(url, options, (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode ?? 0);
      })
        .on('error', reject)
        .end(body);
    });

  it('guards its gateway and the admin port of IoT Core', async () => {
    const gateway = aws.environment.AWS_ENDPOINT_URL!;
    const authorization = `Bearer ${aws.adminToken}`;
    const invocations = '/2015-03-31/functions/stampede-dev-none/invocations';
    const signed = signHeaders(
      {
        method: 'POST',
        path: invocations,
        query: new URLSearchParams(),
        headers: { host: gateway.slice(7) },
      },
      keyIn(aws.environment),
      { region: 'us-east-1', service: 'lambda' },
      Date.now(),
    );
    const posts: readonly [string, string, Record<string, string>][] = [
      [`${aws.adminUrl}/faults`, '{"pauseMs":0}', { authorization }],
      [`${gateway}${invocations}`, '{}', signed],
    ];
    for (const [url, body, credentials] of posts) {
      const json = { 'content-type': 'application/json', ...credentials };
      const post = (headers: Record<string, string>): Promise<number> =>
        statusOf(url, { method: 'POST', headers }, body);
      expect(await post({ ...json, origin: 'https://evil.example' })).toBe(403);
      expect(await post({ ...json, 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect(await post({ ...json, host: 'evil.example' })).toBe(403);
      expect(await post({ 'content-type': 'text/plain' })).toBe(403);
      expect(await post({})).toBe(403);
      expect(await post(json)).not.toBe(403);
    }
    const topic = `${gateway}/topics/t?qos=0`;
    expect(await statusOf(topic, { method: 'POST', headers: { origin: 'null' } }, 'x')).toBe(403);
    const points = `${gateway}/api/v2/write?org=o&bucket=b`;
    const origin = 'https://evil.example';
    expect(await statusOf(points, { method: 'POST', headers: { origin } }, 'm f=1')).toBe(403);
    expect(await statusOf(`${aws.adminUrl}/metrics`, { headers: { host: 'evil.example' } })).toBe(403);
    expect(await statusOf(`${aws.adminUrl}/metrics`, { headers: { authorization } })).toBe(200);
  });
});
