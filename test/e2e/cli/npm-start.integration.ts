import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Report } from '../../../src/report/report-model.ts';
import { formatUsd } from '../../../src/shared/format.ts';
import { checkProfile } from '../../../src/ui/check-profile.ts';
import { type CliResult, makeWorkplace, startCli } from '../../support/cli/run-cli.ts';
import { falseClaims } from '../../support/run/recorded-truth.ts';
import { type Recorded, readRecording, recorderVariables } from '../../support/run/recording.ts';

// The first thing that a newcomer does with a clone: `npm start`, and what its report says.

const root = path.resolve(import.meta.dirname, '../../..');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly scripts: { readonly start: string };
};
const [node, main, ...args] = scripts.start.split(' ');

const workplace = makeWorkplace();
const runs = path.join(workplace.directory, 'runs');
let result: CliResult;
let report: Report;
let html: string;
let recorded: Recorded;
beforeAll(async () => {
  const file = path.join(workplace.directory, 'start.lines');
  result = await startCli([...args, '--runs', runs], recorderVariables(file), { cwd: root }).result;
  const runId = readdirSync(runs).find((name) => existsSync(path.join(runs, name, 'report.json')))!;
  report = JSON.parse(readFileSync(path.join(runs, runId, 'report.json'), 'utf8')) as Report;
  html = readFileSync(path.join(runs, runId, 'report.html'), 'utf8');
  recorded = readRecording(file, runId, 5_000);
});
afterAll(() => workplace.remove());

describe('npm start', () => {
  it('runs the command line on the smoke test, to its end', () => {
    expect([node, main, args]).toEqual(['node', 'src/main.ts', ['run', 'profiles/smoke.json']]);
    // On a machine with much else to do messages are late or left out: then the report says so, and whose doing it was.
    if (report.generator.health.state === 'kept-up')
      expect([result.code, report.verdict]).toEqual([0, 'passed']);
    else expect(report.generator.health.sentence).toMatch(/^The generator (was|had time to spare)/);
    expect(report.messages).toMatchObject({ intended: 5_700, lost: 0 });
  });

  it('agrees with the recorder, and says nothing false', () => {
    expect(falseClaims({ report, recorded }, { intended: 5_700 })).toEqual([]);
  });

  it('is forecast alike by the page’s form, the header and the report', () => {
    const { answer } = checkProfile(readFileSync(path.join(root, args[1]!), 'utf8'));
    const cost = `on AWS ${formatUsd(report.cost!.forecastUsd)} forecast`;
    expect(Object.fromEntries(answer.brief).cost).toContain(cost);
    expect(result.stderr).toContain(cost);
  });

  it('has no latency below zero', () => {
    for (const [name, { count, min, negative }] of Object.entries(report.latencyMs)) {
      expect([name, negative]).toEqual([name, 0]);
      if (count > 0) expect(min).toBeGreaterThanOrEqual(0);
    }
  });

  it('has no difference without a reason', () => {
    expect(`${result.stdout}${html}`).not.toContain('≠');
    expect(report.reconciliation.length).toBeGreaterThan(0);
    expect(report.reconciliation.filter(({ unexplained }) => unexplained !== 0)).toEqual([]);
  });

  // Also where this machine was too busy to set them closely: that is said as resolution, not as clocks that are apart.
  it('has no word about clocks', () => {
    expect(`${result.stdout}${html}`.match(/clocks? (?:is|are|may)[^.]*/gi)).toBeNull();
  });
});
