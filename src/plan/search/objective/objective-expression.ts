import type { ObjectiveSearch } from '../../../profile/search.ts';
import { formatValue } from '../../../shared/format.ts';
import type { BrokenObjective } from '../judged-hold.ts';
import { overloadFactor } from './control-level.ts';

type Objective = Pick<ObjectiveSearch, 'metric' | 'aggregation' | 'percentile' | 'at'>;

/** What is held, as in thresholds: `p(99)`. */
export function aggregationText({ aggregation, percentile }: Omit<Objective, 'metric' | 'at'>): string {
  return percentile === undefined ? aggregation : `p(${percentile})`;
}

/** `end_to_end_latency p(99)` */
export function nameObjective(objective: Objective): string {
  return `${objective.metric} ${aggregationText(objective)}`;
}

/** The threshold that an overloaded service breaks. */
export function overloadThreshold(objective: Objective): {
  readonly metric: string;
  readonly expression: string;
} {
  const { metric, at } = objective;
  return { metric, expression: `${aggregationText(objective)}<=${overloadFactor * at}` };
}

/** Whether it is the metric itself that was broken. */
export function isBreakOf(
  objective: Objective,
  { metric, expression }: Pick<BrokenObjective, 'metric' | 'expression'>,
): boolean {
  const overload = overloadThreshold(objective);
  return metric === overload.metric && expression === overload.expression;
}

/** `500 ms` */
export function formatObjective({ at }: Pick<Objective, 'at'>): string {
  return `${formatValue(at)} ms`;
}
