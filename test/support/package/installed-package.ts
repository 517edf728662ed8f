import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheVariables } from '../stack/packaged-stack.ts';

export const clone = fileURLToPath(new URL('../../..', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly output: string;
}

export interface InstalledPackage {
  readonly tarballBytes: number;
  /** Paths in the package. */
  readonly files: readonly string[];
  /** An otherwise empty project outside the clone, with the package in its node_modules. */
  readonly directory: string;
  remove(): Promise<void>;
}

/** The registry is asked for packages that npm has not, and for no advisories. */
const installFlags = ['--silent', '--prefer-offline', '--no-audit', '--no-fund'];

/** `npm pack`, and `npm install` of what it has made. */
export async function installPackage(): Promise<InstalledPackage> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stampede-project-'));
  await succeed('npm', ['pack', '--silent', '--pack-destination', directory], clone);
  const [tarball = ''] = (await readdir(directory)).filter((name) => name.endsWith('.tgz'));
  const file = path.join(directory, tarball);
  const { output } = await succeed('tar', ['tzf', file], directory);
  const { size } = await stat(file);
  await writeFile(path.join(directory, 'package.json'), '{}\n');
  await succeed('npm', ['install', ...installFlags, file], directory);
  return {
    directory,
    tarballBytes: size,
    files: output
      .trim()
      .split('\n')
      .map((name) => name.replace(/^package\//, '')),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** As a shell would with this Node first on the PATH, and with none of this process's own variables but those of caches. */
export function runWith(
  node: string,
  [command = '', ...args]: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const PATH = [path.dirname(node), '/usr/bin', '/bin'].join(path.delimiter);
  return run(command, args, directory, {
    PATH,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...cacheVariables,
    ...environment,
  });
}

async function succeed(command: string, args: readonly string[], directory: string): Promise<Ended> {
  const ended = await run(command, args, directory, process.env);
  if (ended.code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${ended.code}:\n${ended.output}`);
  return ended;
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv,
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, env: { HOME: cwd, ...environment }, maxBuffer: 64e6 };
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, output: stdout + stderr });
    });
  });
}
