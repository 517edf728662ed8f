import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import type { Template } from './cloudformation.ts';

const packageRoot = fileURLToPath(new URL('../../..', import.meta.url));
/** Where the framework finds compiled modules and the schema of its configuration, which it would compile for seconds. */
export const cacheVariables: Readonly<Record<string, string>> = {
  SLS_SCHEMA_CACHE_BASE_DIR: fileURLToPath(new URL('../../node_modules/.cache/serverless/', import.meta.url)),
  ...(process.env.NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
};

/** All that a deployment is made of, and the events to try it with. */
const sources = [
  'serverless.yml',
  'package.json',
  'tsconfig.json',
  'stack',
  'dashboards',
  'statemachine',
  'functions',
  'src',
  'test/events',
];

/** A copy of the service, because the framework builds in the service's own directory. */
export interface ServiceCopy {
  readonly directory: string;
  /** @param environment variables beside PATH, HOME and those of caches; nothing of this process's own, credentials least of all */
  sls(
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number; readonly output: string }>;
  remove(): Promise<void>;
}

export async function copyService(): Promise<ServiceCopy> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stampede-service-'));
  for (const source of sources) {
    await cp(path.join(packageRoot, source), path.join(directory, source), { recursive: true });
  }
  await symlink(path.join(packageRoot, 'node_modules'), path.join(directory, 'node_modules'));
  return {
    directory,
    sls: (args, environment = {}) =>
      run(path.join(packageRoot, 'node_modules/.bin/sls'), args, directory, environment),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export interface PackagedStack {
  readonly template: Template;
  /** Path of the template, for tools that read files. */
  readonly templateFile: string;
  /** By function: the zip's size and its files. */
  readonly zips: ReadonlyMap<
    string,
    { readonly bytes: number; readonly files: Readonly<Record<string, Uint8Array>> }
  >;
  /** Of a function: the variables whose values are in the template itself. */
  variablesOf(name: string): Record<string, string>;
}

/**
 * `sls package` as a fresh clone runs it: no credentials, no home directory to find some in.
 * @param artifacts the directory that it makes
 */
export async function packageStack(artifacts: string, parameters: readonly string[] = []): Promise<void> {
  const service = await copyService();
  try {
    const flags = parameters.flatMap((each) => ['--param', each]);
    const { code, output } = await service.sls(['package', ...flags]);
    if (code !== 0) throw new Error(`sls package ended with ${code}:\n${output}`);
    await rename(path.join(service.directory, '.serverless'), artifacts);
  } finally {
    await service.remove();
  }
}

/** @param artifacts a directory that `packageStack` made */
export async function readStack(artifacts: string): Promise<PackagedStack> {
  const templateFile = path.join(artifacts, 'cloudformation-template-update-stack.json');
  const zips = new Map<string, { bytes: number; files: Record<string, Uint8Array> }>();
  for (const name of await readdir(artifacts)) {
    if (!name.endsWith('.zip')) continue;
    const zip = await readFile(path.join(artifacts, name));
    zips.set(name.slice(0, -'.zip'.length), { bytes: zip.length, files: unzipSync(zip) });
  }
  const template = JSON.parse(await readFile(templateFile, 'utf8')) as Template;
  return {
    template,
    templateFile,
    variablesOf(name) {
      const { Properties = {} } =
        Object.values(template.Resources).find(
          ({ Properties: of }) => of?.FunctionName === `stampede-dev-${name}`,
        ) ?? {};
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      const known = Object.entries(Variables).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      );
      return Object.fromEntries(known);
    },
    zips,
  };
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: {
        PATH: `${path.join(packageRoot, 'node_modules/.bin')}:${process.env.PATH}`,
        HOME: cwd,
        ...cacheVariables,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
