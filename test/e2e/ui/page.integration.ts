import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { renderReportHtml } from '../../../src/report/html.ts';
import { formatReportJson } from '../../../src/report/report-json.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { type CliProcess, makeWorkplace, startCli, type Workplace } from '../../support/cli/run-cli.ts';
import { largeReport } from '../../support/report/large-run-fixture.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { simulateHistory } from '../../support/report/simulated-history.ts';
import {
  describeInBrowser,
  launchBrowser,
  openTab,
  seriousProblems,
  takeScreenshot,
} from '../../support/ui/browser.ts';

const troubled = { lostPerThousand: 3, throttledPerThousand: 4, duplicatedPerThousand: 1, died: [2] };
const large: Report = { ...largeReport(), runId: 'full-quota-20260901T101010Z-ab12' };
const small: Report = { ...reportOf(runOf(troubled)), runId: 'smoke-20260901T111010Z-ab12' };
const smaller: Report = { ...reportOf(runOf()), runId: 'smoke-20260901T121010Z-ab12' };

const history = simulateHistory('nightly', 15);

/** Some ten seconds. */
const profile = {
  name: 'from-the-page',
  devices: 40,
  ratePerSecond: 80,
  duration: '4s',
  drain: '1s',
  slices: { devicesPerSlice: 20 },
  thresholds: { lost_messages: ['count==0'] },
};

