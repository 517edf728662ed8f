import { measureInProcess, type WorkReport } from '../measured-process.ts';
import type { PlanSettings } from '../pure/run-plan.ts';
import { measureInRounds } from '../rounds.ts';
import type { Suite } from '../suite.ts';

const runPlan = new URL('../pure/run-plan.ts', import.meta.url);
const names = {
  plan: 'the plan and its fan-out',
  preflight: 'the plan and its forecasts',
  slices: "every slice's own schedule",
  reference: '10,000 objects to JSON and back',
} as const;

export const plan: Suite = {
  name: 'plan',
  about: 'planning 1,000,000 devices in 10,000 slices',
  async run(bench) {
    const run = (work: PlanSettings['work']) => (): Promise<WorkReport> => {
      bench.progress(names[work]);
      const settings = { work, devices: 1_000_000, slices: 10_000, cpuSeconds: bench.seconds / 4 };
      return measureInProcess(runPlan, settings);
    };
    const measured = await measureInRounds(
      bench.rounds,
      {
        [names.plan]: run('plan'),
        [names.preflight]: run('preflight'),
        [names.slices]: run('slices'),
        [names.reference]: run('reference'),
      },
      bench.skip,
    );
    for (const name of measured.names) {
      bench.report({
        name: `CPU of 1,000,000 devices in 10,000 slices: ${name}`,
        value: measured.median(name, cpuMs),
        unit: 'ms',
        ratios: measured.ratios(name, cpuMs, { [names.reference]: undefined }),
      });
    }
  },
};

function cpuMs({ units, cpuSeconds }: WorkReport): number {
  return (cpuSeconds / units) * 1_000;
}
