import type { CapacitySearch, SearchSettings } from '../../profile/search.ts';
import { parseThresholdExpression } from '../../profile/threshold-expression.ts';
import { splitSelector, thresholdMetricOf } from '../../profile/threshold-metrics.ts';
import { actionLeadMs } from '../actions/action-lead.ts';
import { groupsOf } from '../groups.ts';
import type { Plan } from '../plan.ts';
import { checkpointEveryMs, pollEverySeconds } from '../poll-intervals.ts';
import { rampMs } from './level-ramp.ts';
import { mostHolds, undisturbedHolds } from './most-holds.ts';
import { overloadFactor } from './objective/control-level.ts';

/** A look at a run reads its checkpoints, and arrivals of the second before. */
export const lookMs = 1_000;

/** Latencies that a message has only once it has arrived. */
const untilArrival: readonly string[] = ['end_to_end_latency', 'transit', 'rule_latency'];

/**
 * How long after a hold messages that have not arrived are waited for: as long again as an acknowledgement may take, and until they are
 * known to break the objectives of latency. What comes later changes no judgement of the hold.
 */
export function arrivalGraceMs({ profile, ...plan }: Plan): number {
  const ackTimeoutMs = Math.max(
    ...groupsOf({ profile, ...plan }).map((group) => group.profile.publish.ackTimeoutMs),
  );
  const { search } = profile;
  const ofObjective = search?.kind === 'objective' ? [overloadFactor * search.at] : [];
  const ofThresholds = Object.entries(profile.thresholds)
    .filter(([name]) => untilArrival.includes(splitSelector(name).metric))
    .flatMap(([name, list]) => list.map(({ expression }) => boundOf(name, expression)));
  const bounds = [...ofObjective, ...ofThresholds];
  return Math.max(2 * ackTimeoutMs, ...bounds.map((ms) => Math.ceil(ms * (1 + latencyPrecision))));
}

/** Latencies of a hold are right to this share. */
const latencyPrecision = 0.02;

function boundOf(name: string, expression: string): number {
  const metric = thresholdMetricOf(name);
  const parsed = metric && parseThresholdExpression(expression, metric);
  return parsed === undefined || 'wrong' in parsed || parsed.aggregation === 'count' ? 0 : parsed.value;
}

/** How long the service rests, at the lowest level, from the end of a hold until the next level can be issued: the hold is judged. */
export function judgedWithinMs(plan: Plan): number {
  const ackTimeoutMs = Math.max(...groupsOf(plan).map(({ profile }) => profile.publish.ackTimeoutMs));
  const knownMs = Math.max(ackTimeoutMs + checkpointEveryMs(plan), arrivalGraceMs(plan));
  return knownMs + pollEverySeconds(plan) * 1_000 + lookMs;
}

/** Of one step, at most, whole seconds: from the request of its level until it is judged. A hold begins with a whole second. */
export function stepMs(plan: Plan, search: SearchSettings): number {
  const { settleMs, holdMs } = search;
  const changesMs = actionLeadMs(plan) + rampMs(search, search.to) + settleMs + 1_000;
  const ms = changesMs + holdMs + judgedWithinMs(plan);
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
