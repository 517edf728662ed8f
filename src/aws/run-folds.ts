import type { ArrivalWindow } from '../measure/arrival-window.ts';
import type { FoldedSlices } from '../measure/fold-slices.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import { ruleObserver } from '../plan/observers.ts';
import { UnreadableFileError } from '../report/stored/checked-file.ts';
import type { StoredFiles, StoredKind } from '../report/stored/read-stored.ts';
import { runKeys } from './run-keys.ts';
import { makeRunReader, type RunObjects } from './run-objects.ts';

/*
 * Of a long run, files of one kind are folded: their sum is stored as one, with the names of all of them, and a while later they are deleted. So
 * it may end at any point: files whose sum is not stored yet are read, and those that are still there beside it are in it by their names.
 */

/** A while: any reader that listed a file before its sum was stored has read it by then. As long as a Lambda lives. */
export const deleteAfterMs = 900_000;

/** Below the prefix of the files; none of them has such a name. */
const foldFolder = 'folded/';

/**
 * For so long a batch may be delivered again under its name after its window was folded: the reader of a stream gives a batch up long before,
 * and what a queue delivers again comes in other batches. No sum that is older by this than a file can have it.
 */
const storedAgainWithinMs = 3_600_000;

/** A sum is as large as hundreds of files, and takes as much memory. */
const foldsAtOnce = 2;

/** Reads a run's files whether they are folded or not. */
export interface FoldReader {
  /** As of the run store. @throws UnreadableFileError also where some of what a sum contains was read before, and the rest is deleted */
  arrivalWindows(runId: string, known: Set<string>): AsyncGenerator<ArrivalWindow>;
  sliceResults(runId: string): AsyncGenerator<SliceResult>;
}

export function makeFoldReader(objects: RunObjects): FoldReader {
  const { readAll, keysIn } = makeRunReader(objects);
  /** Files are listed before the sums are: what is folded in between is in both, and nothing is in neither. */
  const listed = async (
    prefix: string,
  ): Promise<{ readonly stored: Set<string>; readonly folds: readonly string[] }> => {
    const stored = new Set<string>();
    const folds: string[] = [];
    for await (const key of keysIn(prefix)) {
      if (isFold(key)) folds.push(key);
      else stored.add(key);
    }
    return { stored, folds };
  };
  return {
    async *arrivalWindows(runId, known) {
      const { stored, folds } = await listed(runKeys.arrivals(runId));
      const unknownFolds = folds.filter((key) => !known.has(key));
      for await (const fold of readAll('arrivalWindow', runId, unknownFolds, foldsAtOnce)) {
        const key = runKeys.windowFold(runId, fold, fold.folded?.fold ?? 0);
        const parts = keysOfWindows(fold);
        const isUnknown = !parts.some((part) => known.has(part));
        // Not before it is read: where a read fails, the next call has it.
        known.add(key);
        if (isUnknown) {
          for (const part of parts) if (stored.delete(part)) known.add(part);
          yield fold;
        } else if (!parts.every((part) => known.has(part) || stored.has(part))) {
          throw new UnreadableFileError(
            objects.nameOf(key),
            'some of its windows were read before, and the others are deleted',
          );
        }
      }
      const unread = [...stored].filter((key) => !known.has(key));
      for await (const window of readAll('arrivalWindow', runId, unread)) {
        known.add(runKeys.arrivalWindow(runId, window));
        yield window;
      }
    },
    async *sliceResults(runId) {
      const { stored, folds } = await listed(runKeys.slices(runId));
      for await (const { results } of readAll('foldedSlices', runId, folds, foldsAtOnce)) {
        for (const result of results) stored.delete(runKeys.slice(runId, result));
        yield* results;
      }
      yield* readAll('sliceResult', runId, stored);
    },
  };
}

/** Files of one kind, and sums of them. */
export interface Foldable<File, Fold> {
  /** When the last sum was stored, epoch milliseconds, by a list alone; undefined: there is none. */
  lastAt(runId: string): Promise<number | undefined>;
  /** Files that no sum has, and how many sums there are. Deletes files that a sum has had for long. @param now epoch milliseconds */
  unfolded(runId: string, now: number): Promise<Unfolded>;
  read(runId: string, keys: readonly string[]): AsyncGenerator<File>;
  /** @returns false where another sum has this number: it may have the same files, and this one is not stored */
  put(fold: Fold): Promise<boolean>;
}

