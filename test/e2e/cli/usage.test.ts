import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { profileOptions, searchOptions } from '../../../src/profile/profile-options.ts';
import { makeWorkplace, runCli, type Workplace } from '../../support/cli/run-cli.ts';

describe('stampede, used wrongly', () => {
  let workplace: Workplace;
  beforeAll(() => {
    workplace = makeWorkplace();
  });
  afterAll(() => workplace.remove());

  it('lists every fault of a profile, with hints, and exits 2', async () => {
    const file = workplace.writeProfile('broken.json', {
      devices: 0,
      conect: {},
      publish: { qos: 2, topic: 'a/#' },
      stages: [{ duration: '10', target: 5 }],
      thresholds: { end_to_end: ['p(99)<5'] },
    });
    for (const command of ['plan', 'run']) {
      const { code, stdout, stderr } = await runCli([command, file, '--drain', 'soon'], {
        STAMPEDE_SEED: 'x',
      });
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/The load profile has \d+ errors:/);
      for (const setting of [
        'devices',
        'conect',
        'publish.qos',
        'publish.topic',
        'stages[0].duration',
        'thresholds.end_to_end',
        '--drain',
        'STAMPEDE_SEED',
      ]) {
        expect(stderr).toContain(`  ${setting}: `);
      }
      expect(stderr).toContain('did you mean "connect"?');
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });

  it('says where a file is no JSON', async () => {
    const file = workplace.writeProfile('cut-off.json', '{\n  // how many\n  "devices": 5,\n}\n');
    const { code, stderr } = await runCli(['plan', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('line 4, column 1');
    expect(stderr).toContain('JSON has no comma before a closing bracket');
  });

  it('lists what the text says twice or cannot say with what the profile gets wrong', async () => {
    const file = workplace.writeProfile(
      'twice.json',
      '{"devices": 5, "devices": 9007199254740993, "qos": 1}',
    );
    const { code, stderr } = await runCli(['plan', file], { STAMPEDE_DEVICE: '5', STAMPEDE_RATE: '1' });
    expect(code).toBe(2);
    expect(stderr).toContain('line 1, column 16: the key "devices" stands twice; the first is in line 1');
    expect(stderr).toContain('devices: 9007199254740992 is beyond 2^53');
    expect(stderr).toContain('did you mean "publish.qos"?');
    expect(stderr).toContain('STAMPEDE_DEVICE: is not a variable of Stampede');
    expect(stderr).toContain('did you mean STAMPEDE_DEVICES?');
  });

  it('refuses in `plan` what `run` refuses', async () => {
    const elsewhere = {
      devices: 1,
      ratePerSecond: 1,
      duration: '1s',
      publish: { topic: 'fleet/{deviceId}' },
    };
    const file = workplace.writeProfile('elsewhere.json', elsewhere);
    for (const command of ['plan', 'run']) {
      const { code, stderr } = await runCli([command, file]);
      expect([command, code]).toEqual([command, 2]);
      expect(stderr).toContain('publish.topic: "fleet/d0" is outside stampede/dev/#');
    }
  });

  it('reads a profile with comments from standard input', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', 'plan', '-', '--json'], {
      input: '// three devices\n{"devices": 3, "ratePerSecond": 1, "duration": "9s"}',
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).plan.load.messages).toBe(9);
  });

  it.each([
    [['plan', 'nowhere.json'], 'nowhere.json: there is no such file'],
    [['plan', '.'], '.: is a directory'],
    [['plan'], "missing required argument 'profile'"],
    [['plann'], '(Did you mean plan?)'],
    [['run', 'p.json', '--device', '5'], '(Did you mean --devices?)'],
    [['run', 'p.json', 'q.json'], 'too many arguments'],
    [['--wat'], "unknown option '--wat'"],
  ])('exits 2 with a hint for %j', async (args, message) => {
    const { code, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('→');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('exits 2 where the run store cannot be used', async () => {
    const profile = workplace.writeProfile('sound.json', { devices: 1, ratePerSecond: 1, duration: '1s' });
    const file = workplace.writeProfile('file', '');
    const { code, stderr } = await runCli(['run', profile, '--quiet', '--runs', `${file}/runs`]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('a part of the path is a file (ENOTDIR)')]);
    expect(stderr).toContain('--runs');
    for (const directory of [file, `${file}/runs`]) {
      const ui = await runCli(['ui', '--port', '0', '--runs', directory]);
      expect(ui).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('is a file (ENOTDIR)'),
      });
    }
  });

  // Linux has the disk that is always full.
  (existsSync('/dev/full') ? it : it.skip)('does not pass where its output was lost', () => {
    const file = workplace.writeProfile('small.json', { devices: 1, ratePerSecond: 1, duration: '1s' });
    const full = openSync('/dev/full', 'w');
    try {
      const main = path.resolve(import.meta.dirname, '../../../src/main.ts');
      const { status, stderr } = spawnSync(process.execPath, [main, 'plan', file], {
        encoding: 'utf8',
        stdio: ['ignore', full, 'pipe'],
      });
      expect([status, stderr]).toEqual([1, expect.stringContaining('could not be written: ENOSPC')]);
    } finally {
      closeSync(full);
    }
  });

  it('shows the stack of a fault only with STAMPEDE_DEBUG=1', async () => {
    const { stderr } = await runCli(['plan', 'nowhere.json'], { STAMPEDE_DEBUG: '1' });
    expect(stderr).toMatch(/^\s+at /m);
  });
});

describe('stampede --help', () => {
  it('shows the first commands to type', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('stampede plan profiles/smoke.json');
    for (const command of ['plan', 'run', 'embedded'])
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  });

  it('loads no package but commander', () => {
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => (process.stderr.write(url + '\\n'), next(url, context)) });`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, 'bin/stampede.js', '--help'],
      { encoding: 'utf8' },
    );
    const packages = stderr
      .split('\n')
      .flatMap((url) => url.match(/(?<=node_modules\/)(?:@[^/]+\/)?[^/]+/) ?? []);
    expect(status).toBe(0);
    expect([...new Set(packages)]).toEqual(['commander']);
  });

  it('lists every command as the command itself says', async () => {
    const { stdout } = await runCli(['--help']);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+)((?: [[<][^ ]+)*) {2,}\S/gm)].filter(
      ([, name]) => name !== 'help',
    );
    expect(listed.length).toBeGreaterThan(10);
    for (const [, name = '', usage = ''] of listed) {
      const { stdout: own } = await runCli([name, '--help']);
      expect(own).toContain(`Usage: npx stampede ${name}${usage}`);
    }
  });

  it.each(['plan', 'run'])('of %s names every override', async (command) => {
    const { code, stdout } = await runCli([command, '--help']);
    expect(code).toBe(0);
    for (const { flag } of profileOptions) expect(stdout).toContain(`${flag} `);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it.each(['plan', 'search'])('of %s names every setting of a search', async (command) => {
    const { stdout } = await runCli([command, '--help']);
    for (const { flag } of searchOptions) expect(stdout).toMatch(new RegExp(`^ {2}${flag} <`, 'm'));
  });

  it('goes with a version', async () => {
    const { code, stdout } = await runCli(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
