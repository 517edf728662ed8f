import { expect } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { type CliProcess, makeWorkplace, startCli, type Workplace } from '../cli/run-cli.ts';
import { launchBrowser, openTab } from './browser.ts';

/** A rehearsal that publishes, and its live page in a browser. */
export interface RunPage {
  readonly page: Page;
  /** What the console and uncaught errors said. */
  readonly complaints: readonly string[];
  form(name: string): Locator;
  /** Marks of actions on the plot of rates. */
  marks(text: string): Locator;
  /** Presses the button of a form, and reads that it was accepted. */
  press(name: string, accepted: string): Promise<void>;
  /** A number in the table of groups. */
  cellOf(group: string, column: number): Promise<number>;
  close(): Promise<void>;
}

/** Starts `run --ui` and goes to its page, as a user does. @param profile with a name */
export async function startRunPage(profile: { readonly name: string }): Promise<RunPage> {
  const browser = await launchBrowser();
  const workplace = makeWorkplace();
  const cli = startUi(workplace, profile);
  const close = async () => {
    cli.child.kill('SIGINT');
    await Promise.all([cli.result, browser.close()]);
    workplace.remove();
  };
  try {
    const { page, complaints } = await openRun(browser, await linkOf(cli), profile.name);
    const form = (name: string) => page.locator(`form[data-action="${name}"]`);
    return {
      page,
      complaints,
      close,
      form,
      marks: (text) => page.locator('#rate-plot .marks title', { hasText: text }),
      async press(name, accepted) {
        await form(name).getByRole('button').click();
        await page.locator(`#${name}-accepted`).filter({ hasText: accepted }).waitFor();
        expect(await page.locator(`#${name}-problem`).textContent()).toBe('');
      },
      async cellOf(group, column) {
        const row = page.locator('#groups-table tr', { hasText: group });
        const text = await row.locator('td').nth(column).textContent();
        return Number((text ?? '').split(' of ')[0]!.replaceAll(',', ''));
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function startUi(workplace: Workplace, profile: { readonly name: string }): CliProcess {
  const file = workplace.writeProfile(`${profile.name}.json`, profile);
  return startCli(['run', file, '--runs', `${workplace.directory}/runs`, '--ui', '--ui-port', '0']);
}

function linkOf({ child }: CliProcess): Promise<string> {
  let output = '';
  return new Promise((resolve) => {
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (text: string) => {
        output += text;
        const [found] = /http:\/\/127\.0\.0\.1:\d+\/open\?token=[\w-]+/.exec(output) ?? [];
        if (found !== undefined) resolve(found);
      });
  });
}

async function openRun(browser: Browser, link: string, name: string) {
  const { page, complaints } = await openTab(browser, { viewport: { width: 1_440, height: 900 } });
  await page.goto(link);
  await page
    .getByRole('link', { name: new RegExp(name) })
    .first()
    .click();
  await page.getByText('publishing', { exact: true }).waitFor();
  return { page, complaints };
}
