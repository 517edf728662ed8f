import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeRunRepository } from '../../../src/cli/runs/run-repository.ts';
import { renderReportHtml } from '../../../src/report/html.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { makeActiveRun } from '../../../src/ui/active-run.ts';
import type { CheckedProfile } from '../../../src/ui/check-profile.ts';
import { makeExampleProfiles } from '../../../src/ui/example-profiles.ts';
import { makePageModules } from '../../../src/ui/modules.ts';
import { makeRunSlot, type RunSlot } from '../../../src/ui/run-slot.ts';
import { PortTakenError, startUiServer, type UiServer } from '../../../src/ui/server.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { openSession } from '../../support/ui/session-cookie.ts';

let runs: string;
let server: UiServer;
let slot: RunSlot;
let cookie: string;
const links: string[] = [];
const started: CheckedProfile[] = [];

const runIdOf = (minute: number) => `smoke-20260901T10${minute}10Z-ab12`;
const tiny = { devices: 10, ratePerSecond: 10, duration: '1s' };

async function storeReport(runId: string, report: Report): Promise<void> {
  await mkdir(path.join(runs, runId), { recursive: true });
  await writeFile(path.join(runs, runId, 'report.json'), JSON.stringify(report));
  await writeFile(path.join(runs, runId, 'report.html'), renderReportHtml(report));
}

beforeAll(async () => {
  runs = await mkdtemp(path.join(tmpdir(), 'stampede-ui-'));
  await storeReport(runIdOf(10), { ...reportOf(runOf()), runId: runIdOf(10) });
  await storeReport(runIdOf(20), { ...reportOf(runOf({ lostPerThousand: 5 })), runId: runIdOf(20) });
  await mkdir(path.join(runs, 'cut-off-20260901T093010Z-ab12'));
  await mkdir(path.join(runs, 'other-20260901T083010Z-ab12'));
  await writeFile(path.join(runs, 'other-20260901T083010Z-ab12', 'report.json'), '{"version":1,"runId":');
  await mkdir(path.join(runs, 'bare-20260901T073010Z-ab12'));
  const bare = { version: 2, runId: 'bare-20260901T073010Z-ab12', messages: {}, rates: {}, latencyMs: {} };
  await writeFile(path.join(runs, bare.runId, 'report.json'), JSON.stringify(bare));
  await mkdir(path.join(runs, '.logs'));
  slot = makeRunSlot();
  server = await startUiServer(
    {
      slot,
      library: makeRunRepository(runs),
      examples: makeExampleProfiles('profiles'),
      modules: makePageModules(),
      startRun(checked) {
        started.push(checked);
        slot.take(makeActiveRun('started-run', 'tiny'));
        return 'started-run';
      },
    },
    { port: 0, onOpened: (link) => links.push(link) },
  );
  cookie = await openSession(server.link);
});
afterAll(async () => {
  await server.close();
  await rm(runs, { recursive: true, force: true });
});

