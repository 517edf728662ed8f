import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

/** @returns bytes that the series of a run hold once all has been read into them, in a process of its own with a small heap */
async function bytesOfSeries(run: object): Promise<number> {
  const script = `
    const { planOfLongRun, playLongRun } = await import(${JSON.stringify(
      new URL('../../support/measure/long-run.ts', import.meta.url).href,
    )});
    const run = ${JSON.stringify(run)};
    // Buffers are freed by another thread, after the collection that found them.
    const held = async () => {
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 20; i++) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        least = Math.min(least, heapUsed + arrayBuffers);
      }
      return least;
    };
    // Modules, and what the first run of any length makes once.
    playLongRun(planOfLongRun({ ...run, hours: 1 }), { ...run, hours: 1 });
    const plan = planOfLongRun(run);
    const before = await held();
    globalThis.totals = playLongRun(plan, run);
    process.stdout.write(String((await held()) - before));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=80',
    '--expose-gc',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '--eval',
    script,
  ]);
  return Number(stdout);
}

it.each([
  { hours: 2, perSecond: 20_000, slices: 2 },
  { hours: 72, perSecond: 20_000, slices: 2 },
  { hours: 719, perSecond: 100, slices: 1 },
])('is at most 20 MB for $hours hours', async (run) => {
  expect(await bytesOfSeries(run)).toBeLessThan(20e6);
});
