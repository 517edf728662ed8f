import { measureInProcess, perCpuSecond, type WorkReport } from '../measured-process.ts';
import type { ArrivalsSettings } from '../pure/run-arrivals.ts';
import type { IntervalsSettings } from '../pure/run-intervals.ts';
import { measureInRounds } from '../rounds.ts';
import type { Bench, Suite } from '../suite.ts';

const runIntervals = new URL('../pure/run-intervals.ts', import.meta.url);
const runArrivals = new URL('../pure/run-arrivals.ts', import.meta.url);
const goal = { atLeast: 250_000 };

export const measure: Suite = {
  name: 'measure',
  about:
    "arrivals a CPU second through measure-latency, from a batch's bytes to its window's; a ledger of a million intervals",
  async run(bench) {
    await measureArrivals(bench);
    await measureIntervals(bench);
  },
};

async function measureArrivals(bench: Bench): Promise<void> {
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
}

async function measureIntervals(bench: Bench): Promise<void> {
  const run = (work: IntervalsSettings['work']) => (): Promise<WorkReport> => {
    bench.progress(`a million intervals: ${work}`);
    return measureInProcess(runIntervals, { work, cpuSeconds: bench.seconds / 4 });
  };
  const plain = "JavaScript's Set";
  const measured = await measureInRounds(
    bench.rounds,
    { 'interval set': run('intervals'), [plain]: run('plain') },
    bench.skip,
  );
  const cpuMs = ({ units, cpuSeconds }: WorkReport): number => (cpuSeconds / units) * 1_000;
  for (const name of measured.names) {
    bench.report({
      name: `CPU of merging 1,000,000 intervals from 100 windows, and finding what is lost: ${name}`,
      value: measured.median(name, cpuMs),
      unit: 'ms',
      ratios: measured.ratios(name, cpuMs, { [plain]: undefined }),
    });
  }
}
