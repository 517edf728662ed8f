import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeContainedFiles } from '../../embedded/s3/contained-files.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import type { Report } from '../../report/report-model.ts';
import { checkSize } from '../../report/stored/checked-file.ts';
import { readStoredReport } from '../../report/stored/read-report.ts';
import { whyNotReadable } from '../options/unreadable-file.ts';
import { openRunDirectory } from './run-directory.ts';
import { makeRunRepository } from './run-repository.ts';

/** Stands for the run that was planned last. */
export const latest = 'latest';

/** A report that was named by its path or its run cannot be read. */
export class ReportNotReadableError extends StampedeError {
  constructor(
    what: string,
    reason: string,
    hint = 'give a report.json, or the id of a run that has one; `npx stampede report RUN` makes it',
  ) {
    super('ReportNotReadable', `${what}: ${reason}`, {
      hint,
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * A report by its file, by the directory of its run, or by its run id.
 * @throws ReportNotReadableError, UnreadableFileError
 */
export async function readReport(what: string, runsDirectory: string): Promise<Report> {
  const found = await stat(what).catch(() => undefined);
  if (found?.isFile()) return readReportFile(what);
  if (found?.isDirectory()) return readReportIn(what);
  const runId = await resolveRunId(what, runsDirectory);
  const report = await openRunDirectory(runsDirectory).getReport(runId);
  if (report === undefined) {
    throw new ReportNotReadableError(what, `is no file, and no run with a report in ${runsDirectory}`);
  }
  return report;
}

/** @throws ReportNotReadableError for `latest` where there is no run */
export async function resolveRunId(what: string, runsDirectory: string): Promise<string> {
  if (what !== latest) return what;
  const runId = await makeRunRepository(runsDirectory).latest();
  if (runId === undefined) {
    const hint = '`npx stampede run` makes one; --runs names another directory of runs';
    throw new ReportNotReadableError(what, `there is no run in the directory ${runsDirectory}`, hint);
  }
  return runId;
}

/** A run directory may come from another user: a link in it is not followed. */
async function readReportIn(directory: string): Promise<Report> {
  const file = path.join(directory, 'report.json');
  const files = makeContainedFiles(directory);
  const facts = await files.head('report.json');
  if (facts !== undefined) checkSize(facts.bytes, file);
  const found = await files.read('report.json');
  if (found === undefined) throw new ReportNotReadableError(file, 'there is no such file');
  return readStoredReport(found.body, file);
}

/** A file that the user names may be reached through a link: it is the user's own choice. */
async function readReportFile(file: string): Promise<Report> {
  let body: Buffer;
  try {
    checkSize((await stat(file)).size, file);
    body = await readFile(file);
  } catch (error) {
    if (error instanceof StampedeError) throw error;
    throw new ReportNotReadableError(file, whyNotReadable(error));
  }
  return readStoredReport(body, file);
}

/** The arguments of `stampede report` for a rehearsal: `RUN`, with the directory where that is not the usual one. */
export function embeddedReportArguments(runId: string, runs: string): string {
  return runs === 'runs' ? runId : `${runId} --runs ${runs}`;
}
