import { sumOf } from '../shared/counts.ts';
import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { formatCount, formatPlural, formatQuantity } from '../shared/format.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { suggestFrom } from '../shared/nearest.ts';
import type { LoadProfile } from './load-profile.ts';
import { peakOf } from './load-shapes/resolved-load.ts';
import { checkKindOfSearch, checkObjective } from './objective-rules.ts';
import { devicesFor, whyNotReconnects } from './reconnect-rules.ts';
import { type CapacitySearch, longestHoldMs, type SearchedQuantity, type SearchSettings } from './search.ts';
import { whyNotByHold } from './search-metrics.ts';
import { namedGroups, searchedGroups } from './searched-groups.ts';
import { quantityRules } from './searched-quantities.ts';
import type { TargetLimits } from './target-limits.ts';
import type { SelectableParts } from './threshold-rules.ts';

/** What the settings of a search mean with one another and with the rest of the profile. */
export function checkSearch(
  profile: LoadProfile,
  {
    limits,
    form,
    parts,
  }: { readonly limits: TargetLimits; readonly form: JsonObject; readonly parts: SelectableParts },
): InputError[] {
  const { search } = profile;
  if (search === undefined) return [];
  const ofRange =
    search.from < search.to
      ? []
      : [
          {
            path: 'search.to',
            message: `must be above from (${formatCount(search.from)}), not ${formatCount(search.to)}`,
            hint: 'give from a level that surely holds, and to one that surely breaks',
          },
        ];
  const ofGroup = checkGroup(profile, search);
  return [
    ...ofRange,
    ...(isObject(form.search) ? checkKindOfSearch(form.search) : []),
    ...(search.kind === 'capacity'
      ? [...checkTimes(search), ...ofGroup, ...checkThresholds(profile, search)]
      : [...checkObjective(profile, search, form, parts), ...ofGroup]),
    ...checkTimeline(profile, search),
    ...(ofRange.length + ofGroup.length > 0 ? [] : devicesChecks[search.of](profile, search, limits)),
  ];
}

function checkTimes({ settleMs, holdMs }: CapacitySearch): InputError[] {
  const most = formatDuration(longestHoldMs);
  const errors: InputError[] = [];
  if (settleMs > longestHoldMs) {
    const hint = `give 0s to ${most}: a Lambda runs no longer`;
    errors.push({
      path: 'search.settle',
      message: `must be at most ${most}, not ${formatDuration(settleMs)}`,
      hint,
    });
  }
  if (holdMs < 1_000 || holdMs > longestHoldMs || holdMs % 1_000 !== 0) {
    const hint = 'series are by second; give a hold such as "60s"';
    const message = `must be whole seconds from 1s to ${most}, not ${formatDuration(holdMs)}`;
    errors.push({ path: 'search.hold', message, hint });
  }
  return errors;
}

function checkGroup(profile: LoadProfile, search: SearchSettings): InputError[] {
  const names = profile.groups?.map(({ name }) => name) ?? [];
  if (search.group !== undefined && !names.includes(search.group)) {
    const hint =
      names.length === 0
        ? 'remove it: the profile has no groups'
        : suggestFrom(search.group, names, 'the groups are');
    return [{ path: 'search.group', message: `no group is called ${search.group}`, hint }];
  }
  const refusal = quantityRules[search.of].refuse(namedGroups(profile, search), search.group);
  if (refusal === undefined) return [];
  const message = `${search.of} cannot be searched: ${refusal.message}`;
  return [{ path: 'search.of', message, hint: refusal.hint }];
}

