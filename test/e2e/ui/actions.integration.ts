import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser, seriousProblems, takeScreenshot } from '../../support/ui/browser.ts';
import { type RunPage, startRunPage } from '../../support/ui/run-page.ts';

const profile = {
  name: 'changed',
  duration: '90s',
  drain: '1s',
  groups: {
    meters: { devices: 30, ratePerSecond: 30 },
    trackers: { devices: 10, ratePerSecond: 10 },
    probes: { devices: 5, ratePerSecond: 5, duration: '6s' },
  },
  limits: { maxCostUsd: 0.05 },
  thresholds: { lost_messages: ['count==0'] },
};

const pollMs = 100;
/** An idle machine shows an effect within three seconds of its instant; a busy one has three times as long. */
const effectPolls = (3 * 3_000) / pollMs;

describeInBrowser('the live page changes a run', () => {
  let run: RunPage;
  let page: Page;

  /** Whether it becomes so within that many polls of the page. */
  const becomes = async (isSo: () => Promise<boolean>, polls = effectPolls) => {
    for (let i = 0; i < polls; i++) {
      if (await isSo()) return true;
      await page.waitForTimeout(pollMs);
    }
    return false;
  };
  /** The time from the press of a button to the instant of its action, as the page says it, in polls. */
  const leadPolls = async () => {
    const [, lead = '', unit] =
      /about ([\d.]+) (m?s) after/.exec((await page.locator('#rate-effect').textContent()) ?? '') ?? [];
    return Math.ceil((Number(lead) * (unit === 's' ? 1_000 : 1)) / pollMs);
  };
  const isMarked = async (name: string) => becomes(async () => (await run.marks(name).count()) > 0);

  beforeAll(async () => {
    run = await startRunPage(profile);
    ({ page } = run);
  });
  afterAll(() => run?.close());

  it('says what a control does and when before it is pressed', async () => {
    await page.locator('#disconnect-share').fill('50');
    await page.locator('#action-group').selectOption('meters');
    expect(await page.locator('#disconnect-effect').textContent()).toMatch(
      /^50 % of the devices of group meters \(about 15\) lose their connections without a DISCONNECT, .*, about [\d.]+ m?s after you press the button/,
    );
    expect(await seriousProblems(page)).toEqual([]);
  });

  it('changes the rate: accepted, marked, and the plot of rates follows', async () => {
    await page.locator('#rate-factor').fill('2');
    expect(await page.locator('#rate-slider').inputValue()).toBe('2');
    await run.press('rate', '✓ rate × 2 in group meters at');
    expect(await isMarked('rate × 2 in group meters')).toBe(true);
    // The names stand below the plot, by the numbers in it.
    expect(await page.locator('#rate-plot .mark-names').textContent()).toMatch(
      /^\d:\d\d rate × 2 in group meters$/,
    );
    // Of 40 messages a second 30 become 60.
    const busiest = async () => {
      const text = (await page.locator('#rate-plot desc').textContent()) ?? '';
      return Number(/([\d,]+) sent/.exec(text)?.[1]?.replaceAll(',', ''));
    };
    expect(await becomes(async () => (await busiest()) >= 65, (await leadPolls()) + effectPolls)).toBe(true);
  });

  it('disconnects devices: accepted, marked, and they connect again', async () => {
    await page.locator('#quotas-table').scrollIntoViewIfNeeded();
    const connects = page
      .locator('#quotas-table tr', { hasText: 'connects per second' })
      .locator('td')
      .first();
    const isConnecting = async () => Number.parseInt((await connects.textContent()) ?? '', 10) > 0;
    expect(await becomes(async () => !(await isConnecting()))).toBe(true);
    await run.press('disconnect', '✓ disconnect 50 % of the devices (drop) in group meters at');
    await page.locator('#quotas-table').scrollIntoViewIfNeeded();
    expect(await becomes(isConnecting, (await leadPolls()) + effectPolls)).toBe(true);
    expect(await isMarked('disconnect 50 %')).toBe(true);
  });

  it('changes the network: accepted, marked, and measured', async () => {
    await page.locator('#network-name').selectOption('delay');
    expect(await page.locator('#network-value').inputValue()).toBe('50ms..150ms');
    await page.locator('#network-value').fill('400ms');
    expect(await page.locator('#network-effect').textContent()).toMatch(
      /^In the network of devices of group meters, delay becomes 400ms, for open connections too, about .* How long a packet takes, one way/,
    );
    await run.press('network', '✓ network delay 400ms in group meters');
    expect(await isMarked('network delay 400ms')).toBe(true);
    // What is out of view is drawn seldom. A PUBACK takes the delay both ways.
    await page.locator('#percentiles-puback_round_trip').scrollIntoViewIfNeeded();
    const slowest = async () => {
      const plot = page.locator('#percentiles-puback_round_trip desc');
      const [, text = '', unit] =
        /p99 lies between .*? and ([\d.,]+) (m?s)/.exec((await plot.textContent()) ?? '') ?? [];
      return Number(text.replaceAll(',', '')) * (unit === 's' ? 1_000 : 1);
    };
    expect(await becomes(async () => (await slowest()) >= 790, (await leadPolls()) + effectPolls)).toBe(true);
    await page.locator('#network-name').selectOption('none');
    expect(await page.locator('#network-value').isDisabled()).toBe(true);
    await run.press('network', '✓ network none');
  });

  it('changes the faults of the service, and says why it refuses', async () => {
    await page.locator('#faults-name').selectOption('dropAcks');
    await page.locator('#faults-value').fill('nonsense');
    await run.form('faults').getByRole('button').click();
    await page.locator('#faults-problem').filter({ hasText: 'dropAcks' }).waitFor();
    expect(await page.locator('#faults-accepted').textContent()).toBe('');
    await page.locator('#faults-value').fill('100%');
    await run.press('faults', '✓ faults of embedded IoT Core: dropAcks 1 at');
    expect(await isMarked('dropAcks')).toBe(true);
    // Once it is in force no publish is acknowledged any more.
    await page.locator('#groups-table').scrollIntoViewIfNeeded();
    const stands = async () => {
      const [sent, acked] = [await run.cellOf('trackers', 1), await run.cellOf('trackers', 2)];
      await page.waitForTimeout(2_100);
      return (await run.cellOf('trackers', 2)) === acked && (await run.cellOf('trackers', 1)) > sent;
    };
    expect(await becomes(stands, 3)).toBe(true);
  });

  it.each([
    ['past a quota', 'meters', '120', 'publishes per second per connection: 120/s planned'],
    ['past the limit of costs', 'meters', '50', 'limits.maxCostUsd $0.'],
    ['whose instant would be past the end', 'probes', '2', 'run publishes until '],
  ])('refuses an action %s, and says why at its form', async (_, group, factor, why) => {
    const actions = await page.locator('#rate-plot .marks title').count();
    await page.locator('#action-group').selectOption(group);
    await page.locator('#rate-factor').fill(factor);
    await run.form('rate').getByRole('button').click();
    await page.locator('#rate-problem[role="alert"]').filter({ hasText: why }).waitFor();
    expect(await page.locator('#rate-accepted').textContent()).toBe('');
    expect(await page.locator('#rate-plot .marks title').count()).toBe(actions);
  });

  it('works by the keyboard alone', async () => {
    const focused = () => page.evaluate<string>('document.activeElement.id');
    const tabTo = async (id: string) => {
      for (let i = 0; i < 20 && (await focused()) !== id; i++) await page.keyboard.press('Tab');
      expect(await focused()).toBe(id);
    };
    await page.locator('#action-group').focus();
    await page.keyboard.type('of group t');
    expect(await page.locator('#action-group').inputValue()).toBe('trackers');
    await tabTo('rate-slider');
    await page.keyboard.press('Home');
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
    expect(await page.locator('#rate-factor').inputValue()).toBe('0.5');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.locator('#rate-accepted').filter({ hasText: '✓ rate × 0.5 in group trackers' }).waitFor();
    expect(await isMarked('rate × 0.5 in group trackers')).toBe(true);
    await tabTo('disconnect-share');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('0');
    await page.keyboard.press('Enter');
    await page.locator('#disconnect-problem').filter({ hasText: 'is no share of the devices: 0%' }).waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('25');
    await page.keyboard.press('Enter');
    await page.locator('#disconnect-accepted').filter({ hasText: '✓ disconnect 25 %' }).waitFor();
    expect(await focused()).toBe('disconnect-share');
    expect(await isMarked('disconnect 25 %')).toBe(true);
  });

  it('fits a telephone, in light and dark, and complains of nothing', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1_440, 390]) {
        await page.setViewportSize({ width, height: 844 });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        await takeScreenshot(page, `live-actions-${width}-${colorScheme}`);
      }
      expect(await seriousProblems(page)).toEqual([]);
    }
    expect(run.complaints.filter((text) => !text.includes('422'))).toEqual([]);
  });
});
