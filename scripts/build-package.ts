import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { isMap, parseDocument, type YAMLMap } from 'yaml';

/**
 * Compiles what is published into `dist/`, before `npm pack` and `npm publish`. `dist/` has the clone's layout, so that
 * relative paths in the code lead to the same files, and `dist/project/`: what `stampede init` copies.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = path.join(root, 'dist');
const project = path.join(dist, 'project');

/** What the command line, embedded AWS and the dashboards read beside the code. */
const copied = [
  'serverless.yml',
  'stack',
  'statemachine',
  'profiles',
  'dashboards/cloudwatch.yml',
  'dashboards/json',
  'dashboards/provisioning',
  'compose.yaml',
  'docs/report.schema.json',
];

/** What a project deploys and begins with, beside `serverless.yml` and the bundles. */
const startingFiles = [
  'statemachine',
  'dashboards/cloudwatch.yml',
  'profiles/smoke.json',
  'profiles/load-profile.schema.json',
];

/** Of `serverless.yml`: those whose work is done once the functions are bundled. */
const pluginsOfAClone = ['serverless-esbuild', './stack/plugins/invoke-local.js'];

await rm(dist, { recursive: true, force: true });
compile(['-p', 'tsconfig.build.json']);
compile(['-p', 'src/ui/page/tsconfig.build.json']);
await copy(copied, dist);
await writeManifest();
await makeProject();

function compile(args: readonly string[]): void {
  execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
}

async function copy(names: readonly string[], to: string): Promise<void> {
  for (const name of names) await cp(path.join(root, name), path.join(to, name), { recursive: true });
}

/** The command line reads its version from the manifest above it. */
async function writeManifest(): Promise<void> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  await writeJson(path.join(dist, 'package.json'), { private: true, version, type: 'module' });
}

async function makeProject(): Promise<void> {
  const description = parseDocument(await readFile(path.join(root, 'serverless.yml'), 'utf8'));
  const { plugins, ...options } = (description.getIn(['custom', 'esbuild']) as YAMLMap).toJSON();
  const functions = description.get('functions');
  if (!isMap(functions)) throw new Error('serverless.yml: functions is no map');
  const keys = functions.items.map(({ key }) => String(key));
  await copy(startingFiles, project);
  await copyStack(project);
  await bundle(keys, options, plugins);

  description.deleteIn(['custom', 'esbuild']);
  const stays = (description.get('plugins') as YAMLMap)
    .toJSON()
    .filter((plugin: string) => !pluginsOfAClone.includes(plugin));
  description.set('plugins', description.createNode(stays));
  // Of a project's own files only these belong into a function.
  description.setIn(['package', 'patterns'], ['!**']);
  description.setIn(['package', 'excludeDevDependencies'], false);
  for (const key of keys) {
    const patterns = functions.getIn([key, 'package', 'patterns']) as YAMLMap | undefined;
    description.setIn(
      ['functions', key, 'package', 'patterns'],
      description.createNode([
        `functions/${key}.cjs`,
        `functions/${key}.cjs.map`,
        ...(patterns?.toJSON() ?? []),
      ]),
    );
  }
  await writeFile(path.join(project, 'serverless.yml'), description.toString({ lineWidth: 0 }));
}

/** Without what only a clone's plugins need; its scripts are ES modules whatever the project's own are. */
async function copyStack(to: string): Promise<void> {
  const skipped = ['esbuild-plugins.js', 'lambda-credentials.js', 'invoke-local.js'];
  await cp(path.join(root, 'stack'), path.join(to, 'stack'), {
    recursive: true,
    filter: (source) => !skipped.includes(path.basename(source)) && !source.endsWith('.d.ts'),
  });
  await writeJson(path.join(to, 'stack', 'package.json'), { private: true, type: 'module' });
}

/** The bundles that `serverless-esbuild` makes in a clone, by the same settings. */
async function bundle(
  keys: readonly string[],
  settings: Readonly<Record<string, unknown>>,
  pluginsFile: string,
): Promise<void> {
  const { skipRebuild: _, outputFileExtension, ...options } = settings;
  const plugins = (await import(pathToFileURL(path.join(root, pluginsFile)).href)).default as Plugin[];
  await build({
    ...options,
    absWorkingDir: root,
    entryPoints: keys.map((key) => `functions/${key}.ts`),
    outdir: path.join(project, 'functions'),
    outExtension: { '.js': String(outputFileExtension) },
    plugins,
  });
  const made = (await readdir(path.join(project, 'functions'))).toSorted();
  process.stderr.write(`bundled: ${made.join(', ')}\n`);
}

async function writeJson(file: string, value: object): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}
