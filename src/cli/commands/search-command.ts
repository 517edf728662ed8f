import type { Command } from 'commander';
import { addSearchFlags, readGivenProfile } from '../options/profile-arguments.ts';
import type { LoadPage } from '../run/live-page.ts';
import type { Finish } from '../run/run-outcome.ts';
import { addRunArguments, type RunFlags, runGiven } from './run-command.ts';

export function addSearchCommand(program: Command, finish: Finish, loadPage: LoadPage): void {
  const command = program
    .command('search')
    .description(
      'Search for the highest load at which the thresholds of a load profile hold: one run holds one level after the ' +
        'other, judges each, and ends with the highest that holds and the lowest that breaks. The search is ' +
        'as the profile says (search), and flags replace its settings; `npx stampede plan` shows what it may come to. ' +
        'It takes place where a run does: on embedded AWS, or with --stage on AWS.\n\n' +
        'Ctrl-C stops it and reports what was found until then; a second Ctrl-C quits at once.',
    );
  addSearchFlags(addRunArguments(command, 'profiles/find-the-knee.json')).action(
    async (file: string, flags: RunFlags) =>
      finish(await runGiven(await readGivenProfile(file, { ...flags }, true), flags, loadPage)),
  );
}
