import { StampedeError } from '../shared/errors.ts';
import type { WatchedRun } from './active-run.ts';

/** One run at a time: two would share the machine, and each would measure the other. */
export interface RunDesk {
  /** The run of this process that has not ended, or was the last one. */
  readonly run: WatchedRun | undefined;
  readonly isBusy: boolean;
  /** @throws RunUnderWayError */
  take(run: WatchedRun): void;
}

export class RunUnderWayError extends StampedeError {
  constructor(runId: string) {
    super('RunUnderWay', `run ${runId} is under way`, { hint: 'stop it, or wait for its end' });
  }
}

export function makeRunDesk(): RunDesk {
  let current: WatchedRun | undefined;
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
