import { groupsOf } from '../../../src/plan/groups.ts';
import type { GroupPlan, Plan } from '../../../src/plan/plan.ts';

/** The one group of a flat plan. */
export function onlyGroupOf(plan: Plan): GroupPlan {
  const [group, ...others] = groupsOf(plan);
  if (group === undefined || others.length > 0) throw new Error(`a plan with ${others.length + 1} groups`);
  return group;
}
