import { existsSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes, StampedeError } from '../../shared/errors.ts';

/** Made when the package is: see scripts/build-package.ts. */
const publishedProject = fileURLToPath(new URL('../../../project', import.meta.url));

/** In a clone there is nothing to copy: its own serverless.yml is the stack. */
export class NotPublishedError extends StampedeError {
  constructor() {
    super('NotPublished', 'this program runs from a clone of Stampede, whose serverless.yml is the stack', {
      hint: 'run and deploy in the clone; for a project of your own install the package there: npm pack in the clone, then npm install FILE',
      exitCode: exitCodes.badUsage,
    });
  }
}

/** `stampede init` would overwrite files, so nothing was written. */
export class FilesExistError extends StampedeError {
  constructor(folder: string, files: readonly string[]) {
    super('FilesExist', `${folder} already has ${files.join(', ')}: nothing was written`, {
      hint: 'choose another folder, or overwrite them with --force',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * Copies the published project into a folder.
 * @param project what is copied
 * @returns paths in the folder
 * @throws NotPublishedError, FilesExistError with every file that is there
 */
export async function initProject(
  folder: string,
  force: boolean,
  project: string = publishedProject,
): Promise<string[]> {
  if (!existsSync(project)) throw new NotPublishedError();
  const entries = await readdir(project, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(project, path.join(entry.parentPath, entry.name)))
    .toSorted();
  const existing = files.filter((file) => existsSync(path.join(folder, file)));
  if (existing.length > 0 && !force) throw new FilesExistError(folder, existing);
  await cp(project, folder, { recursive: true, force: true });
  return files;
}

/** @param folder as given */
export function nextSteps(folder: string): string[] {
  const steps = [
    ['npx stampede run profiles/smoke.json', 'a rehearsal on this machine, 20 seconds'],
    ['npx stampede deploy', 'the stack on AWS, with your credentials'],
    ['npx stampede run profiles/smoke.json --stage dev', 'the same load there; costs what it prints first'],
    ['npx stampede remove', 'the stack and its runs'],
  ] as const;
  const go = path.resolve(folder) === process.cwd() ? [] : [`  cd ${folder}`];
  const width = Math.max(...steps.map(([command]) => command.length));
  return ['next', ...go, ...steps.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`)];
}
