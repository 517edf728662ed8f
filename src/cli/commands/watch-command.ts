import type { Command } from 'commander';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { findRun } from '../backend/find-run.ts';
import { addStageFlags, type StageFlags } from '../options/stage-flags.ts';
import { makeJsonLines } from '../output/json-lines.ts';
import { print } from '../output/printable.ts';
import { makeProgressDisplay } from '../output/progress-display.ts';
import { addOutputFlags, type OutputFlags } from '../output/report-outputs.ts';
import { makeStyler } from '../output/style.ts';
import { concludeRun } from '../run/conclude-run.ts';
import { followToReport } from '../run/follow-run.ts';
import { catchInterrupts } from '../run/interrupts.ts';
import type { Finish } from '../run/run-outcome.ts';

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
      'Show the progress of a run that another process started, or that runs on AWS, however it was started there; ' +
        'then its report, and exit with its exit code. Ctrl-C stops watching; the run continues.',
    )
    .argument('<run>', 'its run id; on AWS also "latest", or the ARN of its execution');
  addStageFlags(command)
    .option('--runs <dir>', 'directory of the run store, and of the report', 'runs')
    .option('--quiet', 'no progress, only the result')
    .option('--json', 'lines of JSON on stdout: progress each second, the report');
  addOutputFlags(command).action(async (run: string, flags: WatchFlags) => {
    const { runId, backend, execution } = await findRun(run, flags);
    const quiet = flags.quiet === true;
    const jsonLines =
      flags.json === true ? makeJsonLines((line) => print(process.stdout, line), quiet) : undefined;
    const display = jsonLines ?? makeProgressDisplay(process.stderr, quiet);
    if (jsonLines === undefined) display.say(`${makeStyler(process.stderr)('heading', 'watch')} ${runId}`);

    const interrupts = catchInterrupts();
    const letGo = new Promise<never>((_resolve, reject) => {
      interrupts.stop.addEventListener('abort', () => {
        display.end();
        reject(new NoLongerWatchingError(backend.argumentsOf(runId)));
      });
    });
    const following = followToReport(backend, {
      runId,
      executionArn: execution.executionArn,
      display,
      interrupts: { stop: new AbortController().signal },
    }).finally(display.end);
    const ended = await Promise.race([following, letGo]);
    const { runs, junit, requireConclusive } = flags;
    finish(
      await concludeRun(ended, {
        runId,
        runs,
        reportArguments: backend.argumentsOf(runId),
        stopped: false,
        jsonLines,
        ...(junit === undefined ? {} : { junit }),
        ...(requireConclusive === undefined ? {} : { requireConclusive }),
      }),
    );
    interrupts.close();
  });
}
