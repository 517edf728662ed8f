import type { Command } from 'commander';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { type EndedRun, followToReport } from '../backend/run-to-end.ts';
import { addStageFlags, isStage, type StageFlags, stageArguments } from '../options/stage-flags.ts';
import { makeJsonLines } from '../output/json-lines.ts';
import { print } from '../output/printable.ts';
import { makeProgressDisplay } from '../output/progress-display.ts';
import { addOutputFlags, type OutputFlags } from '../output/report-outputs.ts';
import { makeStyler } from '../output/style.ts';
import { concludeRun } from '../run/conclude-run.ts';
import { catchInterrupts } from '../run/interrupts.ts';
import type { Finish } from '../run/run-outcome.ts';
import { type FoundRun, findRun } from '../runs/find-run.ts';
import { embeddedReportArguments } from '../runs/report-file.ts';

interface WatchFlags extends StageFlags, OutputFlags {
  readonly runs: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Ctrl-C: only the watching ends. */
class NoLongerWatchingError extends StampedeError {
  constructor(again: string) {
    super('NoLongerWatching', 'no longer watching; the run goes on', {
      hint: `npx stampede stop ${again} stops it`,
      exitCode: exitCodes.stoppedByUser,
    });
  }
}

export function addWatchCommand(program: Command, finish: Finish): void {
  const command = program
    .command('watch')
    .description(
      'Show the progress of a run that was started elsewhere (in the console, with the AWS CLI, by another process), ' +
        'then its report, and exit as it does. Ctrl-C ends the watching and leaves the run alone.',
    )
    .argument('<run>', 'its run id; on AWS also "latest", or the ARN of its execution');
  addStageFlags(command)
    .option('--runs <dir>', 'directory of the run store, and of the report', 'runs')
    .option('--quiet', 'no progress, only the result')
    .option('--json', 'lines of JSON on stdout: progress each second, the report');
  addOutputFlags(command).action(async (run: string, flags: WatchFlags) => {
    const found = await findRun(run, flags);
    const { runId } = found;
    const quiet = flags.quiet === true;
    const jsonLines =
      flags.json === true ? makeJsonLines((line) => print(process.stdout, line), quiet) : undefined;
    const display = jsonLines ?? makeProgressDisplay(process.stderr, quiet);
    if (jsonLines === undefined) display.say(`${makeStyler(process.stderr)('heading', 'watch')} ${runId}`);

    const interrupts = catchInterrupts();
    const again = isStage(flags) ? `${runId} ${stageArguments(flags)}` : runId;
    const letGo = new Promise<never>((_resolve, reject) => {
      interrupts.stop.addEventListener('abort', () => {
        display.end();
        reject(new NoLongerWatchingError(again));
      });
    });
    const ended = await Promise.race([follow(found, display, again), letGo]);
    const { runs, junit, requireConclusive } = flags;
    const reportArguments = isStage(flags) ? again : embeddedReportArguments(runId, runs);
    const outputs = {
      ...(junit === undefined ? {} : { junit }),
      ...(requireConclusive === undefined ? {} : { requireConclusive }),
    };
    finish(await concludeRun(ended, { runId, runs, reportArguments, stopped: false, jsonLines, ...outputs }));
    interrupts.close();
  });
}

async function follow(
  { runId, place, execution: { executionArn } }: FoundRun,
  display: ReturnType<typeof makeProgressDisplay>,
  again: string,
): Promise<EndedRun> {
  const interrupts = { stop: new AbortController().signal };
  try {
    return await followToReport(place, { runId, executionArn, display, interrupts });
  } catch (error) {
    const { outOfSight } = await import('../backend/stack-backend.ts');
    throw outOfSight(error, again);
  } finally {
    display.end();
  }
}
