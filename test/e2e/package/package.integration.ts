import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  clone,
  type Ended,
  type InstalledPackage,
  installPackage,
  runWith,
} from '../../support/package/installed-package.ts';
import type { Template } from '../../support/stack/cloudformation.ts';
import { sharedStack } from '../../support/stack/shared-stacks.ts';

/** Node 24, as the clone has it. */
const newNode = process.execPath;
/** What the machine itself has, outside node_modules: often an older one. */
const ownNode = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter((directory) => !directory.includes('node_modules'))
  .map((directory) => path.join(directory, 'node'))
  .find(existsSync);
const versionOf = (node: string) => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
const nodes = [...new Set([ownNode ?? newNode, newNode])].map((node) => [versionOf(node), node] as const);

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
}, 600_000);
afterAll(() => installed?.remove());

/** The command as npm has linked it, in a folder of the project. */
function stampede(node: string, args: readonly string[], folder = '') {
  const command = path.join(installed.directory, 'node_modules/.bin/stampede');
  return runWith(node, [command, ...args], path.join(installed.directory, folder));
}

describe('the tarball', () => {
  it('holds no tests, no TypeScript sources and no development tools', () => {
    const typescript = installed.files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
    const unwanted = installed.files.filter((file) =>
      /(^|\/)(test|scripts|\.ci)\/|\.(test|integration)\./.test(file),
    );
    expect([...typescript, ...unwanted]).toEqual([]);
    expect(installed.files).toContain('dist/project/serverless.yml');
    expect(installed.files).toContain('dist/compose.yaml');
  });

  it('is below 6 MB', () => {
    expect(installed.tarballBytes).toBeLessThan(6_000_000);
  });
});

interface Project {
  readonly init: Ended;
  readonly run: Ended;
  /** On stderr, of a run that got a SIGTERM, and how it ended: its code and its signal. */
  readonly progress: string;
  readonly ended: readonly unknown[];
}

/** All messages of the profile, from as few processes as can be, because two projects run them beside other tests. */
const oneSlice = ['--devices', '100'];

