import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import { renderRepeatsJUnit } from '../../report/junit-comparison.ts';
import { type Repeats, renderRepeats, repeatsOf } from '../../report/repeats.ts';
import { renderRepeatsHtml } from '../../report/repeats-html.ts';
import type { Report } from '../../report/report-model.ts';
import { type ExitCode, exitCodes } from '../../shared/errors.ts';
import type { Backend, RunSite } from '../backend/backend.ts';
import { makeJsonLines } from '../output/json-lines.ts';
import { print } from '../output/printable.ts';
import { type OutputFlags, writeJUnit } from '../output/report-outputs.ts';
import { makeStyler } from '../output/style.ts';
import { catchInterrupts, type Interrupts } from './interrupts.ts';
import { QuitError } from './run-outcome.ts';

/** A run's part in a series. */
export interface Series {
  /** Of the whole series. */
  readonly interrupts: Interrupts;
  /** From 1. */
  readonly run: number;
  readonly of: number;
  /** The run has a report. */
  ended(report: Report): void;
}

export interface SeriesOptions extends OutputFlags {
  readonly times: number;
  readonly site: RunSite;
  readonly runs: string;
  readonly json?: boolean;
}

/** Runs without end are a mistake, and 200 reports are all that `compare` reads at once. */
const mostRepeats = 200;

/** Of a flag. @throws InvalidArgumentError */
export function parseRepeats(text: string): number {
  const times = Number(text);
  if (!Number.isInteger(times) || times < 1 || times > mostRepeats) {
    throw new InvalidArgumentError(`1 to ${mostRepeats}.`);
  }
  return times;
}

/**
 * Runs a load several times, one after another, on one backend. Ctrl-C stops the run that goes on, and no other begins; a run without
 * a report ends the series with its error. What there is by then is written and printed in either case.
 * @param runOnce returns the exit code of its run
 * @returns the worst of them: failed before passed, stopped before failed
 */
export async function repeatRun(
  { times, site, runs, json, junit, requireConclusive }: SeriesOptions,
  runOnce: (site: RunSite, series: Series) => Promise<ExitCode>,
): Promise<ExitCode> {
  const reports: Report[] = [];
  const interrupts = catchInterrupts();
  const shared = shareBackend(site);
  let code: ExitCode = exitCodes.passed;
  const conclude = async (): Promise<void> => {
    if (reports.length === 0) return;
    const repeats = repeatsOf(reports, times);
    const files = await writeRepeats(repeats, runs);
    if (json === true) makeJsonLines((line) => print(process.stdout, line), false).repeated(repeats, files);
    else print(process.stdout, `\n${renderRepeats(repeats, files, makeStyler(process.stdout))}\n`);
    if (junit !== undefined) await writeJUnit(junit, renderRepeatsJUnit(repeats, { requireConclusive }));
  };
  try {
    for (let run = 1; run <= times && !interrupts.stop.aborted; run++) {
      const series: Series = { interrupts, run, of: times, ended: (report) => reports.push(report) };
      const ended = await runOnce(shared.site, series);
      if (ended > code) code = ended;
    }
  } catch (error) {
    if (!(error instanceof QuitError)) await conclude();
    throw error;
  } finally {
    interrupts.close();
    if (!interrupts.quit.aborted) await shared.close();
  }
  await conclude();
  return interrupts.stop.aborted ? exitCodes.stoppedByUser : code;
}

/** The site with a backend that is opened once, and stays until it is closed. */
function shareBackend(site: RunSite): { readonly site: RunSite; close(): Promise<void> } {
  let opened: Promise<Backend> | undefined;
  return {
    site: {
      ...site,
      async open(request) {
        opened ??= site.open(request);
        return { ...(await opened), close: async () => undefined };
      },
    },
    async close() {
      // If it could not be opened, the run has ended with that error.
      const backend = await opened?.catch(() => undefined);
      await backend?.close();
    },
  };
}

/** Beside the runs, under the id of the first. */
async function writeRepeats(repeats: Repeats, runs: string): Promise<string[]> {
  const name = path.join(runs, `repeats-${repeats.runs[0]?.runId}`);
  const files = [`${name}.html`, `${name}.json`];
  await mkdir(runs, { recursive: true });
  await writeFile(files[0]!, renderRepeatsHtml(repeats));
  await writeFile(files[1]!, `${JSON.stringify(repeats, null, 2)}\n`);
  return files;
}
