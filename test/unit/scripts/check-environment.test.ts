import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';

const directory = mkdtempSync(path.join(tmpdir(), 'stampede-check-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const script = path.resolve(import.meta.dirname, '../../../scripts/check-environment.ts');
const check = (text: string) => {
  const file = path.join(directory, 'sample.ts');
  writeFileSync(file, text);
  const { status, stderr } = spawnSync(process.execPath, [script, file], { encoding: 'utf8' });
  return { status, lines: stderr.match(/sample\.ts:\d+/g) ?? [] };
};

it('finds every way to write variables of the process', () => {
  const writes = [
    "process.env.A = 'x';",
    "process.env['A'] ??= 'x';",
    'delete process.env.A;',
    'Object.assign(process.env, {});',
    "Reflect.set(process.env, 'A', 'x');",
    'const own = process.env;',
    'function read(variables = process.env) {}',
    'const known = process.env as Record<string, string>;',
  ];
  expect(check(writes.join('\n'))).toEqual({
    status: 1,
    lines: writes.map((_, index) => `sample.ts:${index + 1}`),
  });
});

it('allows to read them', () => {
  const reads = [
    "const a = process.env.A ?? 'x';",
    'const { B } = process.env;',
    'run({ env: { ...process.env, C: a } }, process.env);',
    'const known = process.env as Readonly<Record<string, string>>;',
    'const isSet = process.env.D === a;',
  ];
  expect(check(reads.join('\n'))).toEqual({ status: 0, lines: [] });
});