/** A project as `init` writes it, a run with its profile, and one whose command gets a signal while it publishes. */
async function makeProject(node: string, folder: string): Promise<Project> {
  const cwd = path.join(installed.directory, folder);
  await mkdir(cwd);
  const init = await stampede(node, ['init'], folder);
  const run = await stampede(node, ['run', '--quiet', ...oneSlice], folder);
  const command = path.join(installed.directory, 'node_modules/.bin/stampede');
  const child = spawn(node, [command, 'run', ...oneSlice], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  let progress = '';
  for await (const text of child.stderr.setEncoding('utf8')) {
    progress += text;
    if (/ publishing,/.test(progress) && !child.killed) child.kill('SIGTERM');
  }
  return { init, run, progress, ended: await ended };
}

const folderOf = (version: string): string => `project-${version}`;
const projects = new Map<string, Project>();
// They mostly wait, so they wait together.
beforeAll(async () => {
  await Promise.all(
    nodes.map(async ([version, node]) => {
      projects.set(version, await makeProject(node, folderOf(version)));
    }),
  );
}, 300_000);

describe.each(nodes)('an installed package with Node %s first on the PATH', (version, node) => {
  const folder = folderOf(version);

  it('init writes a project, and run passes with its profile', () => {
    const { init, run } = projects.get(version)!;
    expect(init).toEqual({ code: 0, output: expect.stringContaining('profiles/smoke.json') });
    expect(run).toEqual({ code: 0, output: expect.stringMatching(/received 5,700/) });
  });

  it('a signal to the command stops its run, and the exit code is 130', () => {
    const { progress, ended } = projects.get(version)!;
    expect(progress).toContain(' publishing,');
    expect(ended).toEqual([130, null]);
  });

  it('init overwrites nothing', async () => {
    await writeFile(path.join(installed.directory, folder, 'serverless.yml'), 'mine');
    const again = await stampede(node, ['init'], folder);
    expect(again).toEqual({
      code: 2,
      output: expect.stringMatching(/already has .*serverless\.yml.*nothing was written/),
    });
    const kept = await readFile(path.join(installed.directory, folder, 'serverless.yml'), 'utf8');
    expect(kept).toBe('mine');
  });

  it('deploy passes flags on, and its exit code back', async () => {
    const help = await stampede(node, ['deploy', '--help']);
    expect(help).toEqual({ code: 0, output: expect.stringContaining('--param name=value') });
    const elsewhere = path.join(folder, 'empty');
    await mkdir(path.join(installed.directory, elsewhere));
    const empty = await stampede(node, ['deploy'], elsewhere);
    expect(empty).toEqual({ code: 2, output: expect.stringContaining('npx stampede init') });
    await stampede(node, ['init', '--force', '.']);
    const deploy = await stampede(node, ['deploy', '--stage', 'load', '--region', 'eu-west-1']);
    expect(deploy).toEqual({ code: 1, output: expect.stringContaining('stage load (eu-west-1)') });
    const remove = await stampede(node, ['remove', '--stage', 'load']);
    expect(remove).toEqual({ code: 1, output: expect.stringContaining('stage load (us-east-1)') });
  }, 600_000);
});

describe('the initialised stack', () => {
  it('packages to the template and the files of a clone', async () => {
    await stampede(newNode, ['init', '--force', '.']);
    const sls = path.join(installed.directory, 'node_modules/.bin/sls');
    expect(await runWith(newNode, [sls, 'package'], installed.directory)).toMatchObject({ code: 0 });
    const artifacts = path.join(installed.directory, '.serverless');
    const template = JSON.parse(
      await readFile(path.join(artifacts, 'cloudformation-template-update-stack.json'), 'utf8'),
    ) as Template;
    const ofClone = await sharedStack('default');
    expect(withoutHashes(template)).toEqual(withoutHashes(ofClone.template));
    const { output } = await runWith(
      newNode,
      ['unzip', '-Z1', path.join(artifacts, 'publish-mqtt.zip')],
      artifacts,
    );
    const files = Object.keys(ofClone.zips.get('publish-mqtt')?.files ?? {});
    expect(output.trim().split('\n').toSorted()).toEqual(files.toSorted());
  }, 300_000);
});

/** Without names of artifacts, which hold the time, and hashes of the bundles. */
function withoutHashes(template: Template): unknown {
  const text = JSON.stringify(template)
    .replaceAll(/serverless\/stampede\/dev\/[^/"]+\//g, 'serverless/stampede/dev/TIME/')
    .replaceAll(/"CodeSha256":"[^"]*"/g, '"CodeSha256":""');
  return JSON.parse(text);
}

describe('the library', () => {
  it('compiles in five lines of TypeScript', async () => {
    const consumer = `import { makePlan, parseLoadProfile, type Report, runEmbedded } from 'stampede';
const profile = parseLoadProfile({ devices: 50, ratePerSecond: 100, duration: '5s' });
const slices: number = makePlan({ runId: 'mine', profile, now: Date.now() }).slices.count;
const report: Report = await runEmbedded({ devices: 50 }, { limits: { publishInPerSecond: 500 } });
export const passed: boolean = report.verdict === 'passed' && slices > 0;
`;
    await writeFile(path.join(installed.directory, 'consumer.mts'), consumer);
    const tsc = path.join(clone, 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024'];
    const args = [newNode, tsc, ...flags, 'consumer.mts'];
    expect(await runWith(newNode, args, installed.directory)).toEqual({ code: 0, output: '' });
    await writeFile(path.join(installed.directory, 'consumer.mts'), consumer.replace('count', 'nothing'));
    expect(await runWith(newNode, args, installed.directory)).toMatchObject({ code: 2 });
  });

  it('runs the example of docs/library.md in Jest', async () => {
    const page = await readFile(path.join(clone, 'docs/library.md'), 'utf8');
    const [, example = ''] = /```js\n(.*?)```/s.exec(page) ?? [];
    const folder = path.join(installed.directory, 'own-tests');
    await mkdir(folder);
    await writeFile(path.join(folder, 'rehearsal.test.mjs'), example);
    await writeFile(path.join(folder, 'package.json'), '{}\n');
    const jest = path.join(clone, 'node_modules/jest/bin/jest.js');
    const ended = await runWith(newNode, [newNode, '--experimental-vm-modules', jest], folder);
    expect(ended).toEqual({ code: 0, output: expect.stringContaining('1 passed') });
  });
});
