import { isObject, type JsonObject } from '../shared/json-path.ts';
import type { LoadProfile } from './load-profile.ts';
import { loadPaths } from './load-shapes/load-shapes.ts';
import { sumLoads } from './load-shapes/rate-stretches.ts';
import { peakOf } from './load-shapes/resolved-load.ts';
import { hasRate } from './rate-rules.ts';
import { mostLevel } from './search.ts';
import { searchedGroups } from './searched-groups.ts';

/** How long a load is that only says what is planned: a search has its own time. */
const anyDuration = '1m';

/**
 * The user's form of a profile with a search, with what that makes superfluous: the load is `from` where the profile has none, and a
 * constant load does not have to say how long it lasts.
 */
export function completeSearch(input: JsonObject): JsonObject {
  const { search } = input;
  if (search === undefined) return input;
  const from = isObject(search) && isLevel(search.from) ? search.from : 1;
  const needsLoad = !hasOwnLoad(input) && input.groups === undefined && input.messages === undefined;
  return {
    ...input,
    ...(needsLoad && { ratePerSecond: from }),
    ...(input.stages === undefined && input.duration === undefined && { duration: anyDuration }),
  };
}

/** A wrong one has an error of its own. */
function isLevel(from: unknown): boolean {
  return typeof from === 'number' && from >= 1 && from <= mostLevel;
}

/** Whether the profile says what is planned, at its top. */
function hasOwnLoad(input: JsonObject): boolean {
  return loadPaths.some((path) => path !== 'duration' && input[path] !== undefined);
}

/**
 * The profile with what its own load comes to as what its search has planned.
 * @param input the user's form, before `completeSearch`
 */
export function withPlannedLevel(profile: LoadProfile, input: JsonObject): LoadProfile {
  const { search } = profile;
  const hasLoad = hasOwnLoad(input) || input.groups !== undefined || input.messages !== undefined;
  if (search === undefined || !hasLoad) return profile;
  const loads = searchedGroups(profile, search).filter(({ settings }) => hasRate(settings));
  if (loads.length === 0) return profile;
  return {
    ...profile,
    search: { ...search, planned: peakOf(sumLoads(loads.map(({ settings }) => settings))) },
  };
}
