import type { CapacitySearch } from '../../profile/search.ts';
import { actionLeadMs } from '../actions/action-lead.ts';
import { groupsOf } from '../groups.ts';
import type { Plan } from '../plan.ts';
import { checkpointEveryMs, pollEverySeconds } from '../poll-intervals.ts';
import { mostHolds, undisturbedHolds } from './most-holds.ts';

/** A look at a run reads its checkpoints, and arrivals of the second before. */
const lookMs = 1_000;

/** How long the service rests, at the lowest level, from the end of a hold until the next level can be issued: the hold is judged. */
export function judgedWithinMs(plan: Plan): number {
  const ackTimeoutMs = Math.max(...groupsOf(plan).map(({ profile }) => profile.publish.ackTimeoutMs));
  // Where messages are lost, arrivals are waited for as long again as acknowledgements.
  const knownMs = Math.max(ackTimeoutMs + checkpointEveryMs(plan), 2 * ackTimeoutMs);
  return knownMs + pollEverySeconds(plan) * 1_000 + lookMs;
}

/** Of one step, at most, whole seconds: from the request of its level until it is judged. A hold begins with a whole second. */
export function stepMs(plan: Plan, { settleMs, holdMs }: CapacitySearch): number {
  const ms = actionLeadMs(plan) + settleMs + 1_000 + holdMs + judgedWithinMs(plan);
  return Math.ceil(ms / 1_000) * 1_000;
}

/**
 * How long the load of a search lasts: for as many steps as it has at most, so far as the reserve for void and contradicting holds fits
 * within the time of a Lambda. It ends as soon as it has its answer.
 * @param plan of any time
 * @param lambdaMs how long a Lambda may run
 */
export function searchMs(plan: Plan, search: CapacitySearch, lambdaMs: number): number {
  const { createdAt, publishAt, publishEndAt, deadlineAt } = plan.timeline;
  const each = stepMs(plan, search);
  const othersMs = deadlineAt - createdAt - (publishEndAt - publishAt);
  const fitting = Math.floor((lambdaMs - othersMs) / each);
  const steps = Math.min(mostHolds(search), Math.max(undisturbedHolds(search), fitting));
  return steps * each;
}
