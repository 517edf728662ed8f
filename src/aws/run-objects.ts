import { readStored, type StoredFiles, type StoredKind } from '../report/stored/read-stored.ts';
import type { StampedeError } from '../shared/errors.ts';
import { runIdPattern } from '../shared/run-id.ts';
import { checkOwn } from './run-keys.ts';

/** Where the files of runs lie by their keys: a bucket, or a directory. */
export interface RunObjects {
  /** Reads in progress at once when a whole run is read back. */
  readonly parallelReads: number;
  /** The address or path that messages name. */
  nameOf(key: string): string;
  notFound(runId: string): StampedeError;
  put(key: string, body: string, contentType?: string): Promise<void>;
  /** @returns false where the key exists, even where another writes it at the same time */
  putIfNew(key: string, body: string): Promise<boolean>;
  /** Undefined: there is none. @throws UnreadableFileError for one that is too large */
  get(key: string): Promise<string | Buffer | undefined>;
  /** All below a prefix that ends in a slash, in the order of their names. */
  list(prefix: string): AsyncIterable<RunObject>;
  delete(...keys: readonly string[]): Promise<void>;
}

export interface RunObject {
  readonly key: string;
  /** Epoch milliseconds. */
  modifiedAt(): Promise<number | undefined>;
}

/** Reads files of runs that are where they belong. */
export interface RunReader {
  /** Undefined: there is none. @throws UnreadableFileError, OtherRunError */
  get<Kind extends StoredKind>(
    kind: Kind,
    runId: string,
    key: string,
  ): Promise<StoredFiles[Kind] | undefined>;
  /** Many files, a bounded number at once, in the order of the keys; without those that are deleted meanwhile. @param atOnce absent: `parallelReads` */
  readAll<Kind extends StoredKind>(
    kind: Kind,
    runId: string,
    keys: AsyncIterable<string> | Iterable<string>,
    atOnce?: number,
  ): AsyncGenerator<StoredFiles[Kind]>;
  /** Keys of the JSON files below a prefix. */
  keysIn(prefix: string): AsyncGenerator<string>;
}

export function makeRunReader(objects: RunObjects): RunReader {
  const get: RunReader['get'] = async (kind, runId, key) => {
    if (!runIdPattern.test(runId)) throw objects.notFound(runId);
    const body = await objects.get(key);
    if (body === undefined) return undefined;
    const file = objects.nameOf(key);
    const value = await readStored(kind, body, file);
    checkOwn(kind, value, { runId, key, file });
    return value;
  };
  return {
    get,
    async *readAll<Kind extends StoredKind>(
      kind: Kind,
      runId: string,
      keys: AsyncIterable<string> | Iterable<string>,
      atOnce = objects.parallelReads,
    ) {
      const inProgress: Promise<StoredFiles[Kind] | undefined>[] = [];
      for await (const key of keys) {
        const read = get(kind, runId, key);
        // A failed read is thrown where it is awaited below, not as an unhandled rejection before.
        read.catch(() => undefined);
        inProgress.push(read);
        if (inProgress.length >= atOnce) {
          const value = await inProgress.shift();
          if (value !== undefined) yield value;
        }
      }
      for (const read of inProgress) {
        const value = await read;
        if (value !== undefined) yield value;
      }
    },
    async *keysIn(prefix) {
      for await (const { key } of objects.list(prefix)) if (key.endsWith('.json')) yield key;
    },
  };
}
