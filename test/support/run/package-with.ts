import { mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const packageRoot = path.resolve(import.meta.dirname, '../../..');

/** This package in a directory of its own, one of its functions replaced. */
export async function packageWith(functionName: string, source: string): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'stampede-package-'));
  for (const name of [
    'serverless.yml',
    'stack',
    'statemachine',
    'dashboards',
    'src',
    'node_modules',
    'package.json',
  ]) {
    await symlink(path.join(packageRoot, name), path.join(root, name));
  }
  await mkdir(path.join(root, 'functions'));
  for (const file of await readdir(path.join(packageRoot, 'functions'))) {
    const target = path.join(root, 'functions', file);
    if (file === `${functionName}.ts`) await writeFile(target, source);
    else await symlink(path.join(packageRoot, 'functions', file), target);
  }
  return root;
}
