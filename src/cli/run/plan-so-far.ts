import type { RunRecord } from '../../aws/run-archive.ts';
import type { StoredAction } from '../../plan/actions/action.ts';
import { stopOf } from '../../plan/actions/stop.ts';
import { withActions } from '../../plan/actions/with-actions.ts';
import type { Plan } from '../../plan/plan.ts';
import { StampedeError } from '../../shared/errors.ts';
import { NoSuchRunError } from '../runs/run-directory.ts';

/** Undefined until it is made. */
export async function planIfAny(
  record: Pick<RunRecord, 'getPlan'>,
  runId: string,
): Promise<Plan | undefined> {
  try {
    return await record.getPlan(runId);
  } catch (error) {
    // By its code: the class would load the SDK's client for every command.
    const isNotFound = error instanceof StampedeError && error.code === 'RunNotFound';
    if (isNotFound || error instanceof NoSuchRunError) return undefined;
    throw error;
  }
}

/** What is planned of a run, as far as its actions are known. */
export interface PlanSoFar {
  /** With what actions have made of its rates; undefined until it is made, the same object until an action changes it. */
  readonly plan: Plan | undefined;
  readonly actions: readonly StoredAction[];
  /** By a user, a threshold or the run's own search. */
  readonly isStopRequested: boolean;
}

/** Reads the plan of a run and its actions, each action once. */
export function makePlanSoFar(
  record: Pick<RunRecord, 'getPlan' | 'actions'>,
  runId: string,
): () => Promise<PlanSoFar> {
  const actions: StoredAction[] = [];
  let made: Plan | undefined;
  let amended: Plan | undefined;
  return async () => {
    made ??= await planIfAny(record, runId);
    if (made === undefined) return { plan: undefined, actions, isStopRequested: false };
    const known = actions.length;
    try {
      for await (const action of record.actions(runId, known)) actions.push(action);
    } catch {
      // Progress goes on without those that cannot be read now.
    }
    if (amended === undefined || actions.length > known) {
      const next = withActions(made, actions);
      // An action of another kind leaves the rates as they are.
      const isSame = JSON.stringify(next.loadActions) === JSON.stringify(amended?.loadActions);
      if (amended === undefined || !isSame) amended = next;
    }
    return {
      plan: amended,
      actions,
      isStopRequested: actions.some((action) => stopOf(action) !== undefined),
    };
  };
}
