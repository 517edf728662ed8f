import type { LiveAction } from '../../plan/actions/action.ts';
import { plannedActionsOf } from '../../plan/storms.ts';
import { readStored } from '../../report/stored/read-stored.ts';
import { messageOf } from '../../shared/errors.ts';
import type { RunFiles } from '../s3/run-files.ts';

/** A part of embedded AWS that carries out actions of runs. */
export interface RunActionListener {
  /** Called once with each action of a run, before its instant, or late where it was found late. */
  found(runId: string, action: LiveAction, isPlanned: boolean): void;
  ended(runId: string): void;
  /** Cancels what has not taken effect yet. */
  close(): void;
}

export interface FollowRunActionsOptions {
  /** Runs that have not ended, by their ids. */
  running(): readonly string[];
  readonly files: Pick<RunFiles, 'get'>;
  readonly listeners: readonly RunActionListener[];
  /** Called with a sentence about each action that cannot be read. */
  onTrouble(what: string): void;
}

/** Far shorter than the time from the announcement of an action to its instant. */
const pollEveryMs = 200;

interface FollowedRun {
  /** The first action that has not been read. */
  next: number;
  hasPlan: boolean;
}

/** Finds the actions of each run, planned and issued. */
export function followRunActions({ running, files, listeners, onTrouble }: FollowRunActionsOptions): {
  close(): void;
} {
  const runs = new Map<string, FollowedRun>();
  let isClosed = false;

  const found = (runId: string, action: LiveAction, isPlanned: boolean): void => {
    if (!isClosed) for (const listener of listeners) listener.found(runId, action, isPlanned);
  };

  const read = async (runId: string, run: FollowedRun): Promise<void> => {
    if (!run.hasPlan) {
      const key = `runs/${runId}/plan.json`;
      const stored = await files.get(key);
      if (stored === undefined) return;
      run.hasPlan = true;
      for (const action of plannedActionsOf(await readStored('plan', stored.body, key)))
        found(runId, action, true);
    }
    for (;;) {
      const key = `runs/${runId}/actions/${run.next}.json`;
      const stored = await files.get(key);
      if (stored === undefined) return;
      run.next++;
      found(runId, await readStored('action', stored.body, key), false);
    }
  };

  const forgetEnded = (known: ReadonlySet<string>): void => {
    for (const runId of runs.keys()) {
      if (known.has(runId)) continue;
      runs.delete(runId);
      for (const listener of listeners) listener.ended(runId);
    }
  };

  const poll = async (): Promise<void> => {
    const known = new Set(running());
    forgetEnded(known);
    for (const runId of known) {
      const run = runs.get(runId) ?? { next: 0, hasPlan: false };
      runs.set(runId, run);
      await read(runId, run).catch((error: unknown) =>
        onTrouble(`an action of run ${runId} cannot be read: ${messageOf(error)}`),
      );
    }
    if (!isClosed) pollTimer = setTimeout(poll, pollEveryMs);
  };
  let pollTimer = setTimeout(poll, pollEveryMs);

  return {
    close() {
      isClosed = true;
      clearTimeout(pollTimer);
      for (const listener of listeners) listener.close();
    },
  };
}
