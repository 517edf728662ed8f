import type { Plan } from '../../plan/plan.ts';
import type { SearchForecast } from '../../plan/search/search-forecast.ts';
import type { CapacitySearch, SearchMethodName } from '../../profile/search.ts';
import { formatDuration } from '../../shared/duration.ts';
import { formatPerSecond, formatPlural, formatShare } from '../../shared/format.ts';

/** What a search does at most: labels and texts. Empty for a plan without one. */
export function describeSearch(
  { profile: { search } }: Plan,
  forecast: SearchForecast | undefined,
): [label: string, text: string][] {
  if (search?.kind !== 'capacity' || forecast === undefined) return [];
  const { group, from, to, precision, settleMs, holdMs, confirm, planned } = search;
  const { holds, mostHolds, stepSeconds, longestSeconds, levels, cautions } = forecast;
  const whose = group === undefined ? 'rate' : `rate of group ${group}`;
  const spare = mostHolds - holds;
  const ofEach = confirm === 1 ? '' : `, until ${confirm} holds of each of the two levels agree`;
  return [
    [
      'search',
      `${whose} from ${formatPerSecond(from)} to ${formatPerSecond(to)}, to within ${formatShare(precision)}${ofEach}`,
    ],
    ['levels', describeLevels(search, levels)],
    [
      'steps',
      `at most ${formatPlural(holds, 'hold')}${spare > 0 ? `, and ${spare} more where holds are void or contradict one another` : ''}`,
    ],
    [
      'step',
      `${formatDuration(settleMs)} to settle, ${formatDuration(holdMs)} hold, then ${formatPerSecond(from)} until it is judged: at most ${lasting(stepSeconds)}`,
    ],
    ['longest', `${lasting(longestSeconds)} of load; it ends with its answer`],
    ...(planned === undefined ? [] : [['planned', formatPerSecond(planned)] satisfies [string, string]]),
    ...cautions.map((caution): [string, string] => ['caution', caution]),
  ];
}

const orders: Readonly<Record<SearchMethodName, string>> = {
  'ramp-then-bisect': 'doubled until one breaks, then halfway to the knee',
  steps: 'one step of the precision after the other, until one breaks',
};

/** Long lists have their middle left out. */
function describeLevels({ method, to }: CapacitySearch, levels: readonly number[]): string {
  const shown = levels.length <= mostLevels ? levels.map(formatPerSecond) : shortened(levels);
  return `${orders[method]}; where the knee is just below ${formatPerSecond(to)}: ${shown.join(', ')}`;
}

const mostLevels = 24;

function shortened(levels: readonly number[]): string[] {
  return [...levels.slice(0, 12).map(formatPerSecond), '…', ...levels.slice(-6).map(formatPerSecond)];
}

function lasting(seconds: number): string {
  return formatDuration(Math.ceil(seconds) * 1_000);
}
