import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { checkOwn } from '../../aws/run-keys.ts';
import type { RunStore } from '../../aws/run-store.ts';
import { makeContainedFiles } from '../../embedded/s3/contained-files.ts';
import type { Plan } from '../../plan/plan.ts';
import { runIdPattern } from '../../shared/run-id.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { formatReportJson } from '../../report/report-json.ts';
import { checkSize, readStored, type StoredFiles, type StoredKind } from '../../report/stored/read-stored.ts';

/** What a report is made of and put into. */
export type RunRecord = Pick<
  RunStore,
  'getPlan' | 'sliceResults' | 'sliceDeaths' | 'arrivalWindows' | 'getFaults' | 'getReport' | 'putReport'
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
  const files = makeContainedFiles(runsDirectory);
  const namesOf = (runId: string, ...names: string[]): string[] => {
    if (!runIdPattern.test(runId)) throw new NoSuchRunError(runId, runsDirectory);
    return [runId, ...names];
  };
  /** @param names the run's id first */
  const read = async <Kind extends StoredKind>(
    kind: Kind,
    names: readonly string[],
  ): Promise<StoredFiles[Kind] | undefined> => {
    const file = path.join(runsDirectory, ...names);
    const facts = await files.head(...names);
    if (facts !== undefined) checkSize(facts.bytes, file);
    const found = await files.read(...names);
    if (found === undefined) return undefined;
    const value = await readStored(kind, found.body, file);
    const [runId = ''] = names;
    checkOwn(kind, value, { runId, key: `runs/${names.join('/')}`, file });
    return value;
  };
  async function* readAll<Kind extends StoredKind>(
    kind: Kind,
    names: readonly string[],
    known = new Set<string>(),
  ): AsyncGenerator<StoredFiles[Kind]> {
    const entries = await files.list(...names);
    const found = entries.map(({ name }) => name).filter((name) => name.endsWith('.json'));
    for (const name of found.sort()) {
      const file = path.join(runsDirectory, ...names, name);
      if (known.has(file)) continue;
      known.add(file);
      const value = await read(kind, [...names, name]);
      if (value !== undefined) yield value;
    }
  }

  return {
    async getPlan(runId) {
      const plan = await read('plan', namesOf(runId, 'plan.json'));
      if (plan === undefined) throw new NoSuchRunError(runId, runsDirectory);
      return plan;
    },
    sliceResults: (runId) => readAll('sliceResult', namesOf(runId, 'slices')),
    async *sliceDeaths(runId) {
      for await (const death of readAll('sliceDeath', namesOf(runId, 'deaths'))) {
        const facts = await files.head(...namesOf(runId, 'deaths', `${death.slice}.json`));
        yield facts === undefined ? death : { ...death, at: facts.modifiedAt };
      }
    },
    arrivalWindows: (runId, known) => readAll('arrivalWindow', namesOf(runId, 'arrivals'), known),
    getFaults: (runId) => read('injectedFaults', namesOf(runId, 'faults.json')),
    getReport: (runId) => read('report', namesOf(runId, 'report.json')),
    async putPlan(plan) {
      await files.write(namesOf(plan.runId, 'plan.json'), JSON.stringify(plan));
    },
    async putReport(report, html) {
      await files.write(namesOf(report.runId, 'report.html'), html);
      await files.write(namesOf(report.runId, 'report.json'), formatReportJson(report));
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
        const plan = await lstat(path.join(runsDirectory, name, 'plan.json')).catch(() => undefined);
        return { name, at: plan?.mtimeMs ?? Number.NEGATIVE_INFINITY };
      }),
  );
  const [latest] = planned.filter(({ at }) => Number.isFinite(at)).toSorted((a, b) => b.at - a.at);
  return latest?.name;
}
