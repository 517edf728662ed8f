import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { renderHistoryCsv, renderHistoryTable } from '../../../src/cli/output/history-text.ts';
import { plainStyler } from '../../../src/cli/output/style.ts';
import { reportOf as makeReport } from '../../../src/cli/runs/make-report.ts';
import { openRunDirectory } from '../../../src/cli/runs/run-directory.ts';
import { makeRunRepository } from '../../../src/cli/runs/run-repository.ts';
import { compareReports } from '../../../src/report/compare-reports.ts';
import { renderComparison } from '../../../src/report/comparison-text.ts';
import { renderReportHtml } from '../../../src/report/html.ts';
import { renderJUnit } from '../../../src/report/junit.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { changesByRun } from '../../../src/report/run-history.ts';
import { renderStepSummary } from '../../../src/report/step-summary.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { StampedeError } from '../../../src/shared/errors.ts';
import { comparePage } from '../../../src/ui/pages/compare-page.ts';
import { reportPage } from '../../../src/ui/pages/run-page.ts';
import { runsPage } from '../../../src/ui/pages/runs-page.ts';
import { planOf, resultOf, windowOf } from '../measure/run-fixture.ts';
import { reportOf, runOf } from '../report/report-fixture.ts';

export interface FuzzResult {
  readonly runs: number;
  /** Run directories that were read to their end, and that were refused with a StampedeError. */
  readonly read: number;
  readonly refused: number;
  /** Anything else that was thrown, with the seed that repeats it. */
  readonly crashes: readonly string[];
  /** Of CPU time. */
  readonly slowestMs: number;
  readonly slowestSeed: number;
  readonly peakRssBytes: number;
}

type Random = () => number;

/** mulberry32: the same seed, the same run directory. */
function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const numbers = [
  0,
  -1,
  0.5,
  1e9,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  1e17,
  1e300,
  5e-324,
];
const strings = [
  '',
  '\u001b[2J',
  '<img src=x onerror=alert(1)>',
  '\u202e',
  '2026-13-99',
  '__proto__',
  'é'.repeat(200),
];

function anyValue(random: Random): unknown {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const kind = Math.floor(random() * 10);
  if (kind < 4) return pick(numbers);
  if (kind < 6) return pick(strings);
  if (kind === 6) return 'x'.repeat(10 ** Math.floor(random() * 7));
  if (kind === 7) return Array.from({ length: 10 ** Math.floor(random() * 5) }, () => pick(numbers));
  if (kind === 8) return pick([null, true, {}, [], [[]], { markup: '<b>' }, { length: 1e9 }]);
  return Object.fromEntries(
    Array.from({ length: 10 ** Math.floor(random() * 4) }, (_, i) => [i, pick(numbers)]),
  );
}

/** Changes one value somewhere: another type, another number near or far, nothing, or many of the same. */
function mutateValue(root: unknown, random: Random): void {
  let at = root as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(at);
    if (keys.length === 0) return;
    const key = keys[Math.floor(random() * keys.length)]!;
    const value = at[key];
    if (typeof value === 'object' && value !== null && random() < 0.85) {
      at = value as Record<string, unknown>;
      continue;
    }
    const kind = random();
    if (kind < 0.1) delete at[key];
    else if (kind < 0.3 && typeof value === 'number') at[key] = value * 10 ** Math.floor(random() * 12);
    else if (kind < 0.4 && typeof value === 'number') at[key] = -value;
    else if (kind < 0.45 && Array.isArray(value))
      at[key] = Array.from({ length: 9_999 }, (_, i) => value[i % Math.max(1, value.length)]);
    else at[key] = anyValue(random);
    return;
  }
}

