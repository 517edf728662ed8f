import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import type { FuzzResult } from '../../support/cli/run-files-fuzz.ts';

/** `FUZZ_RUNS=50000` for a long one; a failure names the seed that repeats it: `FUZZ_SEED=… FUZZ_RUNS=1`. */
const runs = Number(process.env.FUZZ_RUNS ?? 1_000);
const firstSeed = Number(process.env.FUZZ_SEED ?? 1);

const runsPerProcess = 2_000;
const maxRssBytes = 512 * 1_024 * 1_024;
const fuzzer = path.resolve(import.meta.dirname, '../../support/cli/run-files-fuzz.ts');
/** Of V8, MB: it lets garbage lie until it is near its limit. */
const heapLimit = '--max-old-space-size=320';

/** In a process of its own: this one holds the test runner, and what it compiled. */
async function fuzzInProcess(count: number, seed: number): Promise<FuzzResult> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [heapLimit, fuzzer, String(count), String(seed)],
    {
      maxBuffer: maxRssBytes,
    },
  );
  return JSON.parse(stdout) as FuzzResult;
}

it('reads run directories of other users, without a crash, in 512 MB and 10 s each', async () => {
  const results: FuzzResult[] = [];
  for (let done = 0; done < runs; done += runsPerProcess)
    results.push(await fuzzInProcess(Math.min(runsPerProcess, runs - done), firstSeed + done));
  const sum = (of: 'runs' | 'read' | 'refused') => results.reduce((total, result) => total + result[of], 0);
  const slowest = results.reduce((a, b) => (a.slowestMs > b.slowestMs ? a : b));
  const peakRssBytes = Math.max(...results.map((result) => result.peakRssBytes));
  const figures = { runs: sum('runs'), read: sum('read'), refused: sum('refused'), peakRssBytes };
  console.log(JSON.stringify({ ...figures, slowestMs: slowest.slowestMs, slowestSeed: slowest.slowestSeed }));
  expect(results.flatMap(({ crashes }) => crashes)).toEqual([]);
  expect(figures.runs).toBe(runs);
  if (runs > 100) {
    expect(figures.read).toBeGreaterThan(0);
    expect(figures.refused).toBeGreaterThan(0);
  }
  expect(peakRssBytes).toBeLessThan(maxRssBytes);
  expect(slowest.slowestMs).toBeLessThan(10_000);
}, 36_000_000);
