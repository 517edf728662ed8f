import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type CliProcess, makeWorkplace, startCli, type Workplace } from '../../support/cli/run-cli.ts';
import {
  describeInBrowser,
  launchBrowser,
  openTab,
  seriousProblems,
  takeScreenshot,
} from '../../support/ui/browser.ts';

const profile = {
  name: 'changed',
  duration: '90s',
  drain: '1s',
  groups: {
    meters: { devices: 30, ratePerSecond: 30 },
    trackers: { devices: 10, ratePerSecond: 10 },
  },
  thresholds: { lost_messages: ['count==0'] },
};

/** From the press of a button to the mark and to the effect. */
const effectMs = 3_000;
/** From the press to the instant of an action, at most. */
const leadMs = 2_000;

describeInBrowser('the live page changes a run', () => {
  let browser: Browser;
  let workplace: Workplace;
  let cli: CliProcess;
  let page: Page;
  let complaints: readonly string[];

  const form = (name: string) => page.locator(`form[data-action="${name}"]`);
  const marks = (text: string) => page.locator('#rate-plot .marks title', { hasText: text });
  const cellOf = async (group: string, column: number) => {
    const text = await page
      .locator('#groups-table tr', { hasText: group })
      .locator('td')
      .nth(column)
      .textContent();
    return Number((text ?? '').split(' of ')[0]!.replaceAll(',', ''));
  };
  const until = async (isThere: () => Promise<boolean>, withinMs = effectMs) => {
    const began = performance.now();
    while (!(await isThere())) {
      if (performance.now() - began > withinMs) return Number.POSITIVE_INFINITY;
      await page.waitForTimeout(50);
    }
    return performance.now() - began;
  };
  /** A mark shows once the instant of its action has come. */
  const isMarked = async (name: string) => {
    const isThere = async () => (await marks(name).count()) === 1;
    return (await until(isThere, leadMs + effectMs)) < Number.POSITIVE_INFINITY;
  };

  beforeAll(async () => {
    browser = await launchBrowser();
    workplace = makeWorkplace();
    const file = workplace.writeProfile('changed.json', profile);
    cli = startCli(['run', file, '--runs', `${workplace.directory}/runs`, '--ui', '--ui-port', '0']);
    let output = '';
    const link = await new Promise<string>((resolve) => {
      for (const stream of [cli.child.stdout!, cli.child.stderr!])
        stream.on('data', (text: string) => {
          output += text;
          const [found] = /http:\/\/127\.0\.0\.1:\d+\/open\?token=[\w-]+/.exec(output) ?? [];
          if (found !== undefined) resolve(found);
        });
    });
    const tab = await openTab(browser, { viewport: { width: 1_440, height: 900 } });
    ({ page, complaints } = tab);
    await page.goto(link);
    await page
      .getByRole('link', { name: /changed/ })
      .first()
      .click();
    await page.getByText('publishing', { exact: true }).waitFor({ timeout: 60_000 });
  }, 120_000);

  afterAll(async () => {
    cli?.child.kill('SIGINT');
    await Promise.all([cli?.result, browser?.close()]);
    workplace?.remove();
  });

  it('says what a control does and when before it is pressed', async () => {
    await page.locator('#disconnect-share').fill('50');
    await page.locator('#action-group').selectOption('meters');
    expect(await page.locator('#disconnect-effect').textContent()).toMatch(
      /^50 % of the devices of group meters \(about 15\) lose their connections without a DISCONNECT, .*, about [\d.]+ m?s after you press the button/,
    );
    expect(await seriousProblems(page)).toEqual([]);
  }, 30_000);

  it('disconnects devices: accepted, marked, and they come back', async () => {
    await form('disconnect').getByRole('button').click();
    const accepted = page.locator('#disconnect-accepted');
    await accepted
      .filter({ hasText: '✓ disconnect 50 % of the devices (drop) in group meters at' })
      .waitFor({ timeout: effectMs });
    expect(await isMarked('disconnect 50 %')).toBe(true);
  }, 30_000);

  it('changes the network: accepted, marked, and measured within three seconds of its instant', async () => {
    await page.locator('#network-delay').fill('400ms');
    expect(await page.locator('#network-effect').textContent()).toMatch(
      /^The network of devices of group meters stays as it is, and delays each packet by 400ms in each direction/,
    );
    await form('network').getByRole('button').click();
    const accepted = page.locator('#network-accepted').filter({ hasText: '✓ network' });
    await accepted.waitFor({ timeout: effectMs });
    expect(await isMarked('network')).toBe(true);
    // What is out of view is drawn seldom. A PUBACK takes the delay both ways.
    await page.locator('#percentiles-puback_round_trip').scrollIntoViewIfNeeded();
    const slowest = async () => {
      const plot = page.locator('#percentiles-puback_round_trip desc');
      const [, text = '', unit] =
        /p99 lies between .*? and ([\d.,]+) (m?s)/.exec((await plot.textContent()) ?? '') ?? [];
      return Number(text.replaceAll(',', '')) * (unit === 's' ? 1_000 : 1);
    };
    expect(await until(async () => (await slowest()) >= 790)).toBeLessThan(effectMs);
    await page.locator('#network-delay').fill('');
    await page.locator('#network-preset').selectOption('none');
    await form('network').getByRole('button').click();
    await accepted.filter({ hasText: 'none' }).waitFor({ timeout: effectMs });
  }, 30_000);

  it('changes the faults of the service, and says why it refuses', async () => {
    await page.locator('#faults-name').selectOption('dropAcks');
    await page.locator('#faults-value').fill('nonsense');
    await form('faults').getByRole('button').click();
    await page.locator('#faults-problem').filter({ hasText: 'dropAcks' }).waitFor({ timeout: effectMs });
    expect(await page.locator('#faults-accepted').textContent()).toBe('');
    await page.locator('#faults-value').fill('100%');
    await form('faults').getByRole('button').click();
    await page.locator('#faults-accepted').filter({ hasText: '✓' }).waitFor({ timeout: effectMs });
    expect(await page.locator('#faults-problem').textContent()).toBe('');
    expect(await isMarked('dropAcks')).toBe(true);
    // Once it is in force no publish is acknowledged any more.
    await page.locator('#groups-table').scrollIntoViewIfNeeded();
    const stands = async () => {
      const [sent, acked] = [await cellOf('trackers', 1), await cellOf('trackers', 2)];
      await page.waitForTimeout(2_100);
      return (await cellOf('trackers', 2)) === acked && (await cellOf('trackers', 1)) > sent;
    };
    expect(await stands().then((is) => is || stands())).toBe(true);
  }, 30_000);

  it('works by the keyboard alone', async () => {
    await page.locator('#action-group').focus();
    // Down to the share of devices to disconnect, and Enter in it.
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.id')) === 'disconnect-share') break;
    }
    expect(await page.evaluate('document.activeElement.id')).toBe('disconnect-share');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('0');
    await page.keyboard.press('Enter');
    await page
      .locator('#disconnect-problem')
      .filter({ hasText: 'is no share of the devices: 0%' })
      .waitFor({ timeout: effectMs });
    await page.keyboard.press('Control+A');
    await page.keyboard.type('25');
    await page.keyboard.press('Enter');
    await page
      .locator('#disconnect-accepted')
      .filter({ hasText: '✓ disconnect 25 %' })
      .waitFor({ timeout: effectMs });
    expect(await page.evaluate('document.activeElement.id')).toBe('disconnect-share');
    expect(await isMarked('disconnect 25 %')).toBe(true);
  }, 30_000);

  it('fits a telephone, and complains of nothing', async () => {
    await takeScreenshot(page, 'live-actions');
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await takeScreenshot(page, 'live-actions-telephone');
    expect(complaints.filter((text) => !text.includes('422'))).toEqual([]);
  }, 30_000);
});
