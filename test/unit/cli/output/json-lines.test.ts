import { describe, expect, it } from '@jest/globals';
import { makeJsonLines } from '../../../../src/cli/output/json-lines.ts';
import { noTotals, type Progress } from '../../../../src/cli/run/progress.ts';
import { preflight } from '../../../../src/plan/preflight.ts';
import type { Report } from '../../../../src/report/report-model.ts';
import { samplePlan } from '../../../support/cli/sample-plan.ts';

const { publishAt, publishEndAt } = samplePlan.timeline;
const progressAt = (now: number): Progress => ({
  plan: samplePlan,
  totals: { ...noTotals, sent: 10, endToEndP99Ms: 12.5 },
  sentPerSecond: 19_999.6,
  intendedPerSecond: 20_000,
  now,
  stopping: false,
});
const report = { verdict: 'passed' } as Report;

function linesOf(quiet: boolean): { event: string }[] {
  const lines: string[] = [];
  const json = makeJsonLines((line) => void lines.push(line), quiet);
  json.began(samplePlan, { stack: 'stampede-dev' }, preflight(samplePlan));
  for (let ms = 0; ms < 3_000; ms += 250) json.show(progressAt(publishAt + ms));
  json.show(progressAt(publishEndAt));
  json.say('stopping…');
  json.ended(report, ['a.json']);
  expect(lines.every((line) => line.endsWith('}\n'))).toBe(true);
  return lines.map((line) => JSON.parse(line) as { event: string });
}

describe('lines of JSON', () => {
  it('report the run, its progress each second and at each phase, and the report', () => {
    const lines = linesOf(false);
    expect(lines.map(({ event }) => event)).toEqual([
      'run',
      ...new Array(4).fill('progress'),
      'logged',
      'report',
    ]);
    expect(lines[0]).toMatchObject({
      runId: samplePlan.runId,
      devices: 12_000,
      stack: 'stampede-dev',
      forecastUsd: expect.any(Number),
    });
    expect(lines[1]).toMatchObject({
      at: new Date(publishAt).toISOString(),
      phase: 'publishing',
      sentPerSecond: 20_000,
      sent: 10,
      endToEndP99Ms: 12.5,
    });
    expect(lines[4]).toMatchObject({ phase: 'draining' });
    expect(lines.at(-1)).toEqual({ event: 'report', files: ['a.json'], report: { verdict: 'passed' } });
  });

  it('are just the report with --quiet', () => {
    expect(linesOf(true).map(({ event }) => event)).toEqual(['report']);
  });
});
