import type { Control } from '../../../src/aws/control.ts';
import { openRunArchive, type RunArchive } from '../../../src/aws/run-archive.ts';
import type { RunObjects } from '../../../src/aws/run-objects.ts';
import type { Announcement } from '../../../src/plan/actions/action.ts';

/** When a request of a run's fails: before it has done what it was to do, or after. */
export type Failure = 'before' | 'after';

export interface MemoryRun {
  readonly store: RunArchive;
  readonly control: Control;
  /** How many requests there were. */
  requests(): number;
  /** The keys that were read, in their order. */
  readonly reads: readonly string[];
}

/**
 * A run store and a control topic in memory.
 * @param failureOf by number of the request, from 1; undefined: it succeeds
 * @param now epoch milliseconds: when files are stored; absent: a list does not say it
 */
export function makeMemoryRun(
  failureOf: (request: number) => Failure | undefined = () => undefined,
  now: () => number | undefined = () => undefined,
): MemoryRun {
  const files = new Map<string, string>();
  const storedAt = new Map<string, number | undefined>();
  const reads: string[] = [];
  const write = (key: string, body: string): void => {
    files.set(key, body);
    storedAt.set(key, now());
  };
  let retained: Announcement | undefined;
  let requests = 0;
  const request = async <Answer>(does: () => Answer): Promise<Answer> => {
    requests++;
    const failure = failureOf(requests);
    await Promise.resolve();
    if (failure === 'before') throw new Error('the request failed');
    const answer = does();
    if (failure === 'after') throw new Error('the answer was lost');
    return answer;
  };
  const objects: RunObjects = {
    parallelReads: 4,
    nameOf: (key) => key,
    notFound: (runId) => {
      throw new Error(`no run ${runId}`);
    },
    put: (key, body) => request(() => write(key, body)),
    putIfNew: (key, body) =>
      request(() => {
        const isNew = !files.has(key);
        if (isNew) write(key, body);
        return isNew;
      }),
    get: (key) =>
      request(() => {
        reads.push(key);
        return files.get(key);
      }),
    async *list(prefix) {
      const keys = await request(() => [...files.keys()].filter((key) => key.startsWith(prefix)).sort());
      for (const key of keys) yield { key, modifiedAt: async () => storedAt.get(key) };
    },
    delete: (...keys) =>
      request(() => {
        for (const key of keys) files.delete(key);
      }),
  };
  return {
    store: openRunArchive(objects),
    control: {
      announce: (_runId, { at, k, group, action }) =>
        request(() => {
          retained = {
            at,
            action,
            ...(k === undefined ? {} : { k }),
            ...(group === undefined ? {} : { group }),
          };
        }),
      read: () => request(() => retained),
      clear: () =>
        request(() => {
          retained = undefined;
        }),
    },
    requests: () => requests,
    reads,
  };
}
