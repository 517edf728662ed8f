import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { makeWorkplace, runCli, startCli } from '../support/cli/run-cli.ts';

// A disk that is full, fills up or is read-only: the user reads that, at once, and how to get at what is left.

const workplace = makeWorkplace();
const mounted: string[] = [];
afterAll(() => {
  for (const directory of mounted) execFileSync('umount', [directory]);
  workplace.remove();
});

/** A file system of its own; only root may have one. Undefined where not. */
function mountTmpfs(name: string, options: string): string | undefined {
  const directory = path.join(workplace.directory, name);
  mkdirSync(directory);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  mounted.push(directory);
  return directory;
}

const probe = mountTmpfs('probe', 'size=64k');
if (probe === undefined) console.warn('skipped: a small file system to fill takes root');
const withMounts = probe === undefined ? describe.skip : describe;

const load = {
  devices: 20,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 100,
  duration: '20s',
  slices: { devicesPerSlice: 10 },
  drain: '1s',
};

withMounts('a disk', () => {
  it('that is read-only refuses the run', async () => {
    const directory = mountTmpfs('read-only', 'size=64k,ro')!;
    const file = workplace.writeProfile('read-only.json', load);
    const { code, stderr } = await runCli(['run', file, '--quiet', '--runs', path.join(directory, 'runs')]);
    expect(code).toBe(2);
    expect(stderr).toContain('the file system is read-only (EROFS)');
    expect(stderr).toContain('--runs');
    expect(stderr).not.toContain('internal');
  });

  it('that fills up while a run goes on is named at once, and what was stored makes a report', async () => {
    const directory = mountTmpfs('filling', 'size=1m')!;
    const runs = path.join(directory, 'runs');
    const cli = startCli([
      'run',
      workplace.writeProfile('filling.json', { ...load, name: 'filling' }),
      '--runs',
      runs,
    ]);
    await cli.untilOutput(' publishing,');
    // The rest of it.
    const filler = path.join(directory, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(2 * 1_048_576))).toThrow('ENOSPC');
    await cli.untilOutput('the disk is full (ENOSPC)');
    expect(cli.child.exitCode).toBeNull();
    const { code, stderr } = await cli.result;
    const runId = readdirSync(runs).find((name) => name.startsWith('filling')) ?? '';
    expect(stderr).toContain(`npx stampede report ${runId} --runs ${runs}`);
    expect(stderr).not.toMatch(/internal|ECONNREFUSED/);
    expect(code).toBe(1);
    execFileSync('rm', [filler]);
    const report = await runCli(['report', runId, '--runs', runs]);
    expect(report.stdout).toContain('2 slices');
  });
});
