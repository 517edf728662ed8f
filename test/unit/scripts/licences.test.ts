import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { isPermissive, type LockFile, licencesOf } from '../../../scripts/licences.ts';

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
type Lock = LockFile & {
  readonly packages: Record<string, { integrity?: string; resolved?: string; hasInstallScript?: boolean }>;
};
const lock = JSON.parse(read('package-lock.json')) as Lock;

describe('the licences of production dependencies', () => {
  it('are all permissive', () => {
    const licences = licencesOf(lock);
    expect(licences.length).toBeGreaterThan(100);
    expect(licences.filter(({ isAllowed }) => !isAllowed)).toEqual([]);
  });

  it('refuse a copyleft or unknown one, however deep in the tree, and no development tool', () => {
    const packages = {
      '': { license: 'GPL-3.0-only' },
      'node_modules/good': { version: '1.0.0', license: 'MIT' },
      'node_modules/good/node_modules/@deep/copyleft': { version: '2.0.0', license: 'AGPL-3.0-or-later' },
      'node_modules/silent': { version: '3.0.0' },
      'node_modules/odd': { version: '4.0.0', license: 'SEE LICENSE IN terms.txt' },
      'node_modules/tool': { version: '5.0.0', license: 'GPL-2.0', dev: true },
    };
    const refused = licencesOf({ packages }).filter(({ isAllowed }) => !isAllowed);
    expect(refused.map(({ name, licence }) => `${name} ${licence}`)).toEqual([
      '@deep/copyleft AGPL-3.0-or-later',
      'odd SEE LICENSE IN terms.txt',
      'silent unknown',
    ]);
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['GPL-3.0-only OR MIT', true],
    ['MIT AND GPL-3.0-only', false],
    ['(MIT AND (BSD-2-Clause OR LGPL-3.0))', true],
    ['MIT OR', false],
    ['(MIT', false],
    ['MIT GPL-3.0', false],
    ['UNLICENSED', false],
    ['', false],
  ])('reads %s', (expression, permissive) => {
    expect(isPermissive(expression)).toBe(permissive);
  });
});

describe('the lock file', () => {
  it('has the hash of every package, and names no registry but npm’s', () => {
    const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(packages.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ''))).toEqual([]);
    const resolved = packages.flatMap(([, each]) => (each.resolved === undefined ? [] : [each.resolved]));
    expect(resolved.filter((url) => !url.startsWith('https://registry.npmjs.org/'))).toEqual([]);
  });

  it('has Node itself, for every platform, and each install script is on the list of package.json', () => {
    const { allowScripts, optionalDependencies } = JSON.parse(read('package.json')) as {
      allowScripts: Record<string, boolean>;
      optionalDependencies: Record<string, string>;
    };
    const platforms = Object.keys(optionalDependencies).filter((name) => name.startsWith('node-'));
    expect(platforms.length).toBeGreaterThanOrEqual(5);
    for (const name of platforms)
      expect(lock.packages[`node_modules/${name}`]?.integrity).toMatch(/^sha512-/);
    expect(lock.packages['node_modules/node']).toBeUndefined();
    const scripted = Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 13));
    expect(scripted.filter((name) => !(name in allowScripts) && name !== 'fsevents')).toEqual([]);
  });
});