const get = async (at: string) => {
  const response = await fetch(new URL(at, server.url), { headers: { cookie } });
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const post = async (at: string, body: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(new URL(at, server.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    body: (await response.json().catch(() => undefined)) as Record<string, never>,
  };
};

/** Of what `fetch` would not send as it stands. */
const statusOf = (options: RequestOptions) =>
  new Promise<number | undefined>((resolve, reject) => {
    httpRequest(
      {
        port: new URL(server.url).port,
        host: '127.0.0.1',
        ...options,
        headers: { cookie, ...options.headers },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    )
      .on('error', reject)
      .end();
  });

describe('the live page’s server', () => {
  it('takes actions of a run that goes on, and of no other, from its own page alone', async () => {
    const at = '/api/runs/no-such-run/actions';
    const settings = ['disconnect=20%'];
    expect(await post(at, { settings })).toMatchObject({ status: 409 });
    expect((await post(at, { settings }, { cookie: '' })).status).toBe(403);
    expect((await post(at, { settings }, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await post(at, { settings }, { 'content-type': 'text/plain' })).status).toBe(403);
  });

  it('lists runs, the newest first, also those without a report', async () => {
    const { status, text } = await get('/');
    expect(status).toBe(200);
    const ids = [...text.matchAll(/<(?:code|small class="soft")>([a-z-]+-2026\w+-ab12)/g)].map(
      ([, id]) => id,
    );
    expect(ids).toEqual([
      runIdOf(20),
      runIdOf(10),
      'cut-off-20260901T093010Z-ab12',
      'other-20260901T083010Z-ab12',
      'bare-20260901T073010Z-ab12',
    ]);
    expect(text.match(/no report/g)).toHaveLength(1);
    expect(text.match(/unreadable: .*report\.json cannot be read: /g)).toHaveLength(2);
    expect((await get('/runs/bare-20260901T073010Z-ab12')).text).toContain('No report');
  });

  it('shows a report, and its files as they are', async () => {
    expect((await get(`/runs/${runIdOf(10)}`)).text).toContain('Where the messages went');
    const file = await get(`/runs/${runIdOf(10)}/report.html`);
    expect(file.text).toContain('<!doctype html>');
    expect(file.headers.get('content-security-policy')).toContain(
      "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    );
    expect((await get(`/runs/${runIdOf(10)}/report.json`)).headers.get('content-type')).toContain('json');
    expect((await get('/runs/cut-off-20260901T093010Z-ab12')).text).toContain('No report');
  });

  it('compares runs, against the first', async () => {
    const { text } = await get(
      `/compare?run=${runIdOf(10)}&run=${runIdOf(20)}&run=none-such&run=${runIdOf(10)}`,
    );
    expect(text).toContain('A: smoke');
    expect(text).toContain('B: smoke');
    expect(text).not.toContain('C: ');
    expect(text).toContain('lost_messages rate');
    expect(text).toContain('points, worse');
    expect(text).toContain('Broken threshold: lost_messages count==0.');
    expect((await get(`/compare?run=${runIdOf(10)}`)).text).toContain('Pick two runs or more');
  });

  it('has nothing of its own inline that its policy would refuse', async () => {
    for (const at of [
      '/',
      '/new',
      `/runs/${runIdOf(20)}`,
      `/compare?run=${runIdOf(10)}&run=${runIdOf(20)}`,
    ]) {
      const { text, headers } = await get(at);
      expect(text).not.toMatch(/<script(?![^>]* src=)|\son\w+=|<style|\sstyle=|javascript:/);
      expect(text).not.toMatch(/(?:src|href)="(?!\/|#|data:,)/);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  it.each([
    '/nothing',
    '/runs/nobody',
    '/runs/..%2f..%2fetc',
    '/runs/%2e%2e/report.json',
    `/runs/${runIdOf(10)}/slices`,
    '/modules/package.json',
    '/profiles/../package.json',
    '/profiles/load-profile.schema.json',
  ])('has nothing at %s', async (at) => {
    expect((await get(at)).status).toBe(404);
  });

  it('checks a profile as the command line does', async () => {
    const fine = await post('/api/check', { text: JSON.stringify(tiny) });
    expect(fine.body).toMatchObject({ problems: [], refusals: [] });
    expect(fine.body.brief).toEqual(expect.arrayContaining([['slices', expect.stringContaining('1 ×')]]));
    const bad = await post('/api/check', {
      text: '{"devices": 0, "conect": {}, "ratePerSecond": 1, "duration": "1s"}',
    });
    expect(bad.body).toMatchObject({
      problems: [{ path: 'devices' }, { path: 'conect', hint: expect.stringContaining('connect') }],
    });
    const broken = await post('/api/check', { text: '{' });
    expect(broken.body).toMatchObject({ problems: [{ path: expect.stringContaining('line') }] });
  });

  it('starts what passes, refuses what does not, runs one at a time, and stops it', async () => {
    expect((await post('/api/runs', { text: '{}' })).status).toBe(422);
    const greedy = JSON.stringify({ ...tiny, limits: { quotaShare: 0.0001 } });
    const refused = await post('/api/runs', { text: greedy });
    expect(refused.status).toBe(422);
    expect(refused.body.refusals).not.toHaveLength(0);
    expect(started).toHaveLength(0);
    const { status, body } = await post('/api/runs', { text: greedy, force: true });
    expect([status, body]).toEqual([201, { runId: 'started-run' }]);
    expect(started[0]!.input).toMatchObject(tiny);
    expect((await post('/api/runs', { text: JSON.stringify(tiny) })).status).toBe(409);
    expect((await get('/runs/started-run')).text).toContain('Stop the run');
    expect((await get('/')).text).toContain('Under way');

    const { run } = slot;
    expect((await post('/api/runs/another/stop', {})).status).toBe(409);
    expect(run!.stopped.aborted).toBe(false);
    expect((await post('/api/runs/started-run/stop', {})).status).toBe(202);
    expect(run!.stopped.aborted).toBe(true);
    run!.ended({ reason: 'stopped' });
    expect((await post('/api/runs/started-run/stop', {})).status).toBe(409);

    // What a page that is open then receives.
    const events = await get('/runs/started-run/events');
    expect([events.status, events.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    expect(events.text).toBe('event: ended\ndata: {"reason":"stopped"}\n\n');
    expect((await get('/runs/nobody/events')).status).toBe(404);
  });

  it('is closed to other origins, other hosts, and to a browser without a session', async () => {
    const text = JSON.stringify(tiny);
    expect((await post('/api/check', { text }, { origin: 'https://evil.example' })).status).toBe(403);
    expect(
      (await post('/api/check', { text }, { cookie: `stampede-${new URL(server.url).port}=guess` })).status,
    ).toBe(403);
    expect((await post('/api/check', { text }, { 'content-type': 'text/plain' })).status).toBe(403);
    const { port } = new URL(server.url);
    expect(await statusOf({ headers: { host: `evil.example:${port}` } })).toBe(403);
  });

  it('lets a browser in by the link that is printed, once, and then by the next', async () => {
    const open = (link: string, headers: Record<string, string> = {}) => fetch(link, { headers });
    const { link } = server;
    expect((await open(link, { 'sec-purpose': 'prefetch;prerender' })).status).toBe(403);
    expect((await open(link, { purpose: 'prefetch' })).status).toBe(403);
    expect((await open(link, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await open(`${server.url}open?token=guess`)).status).toBe(403);
    expect(await statusOf({ path: '/', headers: { cookie: '' } })).toBe(403);
    const before = links.length;
    const opened = await open(link);
    expect(opened.status).toBe(200);
    expect(opened.headers.get('set-cookie')).toMatch(
      /^stampede-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(links.slice(before)).toEqual([server.link]);
    const again = await open(link);
    expect([again.status, again.headers.get('set-cookie')]).toEqual([403, null]);
    expect(await again.text()).toContain('has been used');
    // The browser that has used it comes in as before.
    expect((await open(link, { cookie })).status).toBe(200);
    expect(await openSession(server.link)).toBe(cookie);
  });

  it('has nothing at an address that browsers do not send', async () => {
    expect(await statusOf({ path: '//' })).toBe(404);
    expect(await statusOf({ path: 'http://elsewhere.example/' })).toBe(404);
  });

  it('takes no body that is too long or no object', async () => {
    expect((await post('/api/check', '[1]')).status).toBe(400);
    expect((await post('/api/check', '{')).status).toBe(400);
    for (const at of ['/api/check', '/api/runs']) {
      for (const text of [undefined, null, 1, ['{}'], { toString: 1 }])
        expect((await post(at, { text })).status).toBe(400);
    }
    expect((await post('/api/check', { text: 'x'.repeat(600_000) })).status).toBe(413);
    expect((await post('/api/nothing', {})).status).toBe(404);
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(server.url).port);
    await expect(startUiServer({} as never, { port, onOpened: () => undefined })).rejects.toThrow(
      PortTakenError,
    );
  });
});
