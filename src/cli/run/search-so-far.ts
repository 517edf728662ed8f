import type { RunRecord } from '../../aws/run-archive.ts';
import type { StoredAction } from '../../plan/actions/action.ts';
import type { Plan } from '../../plan/plan.ts';
import type { JudgedHold, SearchStep } from '../../plan/search/judged-hold.ts';
import { issuedSteps } from '../../plan/search/step-actions.ts';
import type { SearchSettings } from '../../profile/search.ts';

/** A search that goes on. */
export interface SearchSoFar {
  readonly settings: SearchSettings;
  /** In the order of their steps. */
  readonly judged: readonly JudgedHold[];
  /** The step whose hold is not judged. Absent: none is issued. */
  readonly step?: SearchStep;
}

/** Reads what a run's search has judged so far, each hold once. @returns undefined for a run that does not search */
export function makeSearchSoFar(
  record: Pick<RunRecord, 'judgedHolds'>,
  runId: string,
): (plan: Plan, actions: readonly StoredAction[]) => Promise<SearchSoFar | undefined> {
  const judged: JudgedHold[] = [];
  return async ({ profile: { search: settings } }, actions) => {
    if (settings === undefined) return undefined;
    try {
      for await (const hold of record.judgedHolds(runId, judged.length)) judged.push(hold);
    } catch {
      // Progress goes on without those that cannot be read now.
    }
    const step = issuedSteps(actions).find((issued) => issued.step.step === judged.length)?.step;
    return { settings, judged: [...judged], ...(step && { step }) };
  };
}
