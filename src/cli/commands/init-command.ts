import type { Command } from 'commander';
import { exitCodes } from '../../shared/errors.ts';
import { initProject, nextSteps } from '../run/init-project.ts';
import type { Finish } from '../run/run-outcome.ts';

export function addInitCommand(program: Command, finish: Finish): void {
  program
    .command('init')
    .description(
      'Write profiles/smoke.json and a stack (serverless.yml with its parts, and the functions as bundles) into a ' +
        'folder. Existing files are not overwritten: if one of these exists, nothing is written.',
    )
    .argument('[folder]', 'created if it does not exist', '.')
    .option('--force', 'overwrite: after an upgrade of the package, for a stack that you have not changed')
    .action(async (folder: string, { force = false }: { readonly force?: boolean }) => {
      const files = await initProject(folder, force);
      process.stdout.write(
        `${['wrote', ...files.map((file) => `  ${file}`), '', ...nextSteps(folder)].join('\n')}\n`,
      );
      finish(exitCodes.passed);
    });
}
