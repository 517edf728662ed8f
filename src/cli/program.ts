import { Command, CommanderError, Help } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { type ExitCode, exitCodes } from '../shared/errors.ts';
import { commands } from './command-table.ts';
import { describeError, exitCodeOf } from './output/print-error.ts';
import { print, printable } from './output/printable.ts';
import { makeStyler } from './output/style.ts';
import type { LoadPage } from './run/live-page.ts';
import type { Finish } from './run/run-outcome.ts';

/**
 * Runs the command line.
 * @param args without `node` and the script's path
 * @param loadPage where the live page comes from
 * @returns the exit code: every error has been printed.
 */
export async function runCli(args: readonly string[], loadPage: LoadPage): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.passed;
  try {
    const program = await makeProgram(
      args,
      (code) => {
        exitCode = code;
      },
      loadPage,
    );
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its text: help and version are no errors, everything else is bad usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.passed : exitCodes.badUsage;
    const { stderr } = process;
    const debug = process.env.STAMPEDE_DEBUG === '1';
    print(stderr, describeError(error, { style: makeStyler(stderr), columns: stderr.columns, debug }));
    return exitCodeOf(error);
  }
}

/** Loads only the command that `args` names. The others have a name and a summary, which `--help` lists. */
async function makeProgram(args: readonly string[], finish: Finish, loadPage: LoadPage): Promise<Command> {
  const program: Command = new Command('npx stampede')
    .description(
      'Load test for AWS IoT Core: can your ingest take N devices at T messages a second, how late do messages ' +
        'arrive, what is lost, how near is the quota? Runs offline on embedded AWS: nothing leaves this machine. With --stage it runs on AWS.',
    )
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showHelpAfterError('  → `npx stampede --help` lists the commands')
    .configureHelp({
      helpWidth: Math.min(process.stdout.columns ?? 100, 100),
      subcommandTerm: (command) => termOf(command, program),
    })
    .configureOutput({
      outputError: (text, write) =>
        write(printable(text.replace(/^error: /, `${makeStyler(process.stderr)('bad', 'stampede:')} `))),
    })
    .exitOverride()
    .addHelpText('after', afterHelp);
  const named = args.find((arg) => !arg.startsWith('-') && arg !== 'help');
  for (const { name, summary, load } of commands) {
    if (name === named) (await load())(program, finish, loadPage);
    else program.command(name).summary(summary);
  }
  for (const command of program.commands) nameHelp(command);
  return program;
}

/** After a mistake, a command points to its own help. */
function nameHelp(command: Command): void {
  command.showHelpAfterError(`  → \`${fullName(command)} --help\` lists its options`);
  for (const subcommand of command.commands) nameHelp(subcommand);
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** Name and usage: from the table for Stampede's own commands, from commander for subcommands. */
function termOf(command: Command, program: Command): string {
  const entry = command.parent === program && commands.find(({ name }) => name === command.name());
  return entry ? `${entry.name} ${entry.usage}` : new Help().subcommandTerm(command);
}

const afterHelp = `
Start here:
  npx stampede plan profiles/smoke.json  what a profile becomes; nothing runs
  npx stampede run                       run profiles/smoke.json; 20 s
  npx stampede run --devices 1000        the same with one setting changed
  npx stampede run --stage dev           the same on AWS, in stack stampede-dev

Exit codes:
  0    passed, or inconclusive
  1    internal error (STAMPEDE_DEBUG=1 shows where)
  2    bad usage or profile
  3    refused by preflight
  99   a threshold failed, or \`compare\` found a regression
  130  stopped by the user`;
