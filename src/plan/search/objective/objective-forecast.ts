import type { ObjectiveSearch } from '../../../profile/search.ts';
import { formatDuration } from '../../../shared/duration.ts';
import { actionLeadMs } from '../../actions/action-lead.ts';
import type { Plan } from '../../plan.ts';
import { checkpointEveryMs, pollEverySeconds } from '../../poll-intervals.ts';
import { lookMs, stepMs } from '../search-times.ts';

/** What a search that holds an objective comes to, before it is run. */
export interface ObjectiveForecast {
  /** From one change of the level to the next, where every message arrives in time; and at most. */
  readonly intervalSeconds: number;
  readonly longestIntervalSeconds: number;
  /** How many of them the load lasts. */
  readonly intervals: number;
  readonly seconds: number;
  /** What may keep it from its answer, a sentence each. */
  readonly cautions: readonly string[];
}

/** Beside the doublings of the lowest level: to work off what the last of them was too much, and to come near from below. */
const intervalsToSettle = 7;

/** Undefined: the plan holds no objective. */
export function forecastObjective(plan: Plan): ObjectiveForecast | undefined {
  const { search } = plan.profile;
  if (search?.kind !== 'objective') return undefined;
  const each = intervalMs(plan, search);
  const lastsMs = plan.timeline.publishEndAt - plan.timeline.publishAt;
  const intervals = Math.floor(lastsMs / each);
  const needed = Math.ceil(Math.log2(search.to / search.from)) + intervalsToSettle;
  const lasts = formatDuration(Math.ceil((needed * each) / 1_000) * 1_000);
  return {
    intervalSeconds: each / 1_000,
    longestIntervalSeconds: stepMs(plan, search) / 1_000,
    intervals,
    seconds: lastsMs / 1_000,
    cautions:
      intervals >= needed
        ? []
        : [
            `${plan.account === undefined ? 'On AWS it' : 'It'} may not settle in ${formatDuration(lastsMs)}: from the lowest to the highest level takes up to ${needed} intervals, ${lasts}. Bring search.from and search.to nearer together, or make search.for longer.`,
          ],
  };
}

function intervalMs(plan: Plan, { settleMs, holdMs }: ObjectiveSearch): number {
  const judgedMs = checkpointEveryMs(plan) + pollEverySeconds(plan) * 1_000 + lookMs;
  // An interval begins with a whole second.
  return Math.ceil(actionLeadMs(plan) + settleMs + 1_000 + holdMs + judgedMs);
}
