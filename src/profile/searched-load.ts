import { isObject, type JsonObject, valueAt } from '../shared/json-path.ts';
import type { GroupSettings, LoadProfile, Thresholds } from './load-profile.ts';
import { loadPaths } from './load-shapes/load-shapes.ts';
import { devicesFor } from './reconnect-rules.ts';
import { mostLevel, type SearchedQuantity } from './search.ts';
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
    ...(needsLoad && leastLoadOf(settings, input)),
    ...(settings.of === 'devices' &&
      input.groups === undefined && { devices: input.devices ?? levelOf(settings.to) }),
    ...(input.stages === undefined && input.duration === undefined && { duration: anyDuration }),
  };
}

/** The load of a profile that has none. */
function leastLoadOf({ of, from, to }: JsonObject, input: JsonObject): JsonObject {
  switch (of) {
    case 'users': {
      const { devices = levelOf(to) } = input;
      // Too few devices for the lowest level are too few for the highest one: that is an error by itself.
      return { users: Math.min(levelOf(from), levelOf(devices)), devices };
    }
    case 'connects': {
      const { devices = devicesFor({ reconnectsPerSecond: levelOf(to) }) } = input;
      return { idle: true, devices };
    }
    case 'devices':
      return { idle: true };
    default:
      return { ratePerSecond: levelOf(from) };
  }
}

/** A wrong one has an error of its own. */
function levelOf(level: unknown): number {
  return typeof level === 'number' && level >= 1 && level <= mostLevel ? level : 1;
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
  const loads = searchedGroups(profile, search).map(({ settings }) => settings);
  const isPlanned = loads.length > 0 && saysPlanned(input, search.of);
  const [first] = loads;
  return {
    ...(search.of === 'connects' ? connectsAtLowest(profile, input) : profile),
    ...((search.of === 'connects' || search.of === 'devices') && {
      thresholds: { ...connectThresholds, ...profile.thresholds },
    }),
    search: {
      ...search,
      ...(isPlanned && { planned: quantityRules[search.of].plannedOf(loads) }),
      ...(search.of === 'devices' && first && { connectsPerSecond: first.connect.ratePerSecond }),
    },
  };
}

function saysPlanned(input: JsonObject, of: SearchedQuantity): boolean {
  if (of === 'connects') return valueAt(input, ['connect', 'ratePerSecond']) !== undefined;
  if (of === 'devices') return (input.devices ?? input.groups) !== undefined;
  return hasOwnLoad(input) || input.groups !== undefined || input.messages !== undefined;
}

/** Before the search begins, devices connect at its lowest level, unless the profile says another rate. */
function connectsAtLowest(profile: LoadProfile, input: JsonObject): LoadProfile {
  const ratePerSecond = profile.search?.from ?? 1;
  const slowed = <Settings extends GroupSettings>(settings: Settings, path: readonly string[]): Settings => {
    const isGiven = [[], path].some(
      (at) => valueAt(input, [...at, 'connect', 'ratePerSecond']) !== undefined,
    );
    return isGiven ? settings : { ...settings, connect: { ...settings.connect, ratePerSecond } };
  };
  const { groups } = profile;
  return {
    ...slowed(profile, []),
    ...(groups && { groups: groups.map((group) => slowed(group, ['groups', group.name])) }),
  };
}

/** A device that is refused is let in later: without this no level would break a threshold. */
const connectThresholds: Thresholds = {
  connects_failed: [{ expression: 'count==0', abortOnFail: false, delayAbortEvalMs: 0, isDefault: true }],
};
