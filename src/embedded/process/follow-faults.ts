import type { LiveAction } from '../../plan/actions/action.ts';
import { faultChangeOf } from '../../plan/actions/fault-action.ts';
import { plannedActionsOf } from '../../plan/storms.ts';
import { type FaultSettings, noFaults, type ServiceFaultChange } from '../../profile/service-faults.ts';
import { readStored } from '../../report/stored/read-stored.ts';
import type { RunFiles } from '../s3/run-files.ts';

export interface FollowFaultsOptions {
  /** Runs that have not ended, by their ids. */
  running(): readonly string[];
  readonly files: Pick<RunFiles, 'get'>;
  /** What embedded IoT Core was started with. */
  readonly initial: Partial<FaultSettings> | undefined;
  /** Changes the faults of embedded IoT Core now. */
  change(change: ServiceFaultChange): Promise<void>;
  /** Called with a sentence about each change that failed. */
  onTrouble(what: string): void;
}

/** Far shorter than the time from the announcement of an action to its instant. */
const pollEveryMs = 200;

interface FollowedRun {
  /** The first action that has not been read. */
  next: number;
  hasPlan: boolean;
  hasChanged: boolean;
  readonly timers: Set<NodeJS.Timeout>;
}

/**
 * Carries out those actions of each run that change faults of the service, planned and issued, at their instants. When the last run
 * that did so has ended, the faults are again those that embedded IoT Core was started with.
 */
export function followFaults(options: FollowFaultsOptions): { close(): void } {
  const { running, files, change, onTrouble } = options;
  const runs = new Map<string, FollowedRun>();
  const { clockOffsetMs: _, ...initial } = { ...noFaults, ...options.initial };
  let isClosed = false;

  const apply = (wanted: ServiceFaultChange): void => {
    change(wanted).catch((error: unknown) => onTrouble(`faults could not be changed: ${messageOf(error)}`));
  };

  const schedule = (run: FollowedRun, action: LiveAction): void => {
    const wanted = faultChangeOf(action);
    if (wanted === undefined || isClosed) return;
    const timer = setTimeout(
      () => {
        run.timers.delete(timer);
        run.hasChanged = true;
        apply(wanted);
      },
      Math.max(0, action.at - Date.now()),
    );
    run.timers.add(timer);
  };

  const read = async (runId: string, run: FollowedRun): Promise<void> => {
    if (!run.hasPlan) {
      const key = `runs/${runId}/plan.json`;
      const stored = await files.get(key);
      if (stored === undefined) return;
      run.hasPlan = true;
      for (const action of plannedActionsOf(await readStored('plan', stored.body, key)))
        schedule(run, action);
    }
    for (;;) {
      const key = `runs/${runId}/actions/${run.next}.json`;
      const stored = await files.get(key);
      if (stored === undefined) return;
      run.next++;
      schedule(run, await readStored('action', stored.body, key));
    }
  };

  const forgetEnded = (known: ReadonlySet<string>): void => {
    for (const [runId, run] of runs) {
      if (known.has(runId)) continue;
      for (const timer of run.timers) clearTimeout(timer);
      runs.delete(runId);
      if (run.hasChanged && ![...runs.values()].some(({ hasChanged }) => hasChanged)) apply(initial);
    }
  };

  const poll = async (): Promise<void> => {
    const known = new Set(running());
    forgetEnded(known);
    for (const runId of known) {
      const run = runs.get(runId) ?? { next: 0, hasPlan: false, hasChanged: false, timers: new Set() };
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
      for (const { timers } of runs.values()) for (const timer of timers) clearTimeout(timer);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
