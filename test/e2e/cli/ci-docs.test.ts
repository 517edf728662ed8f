import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { exitCodes } from '../../../src/shared/errors.ts';
import { runCli } from '../../support/cli/run-cli.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/ci.md'), 'utf8');

describe('docs/ci.md', () => {
  it('has every exit code, and no other', () => {
    const codes = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(new Set(codes)).toEqual(new Set(Object.values(exitCodes)));
    expect(codes).toHaveLength(Object.values(exitCodes).length);
  });

  it('has a workflow of commands and flags that there are', async () => {
    const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    const { jobs } = parse(yaml) as { jobs: { rehearsal: { steps: { run?: string }[] } } };
    const commands = jobs.rehearsal.steps.flatMap(({ run = '' }) =>
      run.startsWith('npx stampede ') ? [run.split(' ').slice(2)] : [],
    );
    expect(commands.map(([name]) => name)).toEqual(['run', 'compare']);
    for (const [name = '', ...args] of commands) {
      const { stdout } = await runCli([name, '--help']);
      for (const flag of args.filter((each) => each.startsWith('--'))) {
        expect(stdout).toMatch(new RegExp(`^ +${flag} `, 'm'));
      }
    }
  });
});
