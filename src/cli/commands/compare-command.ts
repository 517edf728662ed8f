import { type Command, InvalidArgumentError } from 'commander';
import { compareRuns } from '../../report/compare-reports.ts';
import { renderComparisonSummary, renderHistorySummary } from '../../report/comparison-summary.ts';
import { renderComparison } from '../../report/comparison-text.ts';
import {
  describeHistory,
  type SplitHistory,
  splitHistory,
  whyTooShort,
} from '../../report/history-comparison.ts';
import { renderComparisonJUnit, renderHistoryJUnit } from '../../report/junit-comparison.ts';
import type { Report } from '../../report/report-model.ts';
import { exitCodes, InvalidInputError } from '../../shared/errors.ts';
import { print } from '../output/printable.ts';
import { addOutputFlags, type OutputFlags, writeOutputs } from '../output/report-outputs.ts';
import { makeStyler } from '../output/style.ts';
import type { Finish } from '../run/run-outcome.ts';
import { latest } from '../runs/report-file.ts';
import { readReports } from '../runs/select-reports.ts';

interface CompareFlags extends OutputFlags {
  readonly runs: string;
  readonly baseline?: string;
  readonly base?: readonly string[];
  readonly new?: readonly string[];
  readonly tolerance?: number;
  readonly json?: boolean;
}

export function addCompareCommand(program: Command, finish: Finish): void {
  const command = program
    .command('compare')
    .description(
      'Compare runs with earlier ones: latencies, losses, throughput, thresholds. A run is its id, a report.json, ' +
        '"latest", a pattern of ids (\'smoke-*\'), or a series of `run --repeat` by its file (repeats-….json). Exits 99 where a figure is ' +
        'worse than the tolerance allows and by more than the noise, or a threshold that passed now fails.\n\n' +
        'Two of these: the earlier one, and the one to judge. Several runs on each side: --base A B C --new D E F; their ' +
        'noise is measured. One pattern, or three or more: a history, in which the change is found.',
    )
    .argument('[run...]', 'the earlier run and the one to judge; with --baseline the one to judge')
    .option('--base <run...>', 'the earlier runs')
    .option('--new <run...>', 'the runs to judge')
    .option(
      '--baseline <file>',
      'the earlier run, as a saved report.json; the one to judge is "latest" unless named',
    )
    .option(
      '--tolerance <share>',
      'by how much a figure may be worse: 10% or 0.1 (default: 10%, with several runs on a side 5%)',
      parseShare,
    )
    .option('--runs <dir>', 'directory of the run store', 'runs')
    .option('--json', 'print the comparison as JSON');
  addOutputFlags(command).action(async (given: readonly string[], flags: CompareFlags) => {
    const { baseline, candidate, history } = await sidesOf(given, flags);
    if (history !== undefined && candidate.length === 0) return concludeUnchanged(history, flags, finish);
    const comparison = compareRuns(baseline, candidate, flags.tolerance);
    const found = history && { changes: history.changes, leftOut: history.leftOut };
    print(
      process.stdout,
      flags.json === true
        ? `${JSON.stringify({ ...comparison, ...found }, null, 2)}\n`
        : `${history === undefined ? '' : `${renderHistory(history)}\n`}${renderComparison(comparison, makeStyler(process.stdout))}\n`,
    );
    await writeOutputs(flags, {
      junit: () => renderComparisonJUnit(comparison, flags, history),
      stepSummary: () =>
        [
          ...(history === undefined ? [] : [renderHistorySummary(history)]),
          renderComparisonSummary(comparison),
        ].join('\n'),
    });
    const isRefused =
      comparison.isRegression || (flags.requireConclusive === true && comparison.inconsistencies.length > 0);
    finish(isRefused ? exitCodes.thresholdsFailed : exitCodes.passed);
  });
}

/** There is nothing to compare: every run is of the same level. */
async function concludeUnchanged(history: SplitHistory, flags: CompareFlags, finish: Finish): Promise<void> {
  const { before, changes, leftOut } = history;
  const runs = before.map(({ runId, name, verdict, startedAt }) => ({ runId, name, verdict, startedAt }));
  print(
    process.stdout,
    flags.json === true
      ? `${JSON.stringify({ runs, changes, leftOut, isRegression: false }, null, 2)}\n`
      : renderHistory(history),
  );
  await writeOutputs(flags, {
    junit: () => renderHistoryJUnit(history, flags),
    stepSummary: () => renderHistorySummary(history),
  });
  const isRefused = flags.requireConclusive === true && whyTooShort(history) !== undefined;
  finish(isRefused ? exitCodes.thresholdsFailed : exitCodes.passed);
}

function renderHistory(history: SplitHistory): string {
  return describeHistory(history)
    .map((line) => `  ${line}\n`)
    .join('');
}

interface Sides {
  readonly baseline: readonly Report[];
  /** Empty: a history in which nothing changed. */
  readonly candidate: readonly Report[];
  /** Absent: these are no history. */
  readonly history?: SplitHistory;
}

async function sidesOf(given: readonly string[], flags: CompareFlags): Promise<Sides> {
  const read = async (earlier: readonly string[], later: readonly string[]): Promise<Sides> => {
    const [baseline = [], candidate = []] = await readReports([earlier, later], flags.runs);
    return { baseline, candidate };
  };
  const { base, new: judged, baseline } = flags;
  if (base !== undefined || judged !== undefined) {
    const isWhole =
      base !== undefined && judged !== undefined && baseline === undefined && given.length === 0;
    if (!isWhole)
      refuse('--base', 'takes --new, and no other runs', 'npx stampede compare --base A B C --new D E F');
    return read(base!, judged!);
  }
  if (baseline !== undefined) {
    if (given.length > 1) {
      refuse('--baseline', 'is the earlier run already', 'name only the run to judge');
    }
    return read([baseline], [given[0] ?? latest]);
  }
  const [first, second, ...others] = given;
  if (first !== undefined && second !== undefined && others.length === 0) {
    return read([first], [second]);
  }
  const [runs = []] = await readReports([given], flags.runs);
  if (runs.length < 3) {
    refuse(
      'compare',
      'takes two runs by their names, or a history of three or more',
      'npx stampede compare A B, --base A B C --new D E F, or --baseline FILE',
    );
  }
  const history = splitHistory(runs);
  return { baseline: history.before, candidate: history.after, history };
}

function refuse(path: string, message: string, hint: string): never {
  throw new InvalidInputError('The command line', [{ path, message, hint }]);
}

/** `10%` or `0.1` */
function parseShare(text: string): number {
  const [, number = '', percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  if (number === '') throw new InvalidArgumentError('It is a share, such as 10% or 0.1.');
  return percent === '%' ? Number(number) / 100 : Number(number);
}