describeInBrowser('in a browser', () => {
  let browser: Browser;
  let workplace: Workplace;
  let cli: CliProcess;
  let link: string;
  let url: string;
  /** Of the browser that has used the link. */
  let storageState: NonNullable<BrowserContextOptions['storageState']>;
  const openOwn = (options: BrowserContextOptions = {}) => openTab(browser, { storageState, ...options });

  beforeAll(async () => {
    browser = await launchBrowser();
    workplace = makeWorkplace();
    const runs = path.join(workplace.directory, 'runs');
    for (const report of [large, small, smaller, ...history]) {
      const directory = path.join(runs, report.runId);
      await mkdir(directory, { recursive: true });
      await writeFile(path.join(directory, 'report.html'), renderReportHtml(report));
      await writeFile(path.join(directory, 'report.json'), formatReportJson(report));
    }
    cli = startCli(['ui', '--runs', runs, '--port', '0']);
    link = await new Promise((resolve) => {
      cli.child.stdout!.once('data', (text: string) => resolve(text.trim()));
    });
    url = new URL('/', link).href;
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

  describe('report.html', () => {
    const fileOf = ({ runId }: Report) =>
      `file://${path.join(workplace.directory, 'runs', runId, 'report.html')}`;

    it('of ten minutes at 20,000/s is below 2 MB and asks for nothing but itself', async () => {
      const { page, requests, complaints } = await openTab(browser);
      await page.goto(fileOf(large), { waitUntil: 'load' });
      expect(Buffer.byteLength(renderReportHtml(large))).toBeLessThan(2_000_000);
      expect(requests).toEqual([fileOf(large)]);
      expect(complaints).toEqual([]);
      await takeScreenshot(page, 'report-large');
    });

    it.each(['light', 'dark'] as const)('has no serious fault of accessibility, %s', async (colorScheme) => {
      const { page } = await openTab(browser, { colorScheme });
      await page.goto(fileOf(small));
      await takeScreenshot(page, `report-${colorScheme}`);
      expect(await seriousProblems(page)).toEqual([]);
    });

    it('fits a telephone, and paper', async () => {
      const { page } = await openTab(browser, { viewport: { width: 390, height: 800 } });
      await page.goto(fileOf(small));
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
      await takeScreenshot(page, 'report-telephone');
      await page.emulateMedia({ media: 'print' });
      await page.setViewportSize({ width: 794, height: 1_123 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(794);
      await takeScreenshot(page, 'report-print');
    });
  });

  describe('the page', () => {
    const paths = {
      runs: '/',
      'runs-of-a-profile': '/?profile=nightly',
      'new-run': '/new',
      report: `/runs/${small.runId}`,
      compare: `/compare?run=${large.runId}&run=${small.runId}&run=${smaller.runId}`,
    };

    it.each(
      Object.entries(paths).flatMap(([name, at]) => [
        [name, 'light', at] as const,
        [name, 'dark', at] as const,
      ]),
    )('%s, %s: no serious fault, no complaint, nothing from elsewhere', async (name, colorScheme, at) => {
      const { page, requests, complaints } = await openOwn({ colorScheme });
      await page.goto(new URL(at, url).href);
      await page.waitForLoadState('networkidle');
      await takeScreenshot(page, `${name}-${colorScheme}`);
      expect(await seriousProblems(page)).toEqual([]);
      expect(complaints).toEqual([]);
      expect(
        requests.filter((requested) => !requested.startsWith(url) && !requested.startsWith('data:')),
      ).toEqual([]);
    });

    it.each(['light', 'dark'] as const)(
      'plots the history of a profile, on a telephone, %s',
      async (colorScheme) => {
        const { page } = await openOwn({ colorScheme, viewport: { width: 390, height: 800 } });
        await page.goto(`${url}?profile=nightly`);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
        // No plot has to be scrolled: it is as wide as its place.
        expect(
          await page.evaluate(
            `[...document.querySelectorAll('.small .drawing')].map((d) => d.scrollWidth - d.clientWidth)`,
          ),
        ).toEqual([0, 0, 0]);
        await takeScreenshot(page, `runs-of-a-profile-telephone-${colorScheme}`);
        expect(await seriousProblems(page)).toEqual([]);
      },
    );

    it('lists the runs of one profile by the keyboard, and marks where they changed', async () => {
      const { page } = await openOwn({ viewport: { width: 1_440, height: 900 } });
      await page.goto(url);
      await page.getByLabel('Profile').focus();
      await page.keyboard.type('nightly');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.waitForURL(/profile=nightly/);
      expect(await page.locator('tbody tr').count()).toBe(history.length);
      expect(await page.locator('.changes li').first().textContent()).toContain(history[8]!.runId);
      expect(await page.locator('#trend-p99 circle').count()).toBe(history.length);
      expect(await page.locator('#trend-p99 .marks path').count()).toBe(1);
      await takeScreenshot(page, 'runs-of-a-profile-wide');
    });

    it('says what is wrong with a profile while it is typed, where it is wrong', async () => {
      const { page } = await openOwn();
      await page.goto(`${url}new`);
      await page.getByText('Ready to run').waitFor();
      const devices = page.getByLabel('Virtual devices');
      await devices.fill('-3');
      await page.getByText('1 problem').waitFor();
      expect(await devices.getAttribute('aria-invalid')).toBe('true');
      expect(await page.locator('#field-devices-problem').textContent()).not.toBe('');
      await devices.fill('300');
      await page.getByText('Ready to run').waitFor();
      expect(JSON.parse(await page.locator('#json').inputValue())).toMatchObject({ devices: 300 });
      await page.getByLabel('Shape').selectOption('constant');
      await page.getByLabel('Messages a second', { exact: true }).fill('50');
      await page.getByText('up to 50/s').waitFor();
      await page.locator('#json').fill('{ "devices": ');
      await page.getByText('1 problem').waitFor();
      expect(await devices.isDisabled()).toBe(true);
      await takeScreenshot(page, 'new-run-faults');
    });

    it('starts a run, watches it, and shows its report', async () => {
      const { page, requests, complaints } = await openOwn();
      // Longer than axe takes to read the page on a busy machine.
      await start(page, { ...profile, duration: '25s' });
      await page.getByText('publishing', { exact: true }).waitFor();
      await page.locator('#rate-plot svg').first().waitFor();
      await page.locator('#latency-plots svg').first().waitFor();
      await takeScreenshot(page, 'live-light');
      expect(await seriousProblems(page)).toEqual([]);
      expect(await page.locator('#slices-plot desc').textContent()).toContain('2 slices');
      await page.locator('.verdict').waitFor();
      expect(await page.locator('.verdict').textContent()).toMatch(/^(✓ passed|\? inconclusive)$/);
      await page.locator('#ledger-flow').waitFor();
      await takeScreenshot(page, 'live-ended');
      expect(complaints).toEqual([]);
      expect(
        requests.filter((requested) => !requested.startsWith(url) && !requested.startsWith('data:')),
      ).toEqual([]);
    });

    it('stops a run by the keyboard, and shows what was measured until then', async () => {
      const { page } = await openOwn({ colorScheme: 'dark' });
      await start(page, { ...profile, name: 'stopped', duration: '2m' });
      await page.getByText('publishing', { exact: true }).waitFor();
      await page.locator('#latency-plots svg').first().waitFor();
      await takeScreenshot(page, 'live-dark');
      expect(await seriousProblems(page)).toEqual([]);
      // Skip link, two links of the navigation, pause, stop.
      for (let i = 0; i < 5; i++) await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.id')).toBe('stop');
      await page.keyboard.press('Enter');
      await page.locator('.verdict').waitFor();
      expect(await page.locator('.verdict').textContent()).toBe('■ aborted');
      expect(await page.locator('.reasons').textContent()).toContain('ended before its time');
    });

    it('lets no other browser in, until it uses the next link', async () => {
      const { page } = await openTab(browser);
      for (const at of [url, link, `${url}runs/${small.runId}`]) {
        await page.goto(at);
        expect(await page.locator('body').textContent()).toMatch(/has no session|has been used/);
      }
      const [next = ''] =
        cli
          .said()
          .match(/http:\S+\/open\?token=\S+/g)
          ?.slice(-1) ?? [];
      await page.goto(next);
      await page.waitForURL(url);
      await page.getByRole('link', { name: 'New run' }).click();
      await page.getByText('Ready to run').waitFor();
      expect(await page.evaluate('document.cookie')).toBe('');
    });

    it('gives a page of another origin nothing, and takes nothing from it', async () => {
      const unrelated = await serveUnrelatedPage();
      try {
        const { page } = await openOwn();
        await page.goto(`http://127.0.0.1:${(unrelated.address() as AddressInfo).port}/`);
        const attempts = await page.evaluate(`(async () => {
          const tried = async (path, options) => {
            try { return (await fetch('${url}' + path, options)).status; } catch { return 'refused'; }
          };
          return [
            await tried('', {}),
            await tried('runs/${small.runId}/report.json', {}),
            await tried('api/runs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }),
            await tried('api/runs', { method: 'POST', mode: 'no-cors', body: '{}' }),
          ];
        })()`);
        expect(attempts).toEqual(['refused', 'refused', 'refused', 'refused']);
        const frame = await page.evaluate(`new Promise((resolve) => {
          const frame = document.createElement('iframe');
          frame.src = '${url}';
          frame.onload = () => { try { resolve(frame.contentDocument ? 'readable' : 'closed'); } catch { resolve('closed'); } };
          document.body.append(frame);
        })`);
        expect(frame).toBe('closed');
        const after = await openOwn();
        await after.page.goto(url);
        expect(await after.page.getByText('Under way').count()).toBe(0);
      } finally {
        unrelated.close();
      }
    });
  });

  async function start(page: Page, profileToRun: object): Promise<void> {
    await page.goto(`${url}new`);
    await page.getByText('Ready to run').waitFor();
    await page.locator('#json').fill(JSON.stringify(profileToRun));
    await page.getByText(/one Lambda/).waitFor();
    await page.getByRole('button', { name: 'Start the run' }).click();
    await page.waitForURL(/\/runs\//);
  }
});

function serveUnrelatedPage(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>elsewhere</title>');
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
