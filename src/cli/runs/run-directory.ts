import path from 'node:path';
import { openRunArchive, type RunArchive } from '../../aws/run-archive.ts';
import type { RunObject, RunObjects } from '../../aws/run-objects.ts';
import { hiddenPrefix, makeContainedFiles } from '../../embedded/s3/contained-files.ts';
import { checkSize } from '../../report/stored/checked-file.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { runIdPattern } from '../../shared/run-id.ts';

/** There is no such run in the directory of runs. */
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
export function openRunDirectory(runsDirectory: string): RunArchive {
  return openRunArchive(makeRunObjects(runsDirectory));
}

/** Key `runs/x/y` is the file `x/y`. One file is read at a time: a runs directory may come from another user. */
export function makeRunObjects(runsDirectory: string): RunObjects {
  const files = makeContainedFiles(runsDirectory);
  const nameOf = (key: string): string => path.join(runsDirectory, ...key.split('/').slice(1));
  /** The run's id first. */
  const namesOf = (key: string): string[] => {
    const names = key.split('/').slice(1);
    const [runId = ''] = names;
    if (!runIdPattern.test(runId)) throw new NoSuchRunError(runId, runsDirectory);
    return names;
  };
  async function* list(names: readonly string[]): AsyncGenerator<RunObject> {
    const entries = await files.list(...names);
    for (const { name, isDirectory } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (name.startsWith(hiddenPrefix)) continue;
      const path_ = [...names, name];
      if (isDirectory) yield* list(path_);
      else
        yield {
          key: ['runs', ...path_].join('/'),
          modifiedAt: async () => (await files.head(...path_))?.modifiedAt,
        };
    }
  }
  return {
    parallelReads: 1,
    nameOf,
    notFound: (runId) => new NoSuchRunError(runId, runsDirectory),
    async put(key, body) {
      await files.write(namesOf(key), body);
    },
    async putIfNew(key, body) {
      try {
        await files.write(namesOf(key), body, true);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
        throw error;
      }
    },
    async get(key) {
      const names = namesOf(key);
      const facts = await files.head(...names);
      if (facts === undefined) return undefined;
      checkSize(facts.bytes, nameOf(key));
      return (await files.read(...names))?.body;
    },
    list: (prefix) => list(namesOf(prefix.replace(/\/$/, ''))),
    async delete(...keys) {
      for (const key of keys) await files.remove(...namesOf(key));
    },
  };
}
