import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { exitCodes, StampedeError } from '../../shared/errors.ts';

/** The working directory holds no stack. */
export class NoStackHereError extends StampedeError {
  constructor(directory: string) {
    super('NoStackHere', `there is no serverless.yml in ${directory}`, {
      hint: '`npx stampede init` puts a load profile and a stack into a folder',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * Runs the Serverless Framework (osls) on the stack of a directory, with this process's terminal and Node.
 * @param args the framework's, as given
 * @returns its exit code
 * @throws NoStackHereError
 */
export async function runSls(args: readonly string[], directory: string): Promise<number> {
  if (!existsSync(path.join(directory, 'serverless.yml'))) throw new NoStackHereError(directory);
  const child = spawn(process.execPath, [await findSls(), ...args], { cwd: directory, stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) => resolve(code ?? exitCodes.stoppedByUser));
    });
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}

async function findSls(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('serverless/package.json');
  const { bin } = JSON.parse(await readFile(manifest, 'utf8')) as { bin: Record<string, string> };
  return path.join(path.dirname(manifest), bin.sls ?? '');
}
