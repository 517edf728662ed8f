import type { RunRecord } from '../../aws/run-store.ts';
import type { StoredAction } from '../../plan/actions/action.ts';
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

/**
 * Reads the plan of a run with what actions have made of its rates so far. Each action is read once.
 * @returns undefined until the plan is made; the same object until an action changes it
 */
export function makePlanSoFar(
  record: Pick<RunRecord, 'getPlan' | 'actions'>,
  runId: string,
): () => Promise<Plan | undefined> {
  const actions: StoredAction[] = [];
  let made: Plan | undefined;
  let amended: Plan | undefined;
  return async () => {
    made ??= await planIfAny(record, runId);
    if (made === undefined) return undefined;
    const known = actions.length;
    try {
      for await (const action of record.actions(runId, known)) actions.push(action);
    } catch {
      // Progress goes on without those that cannot be read now.
    }
    if (amended === undefined || actions.length > known) {
      const next = withActions(made, actions);
      // An action of another kind leaves the rates as they are.
      const isSame = JSON.stringify(next.rateActions) === JSON.stringify(amended?.rateActions);
      if (amended === undefined || !isSame) amended = next;
    }
    return amended;
  };
}
