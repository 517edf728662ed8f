import type { Figure, Goal } from '../figure.ts';
import { measureInProcess } from '../measured-process.ts';
import { measureInRounds, type SideBySide } from '../rounds.ts';
import type { ScaleReport, ScaleSettings } from '../scale/run-scale.ts';
import type { Suite } from '../suite.ts';
import { formatFigure } from '../table.ts';

const runScale = new URL('../scale/run-scale.ts', import.meta.url);
const sizes = [100, 1_000, 10_000];
/** Of the largest run, all work together. */
const goals = { seconds: { atMost: 5 }, megabytes: { atMost: 512 } } as const;

interface Quantity {
  readonly name: string;
  readonly unit: Figure['unit'];
  readonly of: (report: ScaleReport) => number;
  /** For the largest run. */
  readonly goal?: Goal;
}

const quantities: readonly Quantity[] = [
  { name: 'CPU: the plan and its fan-out', unit: 'ms', of: ({ cpuSeconds }) => cpuSeconds.plan * 1_000 },
  { name: 'CPU: slice results merged', unit: 's', of: ({ cpuSeconds }) => cpuSeconds.slices },
  { name: 'CPU: 1,000 arrival windows merged', unit: 's', of: ({ cpuSeconds }) => cpuSeconds.windows },
  { name: 'CPU: the report and its page', unit: 's', of: ({ cpuSeconds }) => cpuSeconds.report },
  {
    name: 'CPU: all of summarize',
    unit: 's',
    of: ({ cpuSeconds }) => cpuSeconds.slices + cpuSeconds.windows + cpuSeconds.report,
    goal: goals.seconds,
  },
  {
    name: 'largest resident memory',
    unit: 'MB',
    of: ({ maxRssBytes }) => maxRssBytes / 1e6,
    goal: goals.megabytes,
  },
  {
    name: 'largest payload of a state',
    unit: 'bytes',
    of: ({ bytes }) => bytes.state,
    goal: { atMost: 262_144 },
  },
  { name: 'plan.json', unit: 'bytes', of: ({ bytes }) => bytes.plan },
  { name: 'a slice result', unit: 'bytes', of: ({ bytes }) => bytes.slice },
  { name: 'an arrival window', unit: 'bytes', of: ({ bytes }) => bytes.window },
  { name: 'report.json', unit: 'bytes', of: ({ bytes }) => bytes.reportJson },
  { name: 'report.html', unit: 'bytes', of: ({ bytes }) => bytes.reportHtml },
];

export const scale: Suite = {
  name: 'scale',
  about: 'simulated runs of up to 10,000 slices × 1,000 devices through plan, merging and summarize',
  async run(bench) {
    const titleOf = (slices: number): string => `${formatFigure(slices)} slices`;
    const subjects = Object.fromEntries(
      sizes.map((slices) => [
        titleOf(slices),
        () => {
          bench.progress(titleOf(slices));
          return measureInProcess<ScaleSettings, ScaleReport>(runScale, { slices, minutes: 1 });
        },
      ]),
    );
    const measured: SideBySide<ScaleReport> = await measureInRounds(bench.rounds, subjects, bench.skip);
    for (const { name, unit, of, goal } of quantities) {
      for (const [i, slices] of sizes.entries()) {
        const isLargest = i === sizes.length - 1;
        const smaller = sizes[i - 1];
        const title = titleOf(slices);
        bench.report({
          name: `${name}, ${title}`,
          value: measured.median(title, of),
          unit,
          ...(isLargest && goal && { goal }),
          ratios: smaller === undefined ? [] : measured.ratios(title, of, { [titleOf(smaller)]: undefined }),
        });
      }
    }
    const broken = measured.names.filter((name) => measured.all(name).some(({ isBalanced }) => !isBalanced));
    for (const name of broken) bench.skip(`the ledger of ${name} does not balance: its figures mean nothing`);
  },
};
