import { isObject, type JsonObject } from '../shared/json-path.ts';
import type { LoadProfile } from './load-profile.ts';
import { loadPaths } from './load-shapes/load-shapes.ts';
import { searchedQuantities } from './search.ts';
import type { QuantityRules } from './searched-quantities/quantity-rules.ts';
import { quantityRules, searchedGroups } from './searched-quantities/searched-quantities.ts';

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
    ...rulesOf(settings.of).complete(settings, input, needsLoad),
    ...(input.stages === undefined && input.duration === undefined && { duration: anyDuration }),
  };
}

/** @param of as the user wrote it: a wrong one has an error of its own */
function rulesOf(of: unknown = 'rate'): QuantityRules {
  return quantityRules[searchedQuantities.find((each) => each === of) ?? 'rate'];
}

/** Whether a group says nothing of its load, and the profile nothing for all of them: that is an error by itself. */
export function hasLoadlessGroup(form: JsonObject): boolean {
  const saysLoad = (input: JsonObject) => hasOwnLoad(input) || input.messages !== undefined;
  if (!isObject(form.groups) || saysLoad(form)) return false;
  return Object.values(form.groups).some((group) => isObject(group) && !saysLoad(group));
}

/** Whether the profile says what is planned, at its top. */
function hasOwnLoad(input: JsonObject): boolean {
  return loadPaths.some((path) => !otherLoadPaths.includes(path) && input[path] !== undefined);
}

/**
 * The profile with what its own load comes to as what its search has planned, and with what a search judges unless the profile says otherwise.
 * @param input the user's form, before `completeSearch`
 */
export function withPlannedLevel(profile: LoadProfile, input: JsonObject): LoadProfile {
  const { search } = profile;
  if (search === undefined) return profile;
  const rules = quantityRules[search.of];
  const loads = searchedGroups(profile, search).map(({ settings }) => settings);
  const hasLoad = hasOwnLoad(input) || input.groups !== undefined || input.messages !== undefined;
  const isPlanned = loads.length > 0 && rules.saysPlanned(input, hasLoad);
  const begun = rules.begin?.(profile, input) ?? profile;
  return {
    ...begun,
    ...(rules.thresholds && { thresholds: { ...rules.thresholds, ...begun.thresholds } }),
    search: {
      ...search,
      ...(isPlanned && { planned: rules.plannedOf(loads) }),
      ...rules.rangeOf?.(loads),
    },
  };
}
