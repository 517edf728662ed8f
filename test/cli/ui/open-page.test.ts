import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import type { EndedRun } from '../../../src/cli/run-to-end.ts';
import { openPage } from '../../../src/cli/ui/open-page.ts';

it('tells a page that asks for a second run, at once, that one is under way', async () => {
  const runsDirectory = await mkdtemp(path.join(tmpdir(), 'stampede-ui-'));
  const first = Promise.withResolvers<EndedRun>();
  let started = 0;
  const page = await openPage({
    runsDirectory,
    port: 0,
    runLoad: () => {
      started++;
      return first.promise;
    },
    say: () => undefined,
    interrupts: {
      stop: new AbortController().signal,
      quit: new AbortController().signal,
      close: () => undefined,
    },
  });
  try {
    const [, token = ''] =
      /stampede-token" content="([0-9a-f]+)"/.exec(await (await fetch(page.url)).text()) ?? [];
    const start = async () => {
      const response = await fetch(`${page.url}api/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-stampede-token': token },
        body: JSON.stringify({ text: '{ "devices": 10, "ratePerSecond": 10, "duration": "1s" }' }),
      });
      return { status: response.status, body: await response.json() };
    };
    expect((await start()).status).toBe(201);
    expect(await start()).toEqual({
      status: 409,
      body: { message: expect.stringMatching(/is under way; stop it/) },
    });
    expect(started).toBe(1);
    first.resolve({ logs: '' });
    await page.idle();
    expect((await start()).status).toBe(201);
  } finally {
    await page.close();
    await rm(runsDirectory, { recursive: true, force: true });
  }
});
