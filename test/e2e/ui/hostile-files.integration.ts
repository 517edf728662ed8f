import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { renderReportHtml } from '../../../src/report/html.ts';
import {
  type CliProcess,
  makeWorkplace,
  runCli,
  startCli,
  type Workplace,
} from '../../support/cli/run-cli.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { describeInBrowser, launchBrowser, openTab } from '../../support/ui/browser.ts';
import {
  accepts,
  ids,
  profile,
  refused,
  shown,
  writeHostileProfiles,
  writeHostileRuns,
} from '../../support/ui/hostile-runs.ts';
import { everyHostileString, hostileStrings, replaceStrings } from '../../support/ui/hostile-strings.ts';
import { type Activity, recordTab } from '../../support/ui/record-tab.ts';

/** Routes that a page loads of itself. */
const known =
  /^GET \/(|new|compare\?\S*|style\.css|modules\/[\w./-]+\.[jt]s|profiles\/[\w.-]+\.json|runs\/[\w-]+(\/report\.html)?)$/;
const check = 'POST /api/check';

describeInBrowser('files with hostile strings', () => {
  let browser: Browser;
  let workplace: Workplace;
  let cli: CliProcess;
  let origin: string;
  let storageState: NonNullable<BrowserContextOptions['storageState']>;
  let remade: Awaited<ReturnType<typeof runCli>>;
  /** By run: at how many places a string was replaced. */
  let places: Record<string, number>;
  let placesOfProfile: number;

  const directoryOf = (runId: string) => path.join(workplace.directory, 'runs', runId);
  /** With and without the policies that would stop a script that is in the page all the same. */
  const policies = [false, true];
  const record = (at: string, bypassCSP: boolean, act?: (page: Page) => Promise<void>) =>
    recordTab(browser, { storageState, bypassCSP }, at.startsWith('file:') ? at : origin + at, act);

  beforeAll(async () => {
    browser = await launchBrowser();
    workplace = makeWorkplace();
    const runs = path.join(workplace.directory, 'runs');
    places = await writeHostileRuns(runs);
    placesOfProfile = await writeHostileProfiles(path.join(workplace.directory, 'profiles'));
    remade = await runCli(['report', ids.remade, '--runs', runs]);
    cli = startCli(['ui', '--runs', runs, '--port', '0'], {}, { cwd: workplace.directory });
    const link = await new Promise<string>((resolve) => {
      cli.child.stdout!.once('data', (text: string) => resolve(text.trim()));
    });
    ({ origin } = new URL(link));
    const { page } = await openTab(browser);
    await page.goto(link);
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
    storageState = await page.context().storageState();
  });

  afterAll(async () => {
    cli?.child.kill('SIGINT');
    await Promise.all([cli?.result, browser?.close()]);
    workplace?.remove();
  });

  it('replaces most strings of a report, a plan, slice results and a profile', () => {
    expect(places[ids.everything]).toBeGreaterThan(100);
    expect(places[ids.remade]).toBeGreaterThan(10);
    expect(placesOfProfile).toBeGreaterThan(2);
  });

  it.each(policies)(
    'the list of runs shows them and does nothing else (policies off: %s)',
    async (bypass) => {
      const activity = await record('/', bypass, async (page) => {
        const text = await page.locator('main').textContent();
        expect(text).toContain(`"><img data-hostile src=x onerror='__hostile("img")'>`);
        expect(text).toMatch(/unreadable: .* name must NOT have more than 262144 characters/);
      });
      expectQuiet(activity, ['/']);
    },
  );

  it.each(
    policies.flatMap((bypass) => Object.entries(ids).map(([name, runId]) => [name, bypass, runId] as const)),
  )('the page of run %s (policies off: %s)', async (name, bypass, runId) => {
    const activity = await record(`/runs/${runId}`, bypass, async (page) => {
      const text = (await page.locator('body').textContent()) ?? '';
      if (name === 'tooLong') expect(text).toContain('name must NOT have more than 262144 characters');
      else expect(text).toContain('data-hostile');
      if (name === 'long') expect(text.length).toBeGreaterThan(shown.length);
    });
    expectQuiet(activity, [`/runs/${runId}`]);
  });

  it.each(
    policies.flatMap((bypass) =>
      [ids.everything, ids.rotated, ids.shifted, ids.long, ids.remade].map(
        (runId) => [runId, bypass] as const,
      ),
    ),
  )('report.html of %s, served and from disk (policies off: %s)', async (runId, bypass) => {
    expectQuiet(await record(`/runs/${runId}/report.html`, bypass), [`/runs/${runId}/report.html`]);
    const file = pathToFileURL(path.join(directoryOf(runId), 'report.html')).href;
    const { requests, navigations, ...rest } = await record(file, bypass);
    expect(rest).toEqual({ ran: [], complaints: [], outward: [] });
    expect(requests).toEqual([`GET ${file}`]);
    expect(navigations).toEqual([file]);
  });

  it('a report.html that another program made is served without power', async () => {
    const at = `/runs/${ids.forged}/report.html`;
    const { ran, requests, navigations, complaints } = await record(at, false);
    // Its elements are there, for the file is what it is; none of them does anything.
    expect(ran.filter((what) => !what.startsWith('element: '))).toEqual([]);
    expect(requests.map((request) => request.replace(origin, ''))).toEqual([`GET ${at}`]);
    expect(navigations.filter((to) => !/^(about:|chrome-error:)/.test(to))).toEqual([origin + at]);
    expect(complaints.filter((text) => !/Content Security Policy|sandbox/i.test(text))).toEqual([]);
  });

  it.each(policies)('the comparison of them (policies off: %s)', async (bypass) => {
    const compared = [ids.everything, ids.rotated, ids.shifted, ids.long, ids.tooLong, ids.remade];
    for (const runs of [compared.slice(0, 2), compared]) {
      const at = `/compare?${runs.map((runId) => `run=${runId}`).join('&')}`;
      const activity = await record(at, bypass, async (page) => {
        expect(await page.locator('body').textContent()).toContain('data-hostile');
      });
      expectQuiet(activity, [at]);
    }
  });

  it.each(policies)(
    'the form, with hostile profiles loaded and pasted (policies off: %s)',
    async (bypass) => {
      const everywhere = await readFile(
        path.join(workplace.directory, 'profiles', 'everywhere.json'),
        'utf8',
      );
      const activity = await record('/new', bypass, async (page) => {
        const title = page.locator('#check-title');
        const json = page.locator('#json');
        await page.getByText('Check', { exact: true }).waitFor({ state: 'detached' });
        for (const name of ['accepted', 'everywhere']) {
          await page.locator('#example').selectOption(name);
          await page.waitForFunction(`document.getElementById('json').value.includes('data-hostile')`);
          await page.waitForTimeout(300);
        }
        expect(await title.textContent()).not.toBe('Ready to run');
        expect(await page.locator('#problems').textContent()).toContain('data-hostile');
        for (const text of [everywhere.replaceAll('\\"', "'"), everyHostileString, shown]) {
          await json.fill(text);
          await page.waitForTimeout(500);
          expect(await page.locator('#problems li').count()).toBeGreaterThan(0);
        }
      });
      expectQuiet(activity, ['/new'], [check]);
    },
  );

  it('the form refuses a profile of 1 MB', async () => {
    const activity = await record('/new', true, async (page) => {
      await page.waitForTimeout(300);
      await page.locator('#json').fill(JSON.stringify({ ...profile, name: refused }));
      await page.waitForFunction(`document.getElementById('start-problem').textContent !== ''`);
    });
    const complaints = activity.complaints.filter((text) => !/status of 413/.test(text));
    expectQuiet({ ...activity, complaints }, ['/new'], [check]);
  });

  it('stampede report prints none of their control characters', () => {
    expect(remade).toMatchObject({
      code: expect.any(Number),
      stdout: expect.stringContaining('data-hostile'),
    });
    expect(remade.stdout + remade.stderr).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u);
  });

  it('notices every payload that a page puts in unescaped', async () => {
    const seen = new Set<string>();
    const requests: string[] = [];
    const navigations: string[] = [];
    for (const [i, text] of hostileStrings.entries()) {
      const file = path.join(workplace.directory, `raw-${i}.html`);
      await writeFile(
        file,
        `<!doctype html><meta charset=utf-8><title>x</title><p title="${text}">a</p><p title='${text}'>b</p><div>${text}</div>`,
      );
      const activity = await recordTab(browser, {}, pathToFileURL(file).href).catch(
        // A page that leads away at once cannot be asked what it holds.
        (error: Error) => ({ ran: [], requests: [], navigations: [error.message], outward: [] }),
      );
      for (const what of activity.ran) seen.add(what.replace(/^element: .*/s, 'element'));
      requests.push(...activity.requests);
      navigations.push(...activity.navigations, ...activity.outward);
    }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'element',
        'call: img',
        'call: svg',
        'call: script',
        'call: mouse',
        'call: focus',
      ]),
    );
    expect(requests.join('\n')).toMatch(/POST .*\/api\/runs/);
    expect(requests.join('\n') + navigations.join('\n')).toMatch(/hostile\.invalid\/refresh|chrome-error/);
  });

  it('notices a report whose texts are not escaped', async () => {
    const original = { ...reportOf(runOf()), runId: ids.rotated };
    const { value } = await replaceStrings(original, () => hostileStrings[0]!, accepts('report'));
    const report = renderReportHtml(value);
    const unescaped = [
      ['&lt;', '<'],
      ['&gt;', '>'],
      ['&quot;', '"'],
      ['&#39;', "'"],
    ].reduce((text, [entity = '', character = '']) => text.replaceAll(entity, character), report);
    const raw = path.join(workplace.directory, 'unescaped.html');
    await writeFile(raw, unescaped);
    const { ran } = await recordTab(browser, { bypassCSP: true }, pathToFileURL(raw).href);
    expect(ran.some((what) => what.startsWith('element: '))).toBe(true);
    expect(ran.some((what) => what.startsWith('call: '))).toBe(true);
  });

  function expectQuiet(activity: Activity, at: readonly string[], allowed: readonly string[] = []): void {
    const { ran, requests, navigations, complaints, outward } = activity;
    expect({ ran, complaints, outward }).toEqual({ ran: [], complaints: [], outward: [] });
    expect(navigations).toEqual(at.map((to) => origin + to));
    const requested = requests.map((request) => request.replace(origin, ''));
    const isAllowed = (request: string) =>
      known.test(request) || allowed.includes(request) || request === 'GET data:,';
    expect(requested.filter((request) => !isAllowed(request))).toEqual([]);
    expect(requested).toEqual(expect.arrayContaining(at.map((to) => `GET ${to}`)));
  }
});