function mutateText(value: unknown, random: Random): string {
  const copy = structuredClone(value);
  const changes = random() < 0.6 ? 0 : 1 + Math.floor(random() * 2);
  for (let i = 0; i < changes; i++) mutateValue(copy, random);
  const text = JSON.stringify(copy);
  const kind = random();
  if (kind < 0.01) return text.slice(0, Math.floor(random() * text.length));
  if (kind < 0.02) return text.replace(/:\d+/, `:${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  if (kind < 0.03) return text.replace(/:\d+/, ':1e999');
  return text;
}

/** Run directories made of a valid one, each read as `report`, `compare`, the list and the page read it. */
export async function fuzzRunFiles(runs: number, firstSeed: number): Promise<FuzzResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stampede-fuzz-'));
  const valid = { ...reportOf(runOf({ lostPerThousand: 3, died: [1] })) };
  const plan = planOf();
  const result = {
    runs: 0,
    read: 0,
    refused: 0,
    crashes: [] as string[],
    slowestMs: 0,
    slowestSeed: 0,
    peakRssBytes: 0,
  };
  const slices = Array.from({ length: plan.slices.count }, (_, slice) => resultOf(plan, slice));
  const window = windowOf(
    plan,
    Array.from({ length: 100 }, (_, n) => [n % 4, Math.floor(n / 4)] as const),
  );
  const { runId } = plan;
  const report = { ...valid, runId } as Report;
  const run = path.join(directory, runId);
  const put = async (name: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(run, name)), { recursive: true });
    await writeFile(path.join(run, name), text);
  };
  try {
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      const random = makeRandom(seed);
      await rm(run, { recursive: true, force: true });
      const hasReport = random() < 0.5;
      await put('plan.json', hasReport ? JSON.stringify(plan) : mutateText(plan, random));
      if (hasReport) await put('report.json', mutateText(report, random));
      else {
        for (const slice of slices) await put(`slices/${slice.slice}/0.json`, mutateText(slice, random));
        await put(`arrivals/rule/${window.window}.json`, mutateText(window, random));
        await put('faults.json', mutateText({ choices: { a: '1' }, events: [] }, random));
        await put(
          'deaths/0/0.json',
          mutateText({ slice: 0, leg: 0, failure: { Error: 'X', Cause: '{}' } }, random),
        );
      }
      const before = process.cpuUsage();
      try {
        await readAsAllDo(directory, runId, report);
        result.read++;
      } catch (error) {
        if (error instanceof StampedeError) result.refused++;
        else result.crashes.push(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
      }
      // Of this process, which may stand still on a busy machine.
      const { user, system } = process.cpuUsage(before);
      const tookMs = (user + system) / 1_000;
      if (tookMs > result.slowestMs) Object.assign(result, { slowestMs: tookMs, slowestSeed: seed });
      result.runs++;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return { ...result, peakRssBytes: await peakRssBytes() };
}

/** Of this process. Not `maxRSS` where there is another way: Linux counts into it what the parent had before it forked. */
async function peakRssBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const [, highWaterKb] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? [];
  return Number(highWaterKb ?? process.resourceUsage().maxRSS) * 1_024;
}

async function readAsAllDo(directory: string, runId: string, other: Report): Promise<void> {
  const library = makeRunRepository(directory);
  // Of the list and of the page no file may make an error, whatever is in it.
  const listed = await library.list();
  if (listed.length !== 1) throw new Error('the list lost the run');
  runsPage({ runs: listed });
  const figures = listed.flatMap((run) => run.figures ?? []);
  if (figures.length > 0) {
    renderHistoryTable(figures, changesByRun(figures), { style: plainStyler, columns: 80 });
    renderHistoryCsv(figures, changesByRun(figures));
  }
  const onPage = await library.report(runId);
  if (typeof onPage === 'object') {
    reportPage(onPage);
    comparePage([other, onPage]);
  }
  const report = await makeReport(openRunDirectory(directory), runId, {
    now: 1_788_257_500_000,
    subscriber: 'ended',
  });
  const style = (_style: string, text: string): string => text;
  renderTerminalSummary(report, { style, files: [] });
  renderReportHtml(report);
  renderJUnit(report, {});
  renderStepSummary(report);
  renderComparison(compareReports(other, report, 0.1), style);
}

/** As a program of its own, so that the memory is that of the readers alone: `node run-files-fuzz.ts RUNS SEED`. */
if (process.argv[1] === import.meta.filename) {
  const [runs = 1_000, seed = 1] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await fuzzRunFiles(runs, seed)));
}
