import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import type { EndedRun } from '../../../src/cli/run/follow-run.ts';
import type { OpenPage, PageRequest } from '../../../src/cli/run/live-page.ts';
import { openPage } from '../../../src/ui/open-page.ts';
import { openSession } from '../../support/ui/session-cookie.ts';

const anySignal = () => new AbortController().signal;

async function openPageOf(runsDirectory: string, runLoad: PageRequest['runLoad']): Promise<OpenPage> {
  return openPage({
    runsDirectory,
    port: 0,
    runLoad,
    say: () => undefined,
    interrupts: { stop: anySignal(), quit: anySignal(), close: () => undefined },
  });
}

it('answers a second run, at once, that one is in progress', async () => {
  const runsDirectory = await mkdtemp(path.join(tmpdir(), 'stampede-ui-'));
  const first = Promise.withResolvers<EndedRun>();
  let started = 0;
  const page = await openPageOf(runsDirectory, () => {
    started++;
    return first.promise;
  });
  try {
    const cookie = await openSession(page.link);
    const start = async () => {
      const response = await fetch(new URL('/api/runs', page.link), {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
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
