import type { Plan } from '../../../src/plan/plan.ts';
import type { CapacitySearch, SearchSettings } from '../../../src/profile/search.ts';

export const rateSearch: CapacitySearch = {
  kind: 'capacity',
  of: 'rate',
  from: 10,
  to: 1_000,
  method: 'ramp-then-bisect',
  settleMs: 1_000,
  holdMs: 2_000,
  precision: 0.05,
  confirm: 1,
};

/** The plan of a run that searches: its slices record by second. */
export function withSearch(plan: Plan, search: SearchSettings = rateSearch): Plan {
  return { ...plan, profile: { ...plan.profile, search } };
}
