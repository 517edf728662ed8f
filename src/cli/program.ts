import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { type ExitCode, exitCodes } from '../profile/errors.ts';
import { addCertsCommand } from './commands/certs.ts';
import { addCompareCommand } from './commands/compare.ts';
import { addDeployCommands } from './commands/deploy.ts';
import { addEmbeddedCommand } from './commands/embedded.ts';
import { addInitCommand } from './commands/init.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addReportCommand } from './commands/report.ts';
import { addRunCommand } from './commands/run.ts';
import { addStopCommand } from './commands/stop.ts';
import { addUiCommand } from './commands/ui.ts';
import { addWatchCommand } from './commands/watch.ts';
import { makePaint } from './paint.ts';
import { describeFault, exitCodeOf } from './print-fault.ts';

/** Commands hand their exit code to this; the last word is the process's. */
export type Finish = (code: ExitCode) => void;

/**
 * Runs the command line.
 * @param args without `node` and the script's path
 * @returns the exit code: every fault has been printed.
 */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.passed;
  const program = makeProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed what it has to say: help and version are no faults, everything else is bad usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.passed : exitCodes.badUsage;
    const debug = process.env.STAMPEDE_DEBUG === '1';
    process.stderr.write(describeFault(error, makePaint(process.stderr), debug));
    return exitCodeOf(error);
  }
}

function makeProgram(finish: Finish): Command {
  const program = new Command('npx stampede')
    .description(
      'Load test for AWS IoT Core: does the ingest hold N devices at T messages a second, how late do messages ' +
        'arrive, what is lost, how near is the quota? Runs offline, on embedded AWS, where nothing leaves this machine; with --stage on AWS.',
    )
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showHelpAfterError('  → `npx stampede --help` lists the commands')
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 100, 100) })
    .configureOutput({
      outputError: (text, write) =>
        write(text.replace(/^error: /, `${makePaint(process.stderr)('bad', 'stampede:')} `)),
    })
    .exitOverride()
    .addHelpText('after', afterHelp);
  addInitCommand(program, finish);
  addPlanCommand(program, finish);
  addRunCommand(program, finish);
  addWatchCommand(program, finish);
  addStopCommand(program, finish);
  addReportCommand(program, finish);
  addCompareCommand(program, finish);
  addUiCommand(program, finish);
  addEmbeddedCommand(program, finish);
  addDeployCommands(program, finish);
  addCertsCommand(program, finish);
  return program;
}

const afterHelp = `
Start here:
  npx stampede plan profiles/smoke.json                what a profile becomes, before anything runs
  npx stampede run profiles/smoke.json                 run it (20 s) and read the report
  npx stampede run profiles/smoke.json --devices 1000  the same with one setting changed
  npx stampede run profiles/smoke.json --stage dev     the same on AWS, in the deployed stack stampede-dev

Exit codes:
  0 passed, or inconclusive   2 bad usage or profile   3 refused by preflight   99 a threshold failed, or a run is worse
  130 stopped by the user   1 internal fault (STAMPEDE_DEBUG=1 shows where)`;
