import type { CapacitySearch, ObjectiveSearch } from '../../profile/search.ts';
import { formatDuration } from '../../shared/duration.ts';
import { traitsOf } from '../../targets/traits-of.ts';
import { accountOf } from '../account.ts';
import type { LiveAction } from '../actions/action.ts';
import { actionLeadMs } from '../actions/action-lead.ts';
import { withActions } from '../actions/with-actions.ts';
import type { Plan } from '../plan.ts';
import { decideNext, isAnswer } from './decide-next.ts';
import type { HoldVerdict } from './judged-hold.ts';
import { rampMs } from './level-ramp.ts';
import { mostHolds, undisturbedHolds } from './most-holds.ts';
import { stepMs } from './search-times.ts';
import { actionsOfStep } from './step-actions.ts';

/** What a search comes to at most, before it is run. */
export interface SearchForecast {
  /** Levels of a search of a service that breaks just below the highest one, in the order of time: none has more, or higher ones. */
  readonly levels: readonly number[];
  /** The holds of a search in which no hold is void, and none contradicts another, at most. */
  readonly holds: number;
  /** With the reserve for others, as far as the load lasts. */
  readonly mostHolds: number;
  /** Of one step, at most. */
  readonly stepSeconds: number;
  /** Of all steps: as long as the load lasts. */
  readonly longestSeconds: number;
  /** What the search may not see; a sentence each. */
  readonly cautions: readonly string[];
}

/** The setting that says how much load there is. */
export function loadSettingOf({ profile }: Pick<Plan, 'profile'>): string {
  return profile.search === undefined ? 'stages' : 'search.to';
}

/** Undefined: the plan is of no search. */
export function forecastSearch(plan: Plan): SearchForecast | undefined {
  const search = searchOf(plan);
  if (search === undefined) return undefined;
  const { publishAt, publishEndAt } = plan.timeline;
  const each = stepMs(plan, search);
  return {
    levels: longestPath(search),
    holds: undisturbedHolds(search),
    mostHolds: Math.min(mostHolds(search), Math.floor((publishEndAt - publishAt) / each)),
    stepSeconds: each / 1_000,
    longestSeconds: (publishEndAt - publishAt) / 1_000,
    cautions: cautionsOf(plan, search),
  };
}

/**
 * The plan with the rates of the busiest search that it can become, for what is forecast at most: a service that breaks just below the
 * highest level, and holds of the highest level in the time that is left; of a search that holds an objective, the highest level all the
 * time. Of a plan without a search, and of one whose rates actions have changed, the plan itself.
 */
export function busiestSearch(plan: Plan): Plan {
  return plan.loadActions === undefined ? searchAsPlanned(plan) : plan;
}

/** The busiest search of a run, whichever levels it came to: what was forecast before it began. Of a run without a search the plan itself. */
export function searchAsPlanned(plan: Plan): Plan {
  const { search } = plan.profile;
  if (search === undefined) return plan;
  if (search.kind === 'objective') return withActions(plan, highestLevel(plan, search));
  const { publishAt, publishEndAt } = plan.timeline;
  const each = stepMs(plan, search);
  const steps = Math.floor((publishEndAt - publishAt) / each);
  const path = longestPath(search);
  const levels = Array.from({ length: steps }, (_, step) => path[step] ?? search.to);
  return withActions(
    plan,
    levels.flatMap((level, step) => {
      const at = publishAt + step * each + actionLeadMs(plan);
      // A hold begins with a whole second: at most one later.
      const holdFrom = at + rampMs(search, level) + search.settleMs + 1_000;
      const held = { step, level, at, holdFrom, holdUntil: holdFrom + search.holdMs };
      return actionsOfStep(search, held);
    }),
  );
}

function highestLevel(
  { timeline: { publishAt, publishEndAt } }: Plan,
  search: ObjectiveSearch,
): LiveAction[] {
  const step = { step: 0, level: search.to, at: publishAt, holdFrom: publishAt, holdUntil: publishEndAt };
  return actionsOfStep(search, step);
}

/** CloudWatch of AWS counts by the minute; embedded AWS by the second. */
const cloudWatchMs = 60_000;

function cautionsOf(plan: Plan, { holdMs }: CapacitySearch): string[] {
  const isCounted = traitsOf(plan.target).quotas.includes('publishInPerSecond') && accountOf(plan).isCharged;
  if (!isCounted || holdMs >= cloudWatchMs) return [];
  const [what, evidence] =
    searchAsPlanned(plan).load.messages === 0
      ? ['refused connects', 'Connects that failed still break a level']
      : ['throttled messages', 'Missing acknowledgements still break a level at QoS 1'];
  return [
    `CloudWatch counts by the minute, and a hold lasts ${formatDuration(holdMs)}: it cannot show which quota ${what} in it. ${evidence}; for the quota’s name give a hold of 60s or more.`,
  ];
}

/** Undefined: the plan is of no search for a capacity. */
export function searchOf({ profile: { search } }: Plan): CapacitySearch | undefined {
  return search?.kind === 'capacity' ? search : undefined;
}

function longestPath(search: CapacitySearch): number[] {
  const judged: HoldVerdict[] = [];
  for (;;) {
    const next = decideNext(search, judged);
    if (isAnswer(next)) return judged.map(({ level }) => level);
    judged.push({ ...next, step: judged.length, outcome: next.level < search.to ? 'passed' : 'failed' });
  }
}
