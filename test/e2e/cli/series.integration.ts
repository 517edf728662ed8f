import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Comparison } from '../../../src/report/compare-reports.ts';
import type { Repeats } from '../../../src/report/repeats.ts';
import { makeWorkplace, runCli, startCli, type Workplace } from '../../support/cli/run-cli.ts';

/**
 * SERIES_PAIRS=20 SERIES_SHIFTS=10: so many pairs of series of the same thing, of which none may be a regression, and so many series whose
 * latencies are shifted by 10 %, of which nine in ten must be one in their p99. The base of a shifted series is that of a pair: no two
 * comparisons of one kind share a run. Without SERIES_PAIRS it does not run: 250 runs of 10 s, SERIES_LANES of them at a time (3), which is a
 * quarter of an hour on two cores that do nothing else. A pair is one lane's, so that its two sides do not share the moments that are slow.
 */
const pairs = Number(process.env.SERIES_PAIRS ?? 0);
const shifts = Number(process.env.SERIES_SHIFTS ?? 0);
const lanes = Number(process.env.SERIES_LANES ?? 3);
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
    ratePerSecond: 1_200,
    duration: '4s',
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

/** The file of the series that this output names. */
const seriesOf = (stdout: string) => /repeats-[\w-]+\.json/.exec(stdout)?.[0] ?? '';

/** @returns the file of a new series */
async function repeat(factor: number): Promise<string> {
  const { code, stdout, stderr } = await runCli([
    'run',
    profile,
    ...['--repeat', String(runsOfSeries), '--quiet', '--runs', runs],
    ...['--faults', JSON.stringify(delayOf(factor))],
  ]);
  expect({ code, stderr, failed: stdout.match(/^ *✗ .*/gm) }).toMatchObject({ code: 0 });
  expect(stdout).toContain(`${runsOfSeries} of ${runsOfSeries} runs: `);
  return seriesOf(stdout);
}

/** Says what it found; a generator that was the bottleneck says that the machine had other work. @returns figures that are worse */
async function compare(base: string, judged: string): Promise<string[]> {
  const { stdout } = await runCli(['compare', base, judged, '--runs', runs, '--json']);
  const { baseline, candidate, figures, inconsistencies } = JSON.parse(stdout) as Comparison;
  expect([baseline.length, candidate.length]).toEqual([runsOfSeries, runsOfSeries]);
  const p99 = figures.find(({ figure }) => figure === 'end_to_end_latency p99');
  const worse = figures.flatMap(({ figure, outcome }) => (outcome === 'worse' ? [figure] : []));
  const text = (value: number | null | undefined) => value?.toFixed(1) ?? '–';
  process.stdout.write(
    `${judged}: p99 ${text(p99?.baseline)} → ${text(p99?.candidate)} ms, noise ${text(p99?.noise)} ms; worse: ${worse.join(', ') || 'nothing'}. ${inconsistencies.join(' ')}\n`,
  );
  return worse;
}

const itJudges = pairs > 0 ? it : it.skip;
itJudges(
  'finds no regression between series of the same thing, and a shift of 10 % in nine of ten',
  async () => {
    const regressions: string[][] = [];
    let found = 0;
    let next = 0;
    const judgePairs = async (): Promise<void> => {
      for (let pair = next++; pair < pairs; pair = next++) {
        const base = await repeat(1);
        const worse = await compare(base, await repeat(1));
        if (worse.length > 0) regressions.push(worse);
        if (pair >= shifts) continue;
        if ((await compare(base, await repeat(1.1))).includes('end_to_end_latency p99')) found++;
      }
    };
    await Promise.all(Array.from({ length: lanes }, judgePairs));
    process.stdout.write(
      `the same thing: ${regressions.length} regressions in ${pairs} pairs; shift of 10 %: found in ${found} of ${shifts} pairs\n`,
    );
    expect(regressions).toEqual([]);
    expect(found).toBeGreaterThanOrEqual(0.9 * shifts);
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
  const file = seriesOf(stdout);
  const { runs: made, figures } = JSON.parse(readFileSync(path.join(runs, file), 'utf8')) as Repeats;
  expect(made[0]?.verdict).not.toBe('aborted');
  expect(figures.find(({ figure }) => figure === 'throughput rate')?.values).toHaveLength(1);
  const page = readFileSync(path.join(runs, file.replace('.json', '.html')), 'utf8');
  expect(page).toContain(`<a href="${made[0]?.runId}/report.html">`);
});
