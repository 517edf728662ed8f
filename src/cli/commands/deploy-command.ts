import type { Command } from 'commander';
import { exitCodes } from '../../shared/errors.ts';
import type { Finish } from '../run/run-outcome.ts';

/** What the two commands have in common: the framework's flags, passed on as they are. */
const flagsHelp = `
Flags, passed on to the Serverless Framework (osls) as they are:
  --stage <name>       the stack is stampede-<name> (default: dev)
  --region <name>      AWS Region (default: us-east-1)
  --param name=value   a parameter of serverless.yml; may be repeated
  --aws-profile <name> credentials of this profile
  …                    every other flag of \`npx sls <command>\``;

export function addDeployCommand(program: Command, finish: Finish): void {
  add(program, finish, {
    name: 'deploy',
    description:
      'Deploy the stack of serverless.yml in the working directory with your AWS credentials: six functions, the state ' +
      'machine, the rule and its queue, and the bucket of the run store. `stampede run --stage` runs profiles there.',
  });
}

export function addRemoveCommand(program: Command, finish: Finish): void {
  add(program, finish, {
    name: 'remove',
    description: 'Remove what `stampede deploy` has made: the stack, and every run in its run store.',
  });
}

interface SlsCommand {
  readonly name: string;
  readonly description: string;
}

function add(program: Command, finish: Finish, { name, description }: SlsCommand): void {
  const command = program
    .command(name)
    .description(description)
    .usage('[flags]')
    .argument('[flags...]', 'the framework’s')
    .configureHelp({ visibleArguments: () => [] })
    .allowUnknownOption()
    .addHelpText('after', flagsHelp.replace('<command>', name))
    .action(async () => {
      const { runSls } = await import('../run/sls.ts');
      const code = await runSls([name, ...command.args], process.cwd());
      // The framework has printed the reason.
      finish(code === 0 ? exitCodes.passed : exitCodes.internalError);
    });
}
