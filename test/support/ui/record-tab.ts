import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core';
import { openTab } from './browser.ts';

/** What a page did beside being shown. */
export interface Activity {
  /** Payloads that ran: their calls of the canary, dialogs, and elements that they made. */
  readonly ran: readonly string[];
  /** `METHOD url` of every request, other windows' included, but for those that the page's own policy kept from leaving. */
  readonly requests: readonly string[];
  /** Of every frame: one is the page itself. */
  readonly navigations: readonly string[];
  readonly complaints: readonly string[];
  /** Links, forms and sources in the document that lead anywhere but to this origin. */
  readonly outward: readonly string[];
}

/** Long enough for a refresh of 0 s and for what loads after the page. */
const settleMs = 300;

const elementsMade = `[...document.querySelectorAll('[data-hostile]')].map(({ outerHTML }) => outerHTML.slice(0, 200))`;

const outwardReferences = `[...document.querySelectorAll('[href], [src], [action], [formaction], [xlink\\\\:href]')]
  .flatMap((element) => ['href', 'src', 'action', 'formaction', 'xlink:href'].map((name) => element.getAttribute(name)))
  .filter((to) => to !== null && !/^(#|\\/(?!\\/)|data:,$)/.test(to))`;

/** As a pointer and a keyboard that pass over everything. */
const touchAll = `for (const element of document.querySelectorAll('*')) {
  for (const name of ['mouseover', 'mouseenter', 'pointerover', 'focus', 'focusin', 'toggle'])
    element.dispatchEvent(new Event(name));
}`;

/**
 * Opens a page in a tab of its own and records what it does.
 * @param act what a user does there, once it is loaded
 */
export async function recordTab(
  browser: Browser,
  options: BrowserContextOptions,
  url: string,
  act: (page: Page) => Promise<void> = async () => {},
): Promise<Activity> {
  const { page } = await openTab(browser, options);
  const context = page.context();
  const ran: string[] = [];
  const requests: Request[] = [];
  const blocked = new Set<Request>();
  const complaints: string[] = [];
  const navigations: string[] = [];
  await context.exposeFunction('__hostile', (name: unknown) => {
    ran.push(`call: ${String(name)}`);
  });
  context.on('request', (request) => requests.push(request));
  context.on('requestfailed', (request) => {
    if (request.failure()?.errorText === 'csp') blocked.add(request);
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    const { url: source } = message.location();
    // A browser looks for an icon by itself where a page names none.
    if (/^(error|warning)$/.test(message.type()) && !source.endsWith('/favicon.ico'))
      complaints.push(`${message.text()} (${source})`);
  });
  context.on('page', (other) => navigations.push(`window ${other.url()}`));
  page.on('framenavigated', (frame) => navigations.push(frame.url()));
  page.on('download', (download) => navigations.push(`download ${download.url()}`));
  page.on('dialog', (dialog) => {
    ran.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  try {
    await page.goto(url, { waitUntil: 'load' });
    await page.waitForTimeout(settleMs);
    await act(page);
    await page.evaluate(touchAll);
    await page.waitForTimeout(settleMs);
    ran.push(...((await page.evaluate(elementsMade)) as string[]).map((made) => `element: ${made}`));
    const outward = (await page.evaluate(outwardReferences)) as string[];
    const sent = requests.filter((request) => !blocked.has(request));
    return {
      ran,
      requests: sent.map((request) => `${request.method()} ${request.url()}`),
      navigations,
      complaints,
      outward,
    };
  } finally {
    await context.close();
  }
}
