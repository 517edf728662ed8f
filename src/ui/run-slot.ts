import { StampedeError } from '../shared/errors.ts';
import type { ActiveRun } from './active-run.ts';

/** One run at a time: two would share the machine, and each would measure the other. */
export interface RunSlot {
  /** The run of this process that has not ended, or was the last one. */
  readonly run: ActiveRun | undefined;
  readonly isBusy: boolean;
  /** @throws RunUnderWayError */
  take(run: ActiveRun): void;
}

/** The live page already has a run in progress: it starts one at a time. */
export class RunUnderWayError extends StampedeError {
  constructor(runId: string) {
    super('RunUnderWay', `run ${runId} is under way`, { hint: 'stop it, or wait for its end' });
  }
}

export function makeRunSlot(): RunSlot {
  let current: ActiveRun | undefined;
  const isBusy = (): boolean => current !== undefined && current.outcome === undefined;
  return {
    get run() {
      return current;
    },
    get isBusy() {
      return isBusy();
    },
    take(run) {
      if (current !== undefined && isBusy()) throw new RunUnderWayError(current.runId);
      current = run;
    },
  };
}
