import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeRunRepository } from '../../../src/cli/runs/run-repository.ts';
import { formatReportJson } from '../../../src/report/report-json.ts';
import { makeWorkplace, runCli, type Workplace } from '../../support/cli/run-cli.ts';
import { planOf, resultOf } from '../../support/measure/run-fixture.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';

/** A runs directory of another user, with a link or a FIFO where Stampede looks for a file. */
let workplace: Workplace;
let runs: string;
let outside: string;
const plan = planOf();
const { runId } = plan;

beforeAll(() => {
  workplace = makeWorkplace();
  runs = path.join(workplace.directory, 'runs');
  outside = path.join(workplace.directory, 'outside');
});
beforeEach(() => {
  for (const directory of [runs, outside]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
  }
  store(runs, `${runId}/plan.json`, plan);
});
afterAll(() => workplace.remove());

function store(directory: string, name: string, content: unknown): void {
  const file = path.join(directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

function link(name: string, target = outside): string {
  const file = path.join(runs, name);
  mkdirSync(path.dirname(file), { recursive: true });
  rmSync(file, { force: true });
  symlinkSync(target, file);
  return file;
}

const stampede = (...args: string[]) => runCli([...args, '--runs', runs], { GITHUB_STEP_SUMMARY: '' });

/** Exit code 2, the file, and what to do; no "internal error". */
async function expectRefusal(args: readonly string[], what: string): Promise<void> {
  const { code, stderr } = await stampede(...args);
  expect({ args, code, stderr }).toEqual({ args, code: 2, stderr: expect.stringContaining(what) });
  expect(stderr).toContain('remove it');
}

describe('a runs directory of another user', () => {
  it.each([['.logs'], ['.embedded'], ['.logs/embedded-aws.log']])(
    'starts no run where %s is a link, and nothing behind it changes',
    async (name) => {
      const profile = workplace.writeProfile('tiny.json', { devices: 1, ratePerSecond: 1, duration: '1s' });
      for (let day = 10; day < 25; day++) {
        store(outside, `2026-09-${day}T00-00-00.000Z-1/kept.txt`, 'kept');
      }
      store(outside, 'log.txt', 'kept');
      const before = readdirSync(outside);
      const file = link(name, name.endsWith('.log') ? path.join(outside, 'log.txt') : outside);
      await expectRefusal(['run', profile], `${file} is a symbolic link`);
      expect(readdirSync(outside)).toEqual(before);
    },
  );

  it.each([[['watch', runId]], [['stop', runId]], [['report', runId]]])(
    'makes `%j` delete nothing behind a linked .embedded',
    async (args) => {
      store(outside, '4194305.json', '{}');
      await expectRefusal(args, `${link('.embedded')} is a symbolic link`);
      expect(existsSync(path.join(outside, '4194305.json'))).toBe(true);
    },
  );

  it.each([
    ['report.json'],
    ['plan.json'],
    ['slices/0/0.json'],
    ['arrivals/rule/a.json'],
    ['deaths/0/0.json'],
    ['faults.json'],
  ])('is refused where %s is a FIFO or a link', async (name) => {
    const file = path.join(runs, runId, name);
    store(outside, 'report.json', formatReportJson({ ...reportOf(runOf()), runId }));
    link(`${runId}/${name}`, path.join(outside, 'report.json'));
    await expectRefusal(['report', runId], `${file} is a symbolic link`);
    rmSync(file);
    execFileSync('mkfifo', [file]);
    await expectRefusal(['report', runId], `${file} is a FIFO`);
  });

  it('is refused where slices/ is a link or a file, and yields no report without its slices', async () => {
    for (let slice = 0; slice < 4; slice++) store(outside, `${slice}.json`, resultOf(plan, slice));
    const file = link(`${runId}/slices`);
    await expectRefusal(['report', runId], `${file} is a symbolic link`);
    rmSync(file);
    writeFileSync(file, '');
    await expectRefusal(['report', runId], `${file} is a regular file`);
    expect(readdirSync(path.join(runs, runId)).toSorted()).toEqual(['plan.json', 'slices']);
  });

  it('is refused where report.html is a directory', async () => {
    const file = path.join(runs, runId, 'report.html');
    mkdirSync(file);
    for (let slice = 0; slice < 4; slice++)
      store(runs, `${runId}/slices/${slice}/0.json`, resultOf(plan, slice));
    await expectRefusal(['report', runId], `${file} is a directory`);
  });

  it('is listed by the page with what is wrong, and does not hang it', async () => {
    const runIds = ['a-20260901T101010Z-ab12', 'b-20260901T101009Z-ab12'] as const;
    const [fifo, linked] = runIds.map((id) => path.join(runs, id, 'report.json')) as [string, string];
    mkdirSync(path.dirname(fifo));
    execFileSync('mkfifo', [fifo]);
    store(outside, 'report.json', formatReportJson({ ...reportOf(runOf()), runId: runIds[1] }));
    link(`${runIds[1]}/report.json`, path.join(outside, 'report.json'));
    const repository = makeRunRepository(runs);
    const listed = (await repository.list()).filter((run) => run.runId !== runId);
    expect(listed).toEqual([
      { runId: runIds[0], unreadable: expect.stringContaining(`${fifo} is a FIFO`) },
      { runId: runIds[1], unreadable: expect.stringContaining(`${linked} is a symbolic link`) },
    ]);
    expect(await Promise.all(runIds.map((id) => repository.file(id, 'report.json')))).toEqual([
      undefined,
      undefined,
    ]);
    expect(await repository.report(runIds[0])).toContain('is a FIFO');
  });

  it('is refused by `compare` as a path too', async () => {
    const directory = path.join(runs, runId);
    store(outside, 'report.json', formatReportJson({ ...reportOf(runOf()), runId }));
    const file = link(`${runId}/report.json`, path.join(outside, 'report.json'));
    const other = path.join(outside, 'report.json');
    await expectRefusal(['compare', directory, other], `${file} is a symbolic link`);
    rmSync(file);
    const server = createServer().listen(file);
    try {
      await expectRefusal(['compare', directory, other], `${file} is a socket`);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
