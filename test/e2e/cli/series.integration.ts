import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Comparison } from '../../../src/report/compare-reports.ts';
import type { Repeats } from '../../../src/report/repeats.ts';
import { makeWorkplace, runCli, startCli, type Workplace } from '../../support/cli/run-cli.ts';

/**
 * SERIES_PAIRS=20 SERIES_SHIFTS=10: so many pairs of series of the same thing, of which none may be a regression, and so many pairs in which
 * latencies are shifted by 10 %, of which nine in ten must be one in their p99. Without these, neither runs: 300 runs take more than an hour.
 */
const pairs = Number(process.env.SERIES_PAIRS ?? 0);
const shifts = Number(process.env.SERIES_SHIFTS ?? 0);
const runsOfSeries = 5;
const longestMs = 3 * 3_600_000;

let workplace: Workplace;
let profile: string;
let runs: string;
beforeAll(() => {
  workplace = makeWorkplace();
  runs = path.join(workplace.directory, 'runs');
  profile = workplace.writeProfile('series.json', {
    name: 'series',
    devices: 20,
    ratePerSecond: 600,
    duration: '8s',
    drain: '3s',
    // What is compared here is the latency: a busy machine may send late.
    thresholds: { dropped_messages: ['rate<=1'], end_to_end_latency: ['p(99)<60000'] },
  });
});
afterAll(() => workplace.remove());

/** Delays far above what this machine adds by chance. Of 4,800 messages, their p99 differs by 1.6 % from run to run. */
const delayOf = (factor: number) => ({
  deliveryDelay: { lognormal: { medianMs: 200 * factor, p99Ms: 400 * factor } },
});

const seriesIn = () =>
  new Set((existsSync(runs) ? readdirSync(runs) : []).filter((name) => /^repeats-.*\.json$/.test(name)));

/** @returns the file of a new series */
async function repeat(factor: number): Promise<string> {
  const before = seriesIn();
  const { code, stdout, stderr } = await runCli([
    'run',
    profile,
    ...['--repeat', String(runsOfSeries), '--quiet', '--runs', runs],
    ...['--faults', JSON.stringify(delayOf(factor))],
  ]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain(`${runsOfSeries} of ${runsOfSeries} runs: `);
  const [made] = [...seriesIn()].filter((name) => !before.has(name));
  return made!;
}

/** @returns figures that are worse */
async function compare(base: string, judged: string): Promise<string[]> {
  const { stdout } = await runCli(['compare', base, judged, '--runs', runs, '--json']);
  const { figures } = JSON.parse(stdout) as Comparison;
  return figures.flatMap(({ figure, outcome }) => (outcome === 'worse' ? [figure] : []));
}

const itFinds = shifts > 0 ? it : it.skip;
itFinds(
  'finds a shift of 10 % between two series in nine of ten',
  async () => {
    let found = 0;
    for (let i = 0; i < shifts; i++) {
      const worse = await compare(await repeat(1), await repeat(1.1));
      if (worse.includes('end_to_end_latency p99')) found++;
    }
    process.stdout.write(`shift of 10 %: found in ${found} of ${shifts} pairs\n`);
    expect(found).toBeGreaterThanOrEqual(0.9 * shifts);
  },
  longestMs,
);

const itFindsNone = pairs > 0 ? it : it.skip;
itFindsNone(
  'finds no regression between series of the same thing',
  async () => {
    const regressions: string[][] = [];
    for (let i = 0; i < pairs; i++) {
      const worse = await compare(await repeat(1), await repeat(1));
      if (worse.length > 0) regressions.push(worse);
    }
    process.stdout.write(`the same thing: ${regressions.length} regressions in ${pairs} pairs\n`);
    expect(regressions).toEqual([]);
  },
  longestMs,
);

it('ends with the run that Ctrl-C stops, and reports those before it', async () => {
  const args = ['run', profile, '--repeat', '3', '--runs', runs, '--duration', '1s', '--rate', '100'];
  const { child, result, untilOutput } = startCli(args);
  await untilOutput(', 2 of 3');
  child.kill('SIGINT');
  const { code, stdout } = await result;
  expect(code).toBe(130);
  expect(stdout).toMatch(/[12] of 3 runs: /);
  const file = [...seriesIn()].find((name) => stdout.includes(name)) ?? '';
  const { runs: made, figures } = JSON.parse(readFileSync(path.join(runs, file), 'utf8')) as Repeats;
  expect(made[0]?.verdict).not.toBe('aborted');
  expect(figures.find(({ figure }) => figure === 'throughput rate')?.values).toHaveLength(1);
  const page = readFileSync(path.join(runs, file.replace('.json', '.html')), 'utf8');
  expect(page).toContain(`<a href="${made[0]?.runId}/report.html">`);
}, 120_000);
