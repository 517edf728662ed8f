import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { hardLimitOf, readHostFacts } from '../../../src/cli/run/draft-run.ts';
import { makeWorkplace } from '../../support/cli/run-cli.ts';

describe('this machine', () => {
  it('is read as it is', () => {
    const { descriptors, memoryBytes, cores } = readHostFacts();
    expect(descriptors).toBeGreaterThan(0);
    expect(memoryBytes).toBeGreaterThan(1e6);
    expect(cores).toBeGreaterThanOrEqual(1);
  });

  it('has the hard limit of open files', () => {
    const header = 'Limit                     Soft Limit           Hard Limit           Units     \n';
    expect(
      hardLimitOf(
        `${header}Max open files            1024                 4096                 files     \n`,
      ),
    ).toBe(4_096);
    expect(
      hardLimitOf(
        `${header}Max open files            1024                 unlimited            files     \n`,
      ),
    ).toBe(Infinity);
    expect(hardLimitOf('')).toBe(Infinity);
  });

  const workplace = makeWorkplace();
  afterAll(() => workplace.remove());

  (existsSync('/proc/self/limits') ? it : it.skip)(
    'with too few open files refuses a rehearsal before it begins',
    () => {
      const profile = workplace.writeProfile('fleet.json', {
        devices: 1_300,
        ratePerSecond: 10,
        duration: '1s',
      });
      const main = path.resolve(import.meta.dirname, '../../../src/main.ts');
      const runs = path.join(workplace.directory, 'runs');
      const under = (limit: number, command: string) =>
        spawnSync(
          '/bin/sh',
          [
            '-c',
            `ulimit -n ${limit}; exec "$@"`,
            'sh',
            process.execPath,
            main,
            command,
            profile,
            ...(command === 'run' ? ['--runs', runs] : []),
          ],
          { encoding: 'utf8' },
        );
      const { status, stderr } = under(1_000, 'run');
      expect(status).toBe(3);
      expect(stderr).toContain(
        'open files of the embedded IoT Core: about 1,351 needed, and a process may have 1,000',
      );
      expect(stderr).toContain('--force');
      expect(existsSync(runs)).toBe(false);
      // The plan of a run on AWS is no matter of this machine.
      expect(under(1_000, 'plan').status).toBe(0);
    },
  );
});
