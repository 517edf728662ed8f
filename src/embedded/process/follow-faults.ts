import { faultChangeOf } from '../../plan/actions/fault-action.ts';
import { type FaultSettings, noFaults, type ServiceFaultChange } from '../../profile/service-faults.ts';
import { type CancelTimer, setLongTimer } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { RunActionListener } from './follow-run-actions.ts';

export interface FollowFaultsOptions {
  /** What embedded IoT Core was started with. */
  readonly initial: Partial<FaultSettings> | undefined;
  /** Changes the faults of embedded IoT Core now. */
  change(change: ServiceFaultChange): Promise<void>;
  /** Called with a sentence about each change that failed. */
  onTrouble(what: string): void;
}

interface FollowedRun {
  hasChanged: boolean;
  readonly timers: Set<CancelTimer>;
}

/**
 * Carries out those actions of each run that change faults of the service, at their instants. When the last run that did so has ended,
 * the faults are again those that embedded IoT Core was started with.
 */
export function followFaults({ initial, change, onTrouble }: FollowFaultsOptions): RunActionListener {
  const runs = new Map<string, FollowedRun>();
  const { clockOffsetMs: _, ...fromTheStart } = { ...noFaults, ...initial };

  const apply = (wanted: ServiceFaultChange): void => {
    change(wanted).catch((error: unknown) => onTrouble(`faults could not be changed: ${messageOf(error)}`));
  };

  return {
    found(runId, action) {
      const wanted = faultChangeOf(action);
      if (wanted === undefined) return;
      const run = runs.get(runId) ?? { hasChanged: false, timers: new Set() };
      runs.set(runId, run);
      const cancel = setLongTimer(Math.max(0, action.at - Date.now()), () => {
        run.timers.delete(cancel);
        run.hasChanged = true;
        apply(wanted);
      });
      run.timers.add(cancel);
    },
    ended(runId) {
      const run = runs.get(runId);
      if (run === undefined) return;
      for (const cancel of run.timers) cancel();
      runs.delete(runId);
      if (run.hasChanged && ![...runs.values()].some(({ hasChanged }) => hasChanged)) apply(fromTheStart);
    },
    close() {
      for (const { timers } of runs.values()) for (const cancel of timers) cancel();
    },
  };
}
