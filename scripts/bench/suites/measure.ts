import { measureInProcess, perCpuSecond, type WorkReport } from '../measured-process.ts';
import type { ArrivalsSettings } from '../pure/run-arrivals.ts';
import { measureInRounds } from '../rounds.ts';
import type { Suite } from '../suite.ts';

const runArrivals = new URL('../pure/run-arrivals.ts', import.meta.url);
const goal = { atLeast: 250_000 };

export const measure: Suite = {
  name: 'measure',
  about: "arrivals a CPU second through measure-latency, from a batch's bytes to its window's",
  async run(bench) {
    for (const slices of [4, 40, 1_000]) {
      const run = (work: ArrivalsSettings['work']) => (): Promise<WorkReport> => {
        bench.progress(`${work}, ${slices} slices`);
        return measureInProcess(runArrivals, { work, slices, cpuSeconds: bench.seconds / 2 });
      };
      const measured = await measureInRounds(
        bench.rounds,
        {
          'measure-latency': run('measure'),
          'JSON.parse alone': run('parse'),
        },
        bench.skip,
      );
      for (const name of measured.names) {
        bench.report({
          name: `arrivals, batches of 10,000 from ${slices} slices: ${name}`,
          value: measured.median(name, perCpuSecond),
          unit: '/CPU s',
          ...(name === 'measure-latency' && {
            goal,
            ratios: measured.ratios(name, perCpuSecond, { 'JSON.parse alone': undefined }),
          }),
        });
      }
    }
  },
};
