import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { openRunArchive } from '../../aws/run-archive.ts';
import { makeContainedFiles } from '../../embedded/s3/contained-files.ts';
import type { Report } from '../../report/report-model.ts';
import { type RunFigures, runFiguresOf } from '../../report/run-history.ts';
import { messageOf } from '../../shared/errors.ts';
import { runIdPattern } from '../../shared/run-id.ts';
import { makeRunObjects } from './run-directory.ts';

/** A run of the past, as a list shows it. */
export interface PastRun {
  readonly runId: string;
  /** Absent: it left no report that can be read. */
  readonly figures?: RunFigures;
  /** Why its report cannot be read; absent: it can, or there is none. */
  readonly unreadable?: string;
}

/** What of the runs is listed. */
export interface RunSelection {
  /** At most so many, the newest; absent: `maxListed`. */
  readonly most?: number;
  /** By its id: no other run is read. Absent: every one. */
  accepts?(runId: string): boolean;
  /** By its figures, or what is known instead. Absent: every one. */
  keeps?(run: PastRun): boolean;
}

/** The runs in a runs directory. */
export interface RunRepository {
  /** The newest first. */
  list(selection?: RunSelection): Promise<PastRun[]>;
  /** Undefined: no such run, or it has no report. A text says why its report cannot be read. */
  report(runId: string): Promise<Report | string | undefined>;
  /** Undefined: no such file. */
  file(runId: string, name: RunFileName): Promise<Buffer | undefined>;
  has(runId: string): Promise<boolean>;
  /** Of every directory that may be a run's, in the order of their names. */
  ids(): Promise<string[]>;
  /** The run that was planned last; undefined where there is none. */
  latest(): Promise<string | undefined>;
}

export type RunFileName = 'report.html' | 'report.json' | 'plan.json';

/** Older runs are on the disk, and not in the list. */
export const maxListed = 200;

export function makeRunRepository(runsDirectory: string): RunRepository {
  const files = makeContainedFiles(runsDirectory);
  /** By run: a report is written once, and large. */
  const known = new Map<string, { readonly modifiedAt: number; readonly run: PastRun }>();
  const record = openRunArchive(makeRunObjects(runsDirectory));

  const read = async (runId: string, name: RunFileName): Promise<Buffer | undefined> =>
    runIdPattern.test(runId) ? (await files.read(runId, name).catch(() => undefined))?.body : undefined;

  const report = async (runId: string): Promise<Report | string | undefined> => {
    try {
      return runIdPattern.test(runId) ? await record.getReport(runId) : undefined;
    } catch (error) {
      return messageOf(error);
    }
  };

  const pastRunOf = async (runId: string): Promise<PastRun> => {
    const file = await files.head(runId, 'report.json').catch(messageOf);
    if (file === undefined) return { runId };
    if (typeof file === 'string') return { runId, unreadable: file };
    const cached = known.get(runId);
    if (cached?.modifiedAt === file.modifiedAt) return cached.run;
    const found = await report(runId);
    const run =
      typeof found === 'object'
        ? { runId, figures: runFiguresOf(found) }
        : { runId, ...(found === undefined ? {} : { unreadable: found }) };
    known.set(runId, { modifiedAt: file.modifiedAt, run });
    return run;
  };

  const ids = async (): Promise<string[]> => {
    const names = await readdir(runsDirectory).catch(() => []);
    return names.filter((name) => runIdPattern.test(name)).toSorted();
  };

  return {
    async list({ most = maxListed, accepts = () => true, keeps = () => true } = {}) {
      const entries = await readdir(runsDirectory, { withFileTypes: true }).catch(() => []);
      const found = await Promise.all(
        entries
          .filter((entry) => entry.isDirectory() && runIdPattern.test(entry.name) && accepts(entry.name))
          .map(async ({ name }) => {
            const directory = await lstat(path.join(runsDirectory, name)).catch(() => undefined);
            return { runId: name, at: startOf(name) ?? directory?.mtimeMs ?? 0 };
          }),
      );
      // One after the other: a report is large, and 200 of them in memory at once would be too much.
      const runs: PastRun[] = [];
      for (const { runId } of found.toSorted((a, b) => b.at - a.at)) {
        if (runs.length >= most) break;
        const run = await pastRunOf(runId);
        if (keeps(run)) runs.push(run);
      }
      return runs;
    },
    report,
    file: read,
    has: async (runId) =>
      runIdPattern.test(runId) &&
      (await lstat(path.join(runsDirectory, runId)).catch(() => undefined)) !== undefined,
    ids,
    async latest() {
      const names = await ids();
      const planned = await Promise.all(
        names.map(async (name) => {
            const plan = await lstat(path.join(runsDirectory, name, 'plan.json')).catch(() => undefined);
            return { name, at: plan?.mtimeMs ?? Number.NEGATIVE_INFINITY };
          }),
      );
      const [latest] = planned.filter(({ at }) => Number.isFinite(at)).toSorted((a, b) => b.at - a.at);
      return latest?.name;
    },
  };
}

/** Run ids end in when they were made: `-20260901T101010Z-ab12`. Epoch milliseconds. */
function startOf(runId: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{4}$/.exec(runId) ?? [];
  return year === undefined ? undefined : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
