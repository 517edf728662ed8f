import { type Command, InvalidArgumentError } from 'commander';
import { compareReports, defaultTolerance } from '../../report/compare-reports.ts';
import { renderComparison } from '../../report/comparison-text.ts';
import { renderComparisonJUnit } from '../../report/junit.ts';
import { renderComparisonSummary } from '../../report/step-summary.ts';
import { exitCodes, InvalidInputError } from '../../shared/errors.ts';
import { print } from '../output/printable.ts';
import { addOutputFlags, type OutputFlags, writeOutputs } from '../output/report-outputs.ts';
import { makeStyler } from '../output/style.ts';
import type { Finish } from '../run/run-outcome.ts';
import { latest, readReport } from '../runs/report-file.ts';

interface CompareFlags extends OutputFlags {
  readonly runs: string;
  readonly baseline?: string;
  readonly tolerance: number;
  readonly json?: boolean;
}

export function addCompareCommand(program: Command, finish: Finish): void {
  const command = program
    .command('compare')
    .description(
      'Compare a run with an earlier one: latencies, losses, throughput, thresholds. Each is a run id, a report.json ' +
        'or "latest". Exits 99 where a figure is worse than the tolerance allows, or a threshold that passed now fails.',
    )
    .argument('[a]', 'the earlier run; with --baseline the one to judge')
    .argument('[b]', 'the run to judge')
    .option(
      '--baseline <file>',
      'the earlier run, as a saved report.json; the one to judge is "latest" unless named',
    )
    .option(
      '--tolerance <share>',
      'by how much a figure may be worse: 10% or 0.1',
      parseShare,
      defaultTolerance,
    )
    .option('--runs <dir>', 'directory of the run store', 'runs')
    .option('--json', 'print the comparison as JSON');
  addOutputFlags(command).action(
    async (a: string | undefined, b: string | undefined, flags: CompareFlags) => {
      const [before, after] = whichOf(a, b, flags);
      const comparison = compareReports(
        await readReport(before, flags.runs),
        await readReport(after, flags.runs),
        flags.tolerance,
      );
      print(
        process.stdout,
        flags.json === true
          ? `${JSON.stringify(comparison, null, 2)}\n`
          : `${renderComparison(comparison, makeStyler(process.stdout))}\n`,
      );
      await writeOutputs(flags, {
        junit: () => renderComparisonJUnit(comparison, flags),
        stepSummary: () => renderComparisonSummary(comparison),
      });
      const isRefused =
        comparison.isRegression ||
        (flags.requireConclusive === true && comparison.inconsistencies.length > 0);
      finish(isRefused ? exitCodes.thresholdsFailed : exitCodes.passed);
    },
  );
}

function whichOf(
  a: string | undefined,
  b: string | undefined,
  { baseline }: CompareFlags,
): readonly [before: string, after: string] {
  if (baseline !== undefined && b === undefined) return [baseline, a ?? latest];
  if (baseline === undefined && a !== undefined && b !== undefined) return [a, b];
  throw new InvalidInputError('The command line', [
    baseline === undefined
      ? { path: 'compare', message: 'takes two runs', hint: 'npx stampede compare A B, or --baseline FILE' }
      : { path: '--baseline', message: 'is the earlier run already', hint: 'name only the run to judge' },
  ]);
}

/** `10%` or `0.1` */
function parseShare(text: string): number {
  const [, number = '', percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  if (number === '') throw new InvalidArgumentError('It is a share, such as 10% or 0.1.');
  return percent === '%' ? Number(number) / 100 : Number(number);
}
