import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { exitCodes, StampedeError } from '../profile/errors.ts';
import type { Report } from '../report/report.ts';
import { whyNotReadable } from './profile-file.ts';
import { latestRunIn, openRunDirectory } from './run-directory.ts';

/** Stands for the run that was planned last. */
export const latest = 'latest';

export class ReportNotReadableError extends StampedeError {
  constructor(what: string, reason: string) {
    super('ReportNotReadable', `${what}: ${reason}`, {
      hint: 'give a report.json, or the id of a run that has one; `npx stampede report RUN` makes it',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * A report by its file, by the directory of its run, or by its run id.
 * @throws ReportNotReadableError
 */
export async function readReport(what: string, runsDirectory: string): Promise<Report> {
  const found = await stat(what).catch(() => undefined);
  if (found?.isFile()) return checkReport(what, await readJson(what));
  if (found?.isDirectory()) return checkReport(what, await readJson(path.join(what, 'report.json')));
  const runId = await resolveRunId(what, runsDirectory);
  const report = await openRunDirectory(runsDirectory).getReport(runId);
  if (report === undefined) {
    throw new ReportNotReadableError(what, `is no file, and no run with a report in ${runsDirectory}`);
  }
  return checkReport(runId, report);
}

/** @throws ReportNotReadableError for `latest` where there is no run */
export async function resolveRunId(what: string, runsDirectory: string): Promise<string> {
  if (what !== latest) return what;
  const runId = await latestRunIn(runsDirectory);
  if (runId === undefined) throw new ReportNotReadableError(what, `there is no run in ${runsDirectory}`);
  return runId;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new ReportNotReadableError(file, whyNotReadable(error));
  }
}

/** What every reader of a report relies on; a report of an older version may lack some of it. */
const parts = [
  'messages',
  'devices',
  'rates',
  'latencyMs',
  'thresholds',
  'slices',
  'generator',
  'throttling',
  'cost',
];

function checkReport(what: string, value: unknown): Report {
  const isReport =
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === 1 &&
    parts.every((part) => part in value);
  if (!isReport) throw new ReportNotReadableError(what, 'is no report of this version of Stampede');
  return value as Report;
}

/** The arguments of `stampede report` for a rehearsal: `RUN`, with the directory where that is not the usual one. */
export function embeddedReportArguments(runId: string, runs: string): string {
  return runs === 'runs' ? runId : `${runId} --runs ${runs}`;
}
