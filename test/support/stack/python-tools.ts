import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../until.ts';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../node_modules/.cache/stampede-python/', import.meta.url));

/** Pinned: what moto lacks, and what cfn-lint finds, changes with every version. */
const requirements = ['moto[server]==5.2.1', 'cfn-lint==1.51.0'];

/** Python compiles what it loads: a hundredth of what these packages have. */
const pipFlags = ['--quiet', '--no-compile', '--disable-pip-version-check'];

/**
 * Directory of the Python tools' commands: a virtual environment of the tests' own, made once.
 * Needs Python 3.9 or later with venv, and a package index.
 */
export async function pythonTools(): Promise<string> {
  const home = path.join(cache, requirements.join('+').replaceAll(/[^\w.+-]/g, '_'));
  const bin = path.join(home, 'bin');
  if (existsSync(path.join(home, 'complete'))) return bin;
  await rm(home, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await run('python3', ['-m', 'venv', home]);
  await run(path.join(bin, 'python'), ['-m', 'pip', 'install', ...pipFlags, ...requirements]);
  await mkdir(path.join(home, 'complete.tmp'));
  await rename(path.join(home, 'complete.tmp'), path.join(home, 'complete'));
  return bin;
}

export interface Moto {
  readonly url: string;
  /** Variables that lead SDK clients, and the framework's, to it. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

/** A fresh account of moto's, in a process of its own. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const child = spawn(
    path.join(await pythonTools(), 'moto_server'),
    ['-H', '127.0.0.1', '-p', String(port)],
    {
      stdio: 'ignore',
    },
  );
  const url = `http://127.0.0.1:${port}`;
  await untilUp(url, child);
  return {
    url,
    environment: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'moto',
      AWS_SECRET_ACCESS_KEY: 'moto',
    },
    close: () => child.kill('SIGKILL'),
  };
}

async function untilUp(url: string, child: ChildProcess): Promise<void> {
  const isUp = (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`moto_server ended with ${child.exitCode}`);
    return fetch(`${url}/moto-api/`).then(
      () => true,
      () => false,
    );
  };
  await until(isUp, 'moto_server', 200);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(),
      );
    });
  });
}
