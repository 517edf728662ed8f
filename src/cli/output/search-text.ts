import type { Plan } from '../../plan/plan.ts';
import { formatLevel } from '../../plan/search/format-level.ts';
import { nameObjective } from '../../plan/search/objective/objective-expression.ts';
import type { ObjectiveForecast } from '../../plan/search/objective/objective-forecast.ts';
import type { SearchForecast } from '../../plan/search/search-forecast.ts';
import type { CapacitySearch, SearchedQuantity, SearchMethodName } from '../../profile/search.ts';
import { formatDuration } from '../../shared/duration.ts';
import { formatMs, formatPlural, formatShare } from '../../shared/format.ts';

/** What a search does at most: labels and texts. Empty for a plan without one. */
export function describeSearch(
  { profile: { search } }: Plan,
  forecast: SearchForecast | undefined,
): [label: string, text: string][] {
  if (search?.kind !== 'capacity' || forecast === undefined) return [];
  const { of, group, from, to, precision, settleMs, holdMs, confirm, planned } = search;
  const { holds, mostHolds, stepSeconds, longestSeconds, levels, cautions } = forecast;
  const whose = `${nouns[of]}${group === undefined ? '' : `of group ${group} `}`;
  const level = (value: number) => formatLevel(of, value);
  const spare = mostHolds - holds;
  const ofEach = confirm === 1 ? '' : `, until ${confirm} holds of each of the two levels agree`;
  return [
    ['search', `${whose}from ${level(from)} to ${level(to)}, to within ${formatShare(precision)}${ofEach}`],
    ['levels', describeLevels(search, levels)],
    [
      'steps',
      `at most ${formatPlural(holds, 'hold')}, wherever the knee is${spare > 0 ? `; ${spare} more where holds are void or contradict one another` : ''}`,
    ],
    [
      'step',
      `${formatDuration(settleMs)} to settle, ${formatDuration(holdMs)} hold, then ${level(from)} until it is judged: at most ${lasting(stepSeconds)}`,
    ],
    ['longest', `${lasting(longestSeconds)} of load; it ends with its answer`],
    ...(planned === undefined ? [] : [['planned', level(planned)] satisfies [string, string]]),
    ...cautions.map((caution): [string, string] => ['caution', caution]),
  ];
}

/** What levels without a unit of their own are. */
const nouns: Readonly<Record<SearchedQuantity, string>> = {
  rate: 'rate ',
  devices: '',
  connects: '',
  users: '',
};

/** What a search that holds an objective does: labels and texts. Empty for a plan without one. */
export function describeObjective(
  { profile: { search } }: Plan,
  forecast: ObjectiveForecast | undefined,
): [label: string, text: string][] {
  if (search?.kind !== 'objective' || forecast === undefined) return [];
  const { of, group, from, to, at, precision, settleMs, holdMs, planned } = search;
  const { intervalSeconds, longestIntervalSeconds, intervals, seconds, cautions } = forecast;
  const whose = `${nouns[of]}${group === undefined ? '' : `of group ${group} `}`;
  const level = (value: number) => formatLevel(of, value);
  return [
    [
      'objective',
      `${nameObjective(search)} at ${formatMs(at)} ms, to within ${formatShare(precision)}, by the ${whose}from ${level(from)} to ${level(to)}`,
    ],
    [
      'interval',
      `${formatDuration(settleMs)} to settle, ${formatDuration(holdMs)} to measure, then the next level: about ${lasting(intervalSeconds)}, and up to ${lasting(longestIntervalSeconds)} where messages are late or lost`,
    ],
    ['lasts', `${lasting(seconds)} of load: about ${formatPlural(intervals, 'interval')}`],
    ...(planned === undefined ? [] : [['planned', level(planned)] satisfies [string, string]]),
    ...cautions.map((caution): [string, string] => ['caution', caution]),
  ];
}

const orders: Readonly<Record<SearchMethodName, string>> = {
  'ramp-then-bisect': 'doubled until one breaks, then halfway to the knee',
  steps: 'one step of the precision after the other, until one breaks',
};

/** Long lists have their middle left out. */
function describeLevels({ of, method, to }: CapacitySearch, levels: readonly number[]): string {
  const all = levels.map((level) => formatLevel(of, level));
  const shown = all.length <= mostLevels ? all : [...all.slice(0, 12), '…', ...all.slice(-6)];
  return `${orders[method]}; where the knee is just below ${formatLevel(of, to)}: ${shown.join(', ')}`;
}

const mostLevels = 24;

function lasting(seconds: number): string {
  return formatDuration(Math.ceil(seconds) * 1_000);
}
