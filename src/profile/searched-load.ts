import { isObject, type JsonObject } from '../shared/json-path.ts';
import type { LoadProfile } from './load-profile.ts';
import { loadPaths } from './load-shapes/load-shapes.ts';
import { mostLevel } from './search.ts';
import { searchedGroups } from './searched-groups.ts';
import { quantityRules } from './searched-quantities.ts';

/** How long a load is that only says what is planned: a search has its own time. */
const anyDuration = '1m';

/** Settings of the load that do not say how much of it there is. */
const otherLoadPaths: readonly string[] = [
  'duration',
  'arrivals',
  'jitter',
  'thinkTime',
  'throughputPerUser',
  'spawnPerSecond',
];

/**
 * The user's form of a profile with a search, with what that makes superfluous: the load is `from` where the profile has none, and a
 * constant load does not have to say how long it lasts.
 */
export function completeSearch(input: JsonObject): JsonObject {
  const { search } = input;
  if (search === undefined) return input;
  const settings = isObject(search) ? search : {};
  const needsLoad = !hasOwnLoad(input) && input.groups === undefined && input.messages === undefined;
  return {
    ...input,
    ...(needsLoad && leastLoads[settings.of === 'users' ? 'users' : 'rate'](settings, input)),
    ...(input.stages === undefined && input.duration === undefined && { duration: anyDuration }),
  };
}

/** The load of a profile that has none. */
const leastLoads: Readonly<Record<'rate' | 'users', (search: JsonObject, input: JsonObject) => JsonObject>> =
  {
    rate: ({ from }) => ({ ratePerSecond: levelOf(from) }),
    users({ from, to }, { devices = levelOf(to) }) {
      // Too few devices for the lowest level are too few for the highest one: that is an error by itself.
      return { users: Math.min(levelOf(from), levelOf(devices)), devices };
    },
  };

/** A wrong one has an error of its own. */
function levelOf(level: unknown): number {
  return typeof level === 'number' && level >= 1 && level <= mostLevel ? level : 1;
}

/** Whether the profile says what is planned, at its top. */
function hasOwnLoad(input: JsonObject): boolean {
  return loadPaths.some((path) => !otherLoadPaths.includes(path) && input[path] !== undefined);
}

/**
 * The profile with what its own load comes to as what its search has planned.
 * @param input the user's form, before `completeSearch`
 */
export function withPlannedLevel(profile: LoadProfile, input: JsonObject): LoadProfile {
  const { search } = profile;
  const hasLoad = hasOwnLoad(input) || input.groups !== undefined || input.messages !== undefined;
  if (search === undefined || !hasLoad) return profile;
  const loads = searchedGroups(profile, search).map(({ settings }) => settings);
  if (loads.length === 0) return profile;
  return { ...profile, search: { ...search, planned: quantityRules[search.of].plannedOf(loads) } };
}
