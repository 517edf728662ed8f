import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Report } from '../../report/report-model.ts';
import { checkSize } from '../../report/stored/checked-file.ts';
import { InvalidInputError, StampedeError } from '../../shared/errors.ts';
import { runIdPattern } from '../../shared/run-id.ts';
import { whyNotReadable } from '../options/unreadable-file.ts';
import { ReportNotReadableError, readReport } from './report-file.ts';
import { makeRunRepository } from './run-repository.ts';

/** Of one comparison: their reports are in memory together. */
const mostReports = 200;

/** Files that `run --repeat` writes beside the runs of a series. */
const repeatsFile = /^repeats-[\w-]+\.json$/;

/**
 * The reports of runs that are named in any of these forms: as for `readReport`; a pattern of run ids, with `*` and `?`, which leaves
 * out runs without a report; a series of `run --repeat`, by its file.
 * @param lists of names
 * @returns of each list, each run once, in the order they are named in
 * @throws ReportNotReadableError, UnreadableFileError; InvalidInputError with all of them where there are several
 */
export async function readReports(
  lists: readonly (readonly string[])[],
  runsDirectory: string,
): Promise<Report[][]> {
  const failed = new Map<string, StampedeError>();
  const read: Report[][] = [];
  for (const given of lists) {
    const reports = new Map<string, Report>();
    for (const what of given) {
      try {
        await addReports(reports, what, runsDirectory);
      } catch (error) {
        if (!(error instanceof StampedeError)) throw error;
        failed.set(what, error);
      }
    }
    read.push([...reports.values()]);
  }
  const [first, ...others] = failed.values();
  if (first === undefined) return read;
  if (others.length === 0) throw first;
  const errors = [...failed].map(([path, { message, hint }]) => ({
    path,
    message: message.replace(`${path}: `, ''),
    ...(hint !== undefined && { hint }),
  }));
  throw new InvalidInputError('The list of runs', errors);
}

async function addReports(reports: Map<string, Report>, what: string, runsDirectory: string): Promise<void> {
  for (const each of await expand(what, runsDirectory)) {
    if (reports.size >= mostReports)
      throw new ReportNotReadableError(what, `more than ${mostReports} runs are compared`, 'name fewer of them');
    const report = typeof each === 'string' ? await readReport(each, runsDirectory) : each;
    reports.set(report.runId, report);
  }
}

async function expand(what: string, runsDirectory: string): Promise<readonly (string | Report)[]> {
  const isThere = (await stat(what).catch(() => undefined)) !== undefined;
  if (repeatsFile.test(path.basename(what))) {
    return readRepeats(isThere ? what : path.join(runsDirectory, what), what);
  }
  if (isThere || !/[*?]/.test(what)) return [what];
  const repository = makeRunRepository(runsDirectory);
  const reports: Report[] = [];
  for (const runId of (await repository.ids()).filter(fitsPattern(what))) {
    const report = await repository.report(runId);
    if (typeof report === 'object') reports.push(report);
  }
  if (reports.length > 0) return reports;
  throw new ReportNotReadableError(what, `no run with a report in ${runsDirectory} has such an id`);
}

/** Whether a text is this one, in which `*` stands for any characters and `?` for one. */
export function fitsPattern(pattern: string): (text: string) => boolean {
  const expression = new RegExp(
    `^${pattern.replace(/[.*+?^${}()|[\]\\]/g, (sign) => (sign === '*' ? '.*' : sign === '?' ? '.' : `\\${sign}`))}$`,
  );
  return (text) => expression.test(text);
}

/** The runs of a series lie beside its file. */
async function readRepeats(file: string, what: string): Promise<string[]> {
  let runs: unknown;
  try {
    checkSize((await stat(file)).size, file);
    ({ runs } = JSON.parse(await readFile(file, 'utf8')) as { runs?: unknown });
  } catch (error) {
    if (error instanceof StampedeError) throw error;
    throw new ReportNotReadableError(what, whyNotReadable(error));
  }
  const ids = Array.isArray(runs) ? runs.map((each: unknown) => runIdIn(each)) : [];
  if (ids.length === 0 || ids.some((runId) => runId === undefined)) {
    throw new ReportNotReadableError(what, 'it does not name the runs of a series');
  }
  return ids.map((runId) => path.join(path.dirname(file), runId!));
}

function runIdIn(value: unknown): string | undefined {
  const runId = typeof value === 'object' && value !== null && 'runId' in value ? value.runId : undefined;
  return typeof runId === 'string' && runIdPattern.test(runId) ? runId : undefined;
}
