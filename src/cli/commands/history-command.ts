import { type Command, InvalidArgumentError } from 'commander';
import { byStart, changesByRun, type RunFigures } from '../../report/run-history.ts';
import { exitCodes, InvalidInputError } from '../../shared/errors.ts';
import { renderHistoryCsv, renderHistoryTable } from '../output/history-text.ts';
import { print } from '../output/printable.ts';
import { makeStyler } from '../output/style.ts';
import type { Finish } from '../run/run-outcome.ts';
import { makeRunRepository, maxListed } from '../runs/run-repository.ts';
import { fitsPattern } from '../runs/select-reports.ts';

interface HistoryFlags {
  readonly runs: string;
  readonly profile?: string;
  readonly last: number;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** As many as a screen shows with what is below them. */
const listedUnlessSet = 30;

export function addHistoryCommand(program: Command, finish: Finish): void {
  program
    .command('history')
    .description(
      'List runs with their figures, the newest last, and where the level of a figure changed: each profile’s runs are a ' +
        'history of their own. Runs without a report are left out; runs that ended before their time are listed, and have no part in ' +
        'the changes.',
    )
    .argument('[run...]', "only runs with one of these ids; a pattern such as 'smoke-*' stands for many")
    .option(
      '--profile <name>',
      "only runs of the profile with this name, or of those that fit a pattern ('smoke*')",
    )
    .option('--last <number>', `how many runs, 1 to ${maxListed}`, parseLast, listedUnlessSet)
    .option('--runs <dir>', 'directory of the run store', 'runs')
    .option('--json', 'print the runs and the changes as JSON')
    .option('--csv', 'print a line of comma-separated values for each run, for a spreadsheet')
    .action(async (given: readonly string[], flags: HistoryFlags) => {
      if (flags.json === true && flags.csv === true) {
        const hint = 'leave out one of them';
        throw new InvalidInputError('The command line', [
          { path: '--csv', message: 'cannot be given with --json', hint },
        ]);
      }
      const runs = await readHistory(given, flags);
      print(process.stdout, renderAs(flags, runs));
      finish(exitCodes.passed);
    });
}

/** The oldest first. */
async function readHistory(given: readonly string[], flags: HistoryFlags): Promise<RunFigures[]> {
  const isNamed = anyOf(given);
  const isOfProfile = anyOf(flags.profile === undefined ? [] : [flags.profile]);
  const listed = await makeRunRepository(flags.runs).list({
    most: flags.last,
    accepts: isNamed,
    keeps: ({ figures }) => figures !== undefined && isOfProfile(figures.name),
  });
  return listed.flatMap(({ figures }) => figures ?? []).toSorted(byStart);
}

/** Without a pattern, any text. */
function anyOf(patterns: readonly string[]): (text: string) => boolean {
  const fits = patterns.map(fitsPattern);
  return (text) => fits.length === 0 || fits.some((each) => each(text));
}

function renderAs({ json, csv, runs: directory }: HistoryFlags, runs: readonly RunFigures[]): string {
  const changes = changesByRun(runs);
  if (json === true) {
    const list = runs.flatMap(({ runId }) => changes.get(runId) ?? []);
    return `${JSON.stringify({ runs, changes: list }, null, 2)}\n`;
  }
  if (csv === true) return renderHistoryCsv(runs, changes);
  if (runs.length === 0) return `  no such run with a report in ${directory}\n`;
  return renderHistoryTable(runs, changes, {
    style: makeStyler(process.stdout),
    columns: process.stdout.columns,
  });
}

function parseLast(text: string): number {
  const last = Number(text);
  if (!Number.isInteger(last) || last < 1 || last > maxListed)
    throw new InvalidArgumentError(`1 to ${maxListed}.`);
  return last;
}
