import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunStore } from '../aws/run-store.ts';
import type { Plan } from '../plan/plan.ts';
import { runIdPattern } from '../plan/run-id.ts';
import { exitCodes, StampedeError } from '../profile/errors.ts';
import { formatReportJson } from '../report/report-json.ts';

/** What a report is made of and put into. */
export type RunRecord = Pick<
  RunStore,
  'getPlan' | 'sliceResults' | 'sliceDeaths' | 'arrivalWindows' | 'getReport' | 'putReport'
>;

export interface RunDirectory extends RunRecord {
  /** As `latest` finds it. */
  putPlan(plan: Plan): Promise<void>;
}

export class NoSuchRunError extends StampedeError {
  constructor(runId: string, directory: string) {
    super('NoSuchRun', `there is no run ${runId} in ${directory}`, {
      hint: 'check the run id, or name another directory of runs: --runs',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * The run store of embedded AWS as it lies on the disk, for when nothing runs any more: the keys of the bucket are
 * files.
 */
export function openRunDirectory(runsDirectory: string): RunDirectory {
  const fileOf = (runId: string, ...names: string[]): string => {
    if (!runIdPattern.test(runId)) throw new NoSuchRunError(runId, runsDirectory);
    return path.join(runsDirectory, runId, ...names);
  };
  const read = async <T>(file: string): Promise<T | undefined> => {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as T;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
  async function* readAll<T>(directory: string, known = new Set<string>()): AsyncGenerator<T> {
    const names = await readdir(directory).catch(() => []);
    for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
      const file = path.join(directory, name);
      if (known.has(file)) continue;
      known.add(file);
      const value = await read<T>(file);
      if (value !== undefined) yield value;
    }
  }

  return {
    async getPlan(runId) {
      const plan = await read<Awaited<ReturnType<RunStore['getPlan']>>>(fileOf(runId, 'plan.json'));
      if (plan === undefined) throw new NoSuchRunError(runId, runsDirectory);
      return plan;
    },
    sliceResults: (runId) => readAll(fileOf(runId, 'slices')),
    sliceDeaths: (runId) => readAll(fileOf(runId, 'deaths')),
    arrivalWindows: (runId, known) => readAll(fileOf(runId, 'arrivals'), known),
    getReport: (runId) => read(fileOf(runId, 'report.json')),
    async putPlan(plan) {
      await mkdir(fileOf(plan.runId), { recursive: true });
      await writeFile(fileOf(plan.runId, 'plan.json'), JSON.stringify(plan));
    },
    async putReport(report, html) {
      await mkdir(fileOf(report.runId), { recursive: true });
      await writeFile(fileOf(report.runId, 'report.html'), html);
      await writeFile(fileOf(report.runId, 'report.json'), formatReportJson(report));
    },
  };
}

/** The run that was planned last; undefined where there is none. */
export async function latestRunIn(runsDirectory: string): Promise<string | undefined> {
  const names = await readdir(runsDirectory).catch(() => []);
  const planned = await Promise.all(
    names
      .filter((name) => runIdPattern.test(name))
      .map(async (name) => {
        const plan = await stat(path.join(runsDirectory, name, 'plan.json')).catch(() => undefined);
        return { name, at: plan?.mtimeMs ?? Number.NEGATIVE_INFINITY };
      }),
  );
  const [latest] = planned.filter(({ at }) => Number.isFinite(at)).toSorted((a, b) => b.at - a.at);
  return latest?.name;
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