function checkThresholds({ thresholds }: LoadProfile, search: CapacitySearch): InputError[] {
  const judged = Object.entries(thresholds);
  if (judged.every(([, list]) => list.length === 0)) {
    const hint = 'give the objectives that a level is to hold, such as {"end_to_end_latency": ["p(99)<500"]}';
    return [{ path: 'thresholds', message: 'has none, so no level could break one', hint }];
  }
  return judged.flatMap(([metric, list]): InputError[] => {
    const path = `thresholds.${metric}`;
    const why = whyNotByHold(metric, search);
    if (why !== undefined && list.some(({ isDefault }) => isDefault !== true)) {
      const hint = `remove it; a hold is judged by ${whatJudges(search)}${why.startsWith('CloudWatch') ? ', such as throttled_messages' : ''}`;
      return [{ path, message: `cannot be judged by hold: ${why}`, hint }];
    }
    if (!list.some(({ abortOnFail }) => abortOnFail)) return [];
    return [
      {
        path,
        message: 'would end the whole run with the first level that breaks it (abortOnFail)',
        hint: 'remove abortOnFail: a search judges each level by itself, and goes on',
      },
    ];
  });
}

function whatJudges({ of }: CapacitySearch): string {
  return of === 'connects'
    ? 'connect (latency), connects_failed, reconnect and attempts_per_connect'
    : 'latencies of messages, their counts and rates';
}

function checkTimeline({ timeline = [] }: LoadProfile, { of }: SearchSettings): InputError[] {
  return timeline.flatMap(({ action: { kind } }, i) =>
    kind === of
      ? [
          {
            path: `timeline[${i}].${kind}`,
            message: `changes the ${kind} that the search changes`,
            hint: 'remove it, or remove search',
          },
        ]
      : [],
  );
}

/** Whether so few devices could make the highest level. */
const devicesChecks: Readonly<
  Record<
    SearchedQuantity,
    (profile: LoadProfile, search: SearchSettings, limits: TargetLimits) => InputError[]
  >
> = {
  rate: checkSenders,
  users: checkUsers,
  connects: checkReconnecting,
  devices: () => [],
};

function checkSenders(
  profile: LoadProfile,
  search: SearchSettings,
  { publishesPerSecondPerConnection: limit, name }: TargetLimits,
): InputError[] {
  const groups = searchedGroups(profile, search);
  const peaks = groups.map(({ settings }) => peakOf(settings));
  const sum = sumOf(peaks);
  return groups.flatMap(({ name: group, settings }, i) => {
    const { connect, devices } = settings;
    const level = (search.to * peaks[i]!) / sum;
    if (connect.protocol !== 'mqtt' || level / devices <= limit) return [];
    const each = Math.round((level / devices) * 10) / 10;
    return [
      {
        path: devicesOf(group),
        message: `are ${formatCount(devices)}, and send ${formatQuantity(each)} messages a second each at the highest level of the search; ${name} discards what is above ${limit} on a connection`,
        hint: `use at least ${formatPlural(Math.ceil(level / limit), 'device')}, or lower search.to to ${formatCount(Math.floor((devices * limit * sum) / peaks[i]!))}`,
      },
    ];
  });
}

function checkUsers(profile: LoadProfile, search: SearchSettings): InputError[] {
  return searchedGroups(profile, search).flatMap(({ name, settings: { devices } }) =>
    devices >= search.to
      ? []
      : [
          {
            path: devicesOf(name),
            message: `are ${formatCount(devices)}, and the highest level of the search is ${formatPlural(search.to, 'user')}: a user is a device`,
            hint: `use ${formatPlural(search.to, 'device')}, or lower search.to to ${formatCount(devices)}`,
          },
        ],
  );
}

function checkReconnecting(profile: LoadProfile, search: SearchSettings): InputError[] {
  const groups = searchedGroups(profile, search);
  const message = whyNotReconnects(
    groups.map(({ settings }) => settings),
    { reconnectsPerSecond: search.to },
  );
  if (message === undefined) return [];
  const hint = `use ${formatPlural(devicesFor({ reconnectsPerSecond: search.to }), 'device')}, or lower search.to`;
  const [only, ...more] = groups;
  return [
    { path: more.length > 0 ? 'groups' : devicesOf(only?.name), message: `are too few: ${message}`, hint },
  ];
}

function devicesOf(group: string | undefined): string {
  return group === undefined ? 'devices' : `groups.${group}.devices`;
}
