import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import type { LockFile } from '../../../scripts/licences.ts';

const root = path.resolve(import.meta.dirname, '../../..');

interface Bill {
  readonly components: readonly { readonly 'bom-ref': string; readonly purl: string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

it('npm run sbom prints CycloneDX of every production dependency of the lock file, and of no other', () => {
  const text = execFileSync('npm', ['run', '--silent', 'sbom'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1_024 * 1_024,
  });
  const bill = JSON.parse(text) as Bill;
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as LockFile;
  const locked = Object.entries(packages)
    .filter(([place, { dev }]) => place !== '' && dev !== true)
    .map(([place, { name, version }]) => `${name ?? place.split('node_modules/').at(-1)}@${version}`);
  const refs = bill.components.map((component) => component['bom-ref']);
  expect([...new Set(refs)].sort()).toEqual([...new Set(locked)].sort());
  for (const { purl } of bill.components) expect(purl).toMatch(/^pkg:npm\/.+@\d/);
  const known = new Set([...refs, bill.dependencies[0]?.ref]);
  const linked = bill.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
  expect(linked.filter((ref) => !known.has(ref))).toEqual([]);
});
