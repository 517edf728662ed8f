import { type Command, InvalidArgumentError } from 'commander';
import { parseActionSettings } from '../../plan/actions/action-settings.ts';
import { issuableActions } from '../../plan/actions/issuable-actions.ts';
import { parseDuration } from '../../shared/duration.ts';
import { exitCodes } from '../../shared/errors.ts';
import { formatElapsed, formatInstant } from '../../shared/format.ts';
import { issueActions } from '../../worker/issue-actions.ts';
import { isUnreachable } from '../backend/backend.ts';
import { findRun, RunNotReachableError } from '../backend/find-run.ts';
import { addStageFlags, type StageFlags } from '../options/stage-flags.ts';
import { print } from '../output/printable.ts';
import { planIfAny } from '../run/plan-so-far.ts';
import type { Finish } from '../run/run-outcome.ts';

interface SetFlags extends StageFlags {
  readonly runs: string;
  /** Milliseconds from now. */
  readonly at?: number;
}

export function addSetCommand(program: Command, finish: Finish): void {
  const command = program
    .command('set')
    .description(
      'Change a run while it goes on: each setting is an action, which is stored, announced and carried out by all slices at ' +
        'one instant. It says what happens and when, and ends once the action is announced.',
    )
    .argument('<run>', 'its run id, or "latest"')
    .argument('<setting...>', 'NAME=VALUE, as listed below; group=NAME: only in this device group');
  addStageFlags(command)
    .option('--at <duration>', 'when, from now (default: once every slice has received it)', parseDelay)
    .option('--runs <dir>', 'directory of the run store', 'runs')
    .addHelpText('after', ({ command: own }) => settingsHelp(own))
    .action(async (run: string, settings: readonly string[], { at: inMs, ...flags }: SetFlags) => {
      const request = parseActionSettings(settings);
      const { runId, backend, execution } = await findRun(run, flags);
      const { record: store, control } = backend;
      const plan = await planIfAny(store, runId);
      const isRunning = execution.status === 'RUNNING';
      const issued = await issueActions(
        { ...request, runId, plan, isRunning, ...(inMs === undefined ? {} : { inMs }) },
        { store, control, now: Date.now },
      ).catch((error: unknown) => {
        throw isUnreachable(error) ? new RunNotReachableError(runId, flags.runs, 0) : error;
      });
      const { at, descriptions, forecasts, mayBeLate, later } = issued;
      const when = `at ${formatInstant(at)}, in ${formatElapsed(Math.max(0, at - Date.now()))}`;
      for (const description of descriptions) print(process.stdout, `${runId}: ${description} ${when}\n`);
      for (const forecast of forecasts) print(process.stdout, `${forecast}\n`);
      for (const { k, action, at: laterAt } of later)
        print(
          process.stderr,
          `action ${k} (${action.kind}), issued before, takes effect after it, at ${formatInstant(laterAt)}\n`,
        );
      if (mayBeLate)
        print(process.stderr, 'announcing it took long: slices may have received it after its instant\n');
      finish(exitCodes.passed);
    });
}

function parseDelay(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It is a duration from now, such as 30s.');
  return ms;
}

/** Every setting, from the table that parses them, laid out as the options above it. */
function settingsHelp(command: Command): string {
  const help = command.createHelp();
  const settings = issuableActions.flatMap((each) => Object.entries(each.settings));
  const width = Math.max(...settings.map(([name]) => `${name}=…`.length));
  return [
    '',
    'Settings, and what they take:',
    ...settings.map(([name, { takes, meaning }]) =>
      help.formatItem(`${name}=…`, width, `${meaning}\n${takes}`, help),
    ),
    '',
    'Examples:',
    '  npx stampede set latest rate=1.5x --stage prod',
    '  npx stampede set latest disconnect=20% group=trackers',
    `  npx stampede set latest network=lte-m 'network.bandwidth={"up":"64kbit"}'`,
    '  npx stampede set latest faults.dropAcks=10% --at 30s',
    '  npx stampede set latest faults=none',
  ].join('\n');
}