export interface Unfolded {
  /** With the instants at which they were stored, epoch milliseconds. */
  readonly files: readonly { readonly key: string; readonly at: number }[];
  /** The number of the next sum. */
  readonly next: number;
}

export interface FoldWriter {
  /** Of the rule's reader: what subscribes is of no run that is long enough. */
  readonly windows: Foldable<ArrivalWindow, ArrivalWindow>;
  readonly slices: Foldable<SliceResult, FoldedSlices>;
}

export function makeFoldWriter(objects: RunObjects): FoldWriter {
  return {
    windows: makeFoldable(objects, {
      kinds: { file: 'arrivalWindow', fold: 'arrivalWindow' },
      files: (runId) => `${runKeys.arrivals(runId)}${ruleObserver}/`,
      keyOf: (fold) => runKeys.windowFold(fold.runId, fold, fold.folded?.fold ?? 0),
      keysIn: keysOfWindows,
    }),
    slices: makeFoldable(objects, {
      kinds: { file: 'sliceResult', fold: 'foldedSlices' },
      files: runKeys.slices,
      keyOf: ({ runId, fold }) => runKeys.sliceFold(runId, fold),
      keysIn: ({ runId, results }) => results.map((result) => runKeys.slice(runId, result)),
    }),
  };
}

interface FoldPlace<FileKind extends StoredKind, FoldKind extends StoredKind> {
  readonly kinds: { readonly file: FileKind; readonly fold: FoldKind };
  /** Their prefix. */
  readonly files: (runId: string) => string;
  readonly keyOf: (fold: StoredFiles[FoldKind]) => string;
  /** Of the files that it is the sum of. */
  readonly keysIn: (fold: StoredFiles[FoldKind]) => readonly string[];
}

function makeFoldable<FileKind extends StoredKind, FoldKind extends StoredKind>(
  objects: RunObjects,
  place: FoldPlace<FileKind, FoldKind>,
): Foldable<StoredFiles[FileKind], StoredFiles[FoldKind]> {
  const { readAll } = makeRunReader(objects);
  /** By key, when each was stored. @param unknown where the store does not say it */
  const storedIn = async (prefix: string, unknown: number): Promise<Map<string, number>> => {
    const stored = new Map<string, number>();
    for await (const { key, modifiedAt } of objects.list(prefix))
      if (key.endsWith('.json')) stored.set(key, (await modifiedAt()) ?? unknown);
    return stored;
  };
  return {
    async lastAt(runId) {
      const folds = await storedIn(`${place.files(runId)}${foldFolder}`, 0);
      return folds.size === 0 ? undefined : [...folds.values()].reduce((last, at) => Math.max(last, at));
    },
    async unfolded(runId, now) {
      const listed = [...(await storedIn(place.files(runId), now))];
      const files = new Map(listed.filter(([key]) => !isFold(key)));
      const folds = new Map(listed.filter(([key]) => isFold(key)));
      const earliest = [...files.values()].reduce((least, at) => Math.min(least, at), now);
      const recent = [...folds].filter(([, at]) => at >= earliest - storedAgainWithinMs).map(([key]) => key);
      const old: string[] = [];
      for await (const fold of readAll(place.kinds.fold, runId, recent, foldsAtOnce)) {
        const isOld = now - (folds.get(place.keyOf(fold)) ?? now) >= deleteAfterMs;
        for (const key of place.keysIn(fold)) if (files.delete(key) && isOld) old.push(key);
      }
      if (old.length > 0) await objects.delete(...old);
      return { files: [...files].map(([key, at]) => ({ key, at })), next: folds.size };
    },
    read: (runId, keys) => readAll(place.kinds.file, runId, keys),
    put: (fold) => objects.putIfNew(place.keyOf(fold), JSON.stringify(fold)),
  };
}

function isFold(key: string): boolean {
  return key.includes(`/${foldFolder}`);
}

function keysOfWindows({ runId, observer, folded }: ArrivalWindow): readonly string[] {
  return (folded?.windows ?? []).map((window) => runKeys.arrivalWindow(runId, { observer, window }));
}
