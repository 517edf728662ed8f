import { expect, it } from '@jest/globals';
import { fuzzRunFiles } from '../../../support/cli/run-files-fuzz.ts';

/** `FUZZ_RUNS=50000` for a long one; a failure names the seed that repeats it: `FUZZ_SEED=… FUZZ_RUNS=1`. */
const runs = Number(process.env.FUZZ_RUNS ?? 1_000);
const seed = Number(process.env.FUZZ_SEED ?? 1);

it('reads run directories that somebody else made, without a crash, much memory or much time', async () => {
  const { crashes, ...figures } = await fuzzRunFiles(runs, seed);
  console.log(JSON.stringify(figures));
  expect(crashes).toEqual([]);
  expect(figures.read).toBeGreaterThan(0);
  expect(figures.refused).toBeGreaterThan(0);
  expect(figures.slowestMs).toBeLessThan(10_000);
}, 36_000_000);
