import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeInBrowser } from '../../support/ui/browser.ts';
import { type RunPage, startRunPage } from '../../support/ui/run-page.ts';

// From the press of a button to what the user sees of it.

const profile = {
  name: 'pressed',
  duration: '60s',
  drain: '1s',
  groups: { meters: { devices: 30, ratePerSecond: 30 }, trackers: { devices: 10, ratePerSecond: 10 } },
  connect: { client: 'dense' },
  thresholds: { lost_messages: [], unacknowledged_messages: [] },
};

const withinMs = 3_000;
const pollMs = 50;
const roundTrips = 'percentiles-puback_round_trip';

describeInBrowser('within three seconds of the press of a button, its mark and its effect are there', () => {
  let run: RunPage;
  beforeAll(async () => {
    run = await startRunPage(profile);
  });
  afterAll(() => run?.close());

  /** The most of a column in the last two rows below a plot. */
  const newest = async (plot: string, column: number) => {
    const rows = await run.page.locator(`#${plot} tbody tr`).all();
    const cells = rows.slice(-2).map((row) => row.locator('th, td').nth(column).textContent());
    const numbers = (await Promise.all(cells)).map((text) => Number((text ?? '').replaceAll(',', '')));
    return Math.max(...numbers.filter((each) => !Number.isNaN(each)));
  };
  const slowestMs = () => newest(roundTrips, 3);

  /** @returns milliseconds from the press to the mark on a plot, and to what changes there */
  const press = async (name: string, { plot, mark, isSeen }: Effect) => {
    const isMarked = async () =>
      (await run.page.locator(`#${plot} .marks title`, { hasText: mark }).count()) > 0;
    await run.page.locator(`#${plot}`).scrollIntoViewIfNeeded();
    expect([await isMarked(), await isSeen()]).toEqual([false, false]);
    const from = performance.now();
    await run.form(name).getByRole('button').click();
    await run.page.locator(`#${plot}`).scrollIntoViewIfNeeded();
    const since: { mark?: number; effect?: number } = {};
    while (since.mark === undefined || since.effect === undefined) {
      if (since.mark === undefined && (await isMarked())) since.mark = performance.now() - from;
      if (since.effect === undefined && (await isSeen())) since.effect = performance.now() - from;
      await run.page.waitForTimeout(pollMs);
    }
    console.info(`${name}: mark ${since.mark.toFixed(0)} ms, effect ${since.effect.toFixed(0)} ms`);
    return Math.max(since.mark, since.effect);
  };

  it('of the rate', async () => {
    const sent = () => newest('rate-plot', 2);
    await run.page.locator('#rate-factor').fill('2');
    // Of 40 messages a second become 80.
    const effect = { plot: 'rate-plot', mark: 'rate × 2', isSeen: async () => (await sent()) >= 60 };
    expect(await press('rate', effect)).toBeLessThanOrEqual(withinMs);
  });

  it('of a fault of the service', async () => {
    await run.page.locator('#faults-name').selectOption('ackDelay');
    await run.page.locator('#faults-value').fill('150ms');
    const isSeen = async () => (await slowestMs()) >= 149;
    const effect = { plot: roundTrips, mark: 'ackDelay 150', isSeen };
    expect(await press('faults', effect)).toBeLessThanOrEqual(withinMs);
  });

  it('of the network', async () => {
    await run.page.locator('#network-name').selectOption('delay');
    await run.page.locator('#network-value').fill('150ms');
    // A PUBACK takes the delay both ways, and that of the service.
    const isSeen = async () => (await slowestMs()) >= 445;
    const effect = { plot: roundTrips, mark: 'network delay 150ms', isSeen };
    expect(await press('network', effect)).toBeLessThanOrEqual(withinMs);
  });
});

interface Effect {
  readonly plot: string;
  readonly mark: string;
  readonly isSeen: () => Promise<boolean>;
}
