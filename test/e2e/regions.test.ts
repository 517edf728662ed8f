import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import type { Plan } from '../../src/plan/plan.ts';
import type { Report } from '../../src/report/report-model.ts';
import { sumFields } from '../../src/shared/counts.ts';
import { makeWorkplace, runCli } from '../support/cli/run-cli.ts';

// A run in two Regions as a user starts it: two embedded AWS, each with its functions, its run store and its clock. What a busy machine makes
// late or drops is in the counts: only their sums are held.

it('runs one plan in two Regions, whose ledgers sum to it', async () => {
  const workplace = makeWorkplace();
  try {
    const file = workplace.writeProfile('two.json', {
      name: 'two',
      devices: 10,
      ratePerSecond: 20,
      duration: '3s',
      drain: '1s',
      slices: { devicesPerSlice: 5 },
      regions: { 'eu-west-1': 0.5, 'us-east-1': 0.5 },
    });
    const runs = path.join(workplace.directory, 'runs');
    const clock = 'us-east-1:faults={"clockOffsetMs":80}';
    const { stdout, stderr } = await runCli(['run', file, '--runs', runs, '--json', '--in', clock]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    const ended = JSON.parse(lines.at(-1) ?? '{}') as { readonly report?: Report };
    if (ended.report === undefined) throw new Error(`no report: ${stderr}`);
    const { runId, messages, devices, slices, regions = [], imbalances } = ended.report;
    expect(regions.map(({ name }) => name)).toEqual(['eu-west-1', 'us-east-1']);
    expect(regions.map((region) => region.messages).reduce(sumFields)).toEqual(messages);
    expect(regions.map((region) => region.devices).reduce(sumFields)).toEqual(devices);
    expect(regions.map((region) => region.slices).reduce(sumFields)).toEqual(slices);
    expect(regions.map((region) => region.devices.planned)).toEqual([5, 5]);
    expect(messages.intended).toBe(60);
    expect(imbalances).toEqual([]);
    const planIn = (directory: string): Plan =>
      JSON.parse(readFileSync(path.join(directory, runId, 'plan.json'), 'utf8')) as Plan;
    const copies = regions.map(({ name }) => planIn(path.join(runs, '.regions', name)));
    expect(copies.map(({ region }) => region)).toEqual(['eu-west-1', 'us-east-1']);
    expect(copies[0]!.timeline).toEqual(copies[1]!.timeline);
    expect(planIn(runs).region).toBeUndefined();
    // Each bound is above what is true of its Region.
    const [first, second] = regions.map(({ clockOffset: { atMostMs } }) => atMostMs);
    if (first !== null) expect(first).toBeGreaterThan(0);
    if (second !== null) expect(second).toBeGreaterThan(80);
  } finally {
    workplace.remove();
  }
}, 180_000);
