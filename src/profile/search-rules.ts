import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { formatCount } from '../shared/format.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { suggestFrom } from '../shared/nearest.ts';
import type { LoadProfile } from './load-profile.ts';
import { checkKindOfSearch, checkObjective, checkObjectiveTimes } from './objective-rules.ts';
import { type CapacitySearch, longestHoldMs, type SearchSettings } from './search.ts';
import { whyNotByHold } from './search-metrics.ts';
import { resolveSearch, searchPart } from './search-schema.ts';
import { hasLoadlessGroup } from './searched-load.ts';
import { namedGroups, quantityRules, searchedGroups } from './searched-quantities/searched-quantities.ts';
import { slopeThresholdsOf } from './slope-thresholds.ts';
import { readSound } from './sound-part.ts';
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
  if (search === undefined) return isObject(form.search) ? checkFaulty(form.search) : [];
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
  const rules = quantityRules[search.of];
  const ofGroup = checkGroup(profile, search, form);
  return [
    ...ofRange,
    ...(isObject(form.search) ? checkKindOfSearch(form.search) : []),
    ...(search.kind === 'capacity'
      ? [...checkTimes(search), ...ofGroup, ...checkThresholds(profile, search)]
      : [...checkObjective(profile, search, form, parts), ...ofGroup]),
    ...slopeThresholdsOf(profile.thresholds).map(({ path }) => ({
      path,
      message: 'is about a slope, which is of one rate, and a search changes the rate',
      hint: 'remove it, or remove search',
    })),
    ...checkTimeline(profile, search),
    ...(ofRange.length + ofGroup.length > 0
      ? []
      : rules.checkDevices(searchedGroups(profile, search), search, limits)),
  ];
}

/** What is wrong beside what the schema refuses: its times, as far as they are sound. */
function checkFaulty(form: JsonObject): InputError[] {
  const sound = readSound(searchPart, form);
  const search = resolveSearch({ ...sound, of: 'rate', from: 1, to: 2 });
  return [
    ...checkKindOfSearch(form),
    ...(search.kind === 'capacity' ? checkTimes(search) : checkObjectiveTimes(search, { search: form })),
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

function checkGroup(profile: LoadProfile, search: SearchSettings, form: JsonObject): InputError[] {
  const names = profile.groups?.map(({ name }) => name) ?? [];
  if (search.group !== undefined && !names.includes(search.group)) {
    const hint =
      names.length === 0
        ? 'remove it: the profile has no groups'
        : suggestFrom(search.group, names, 'the groups are');
    return [{ path: 'search.group', message: `no group is called ${search.group}`, hint }];
  }
  const refusal = quantityRules[search.of].refuse(namedGroups(profile, search), search.group);
  // A group without a load has an error of its own, and what it is meant to be is not known.
  if (refusal === undefined || hasLoadlessGroup(form)) return [];
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
      const hint = `remove it; a hold is judged by ${quantityRules[search.of].judgedBy}${why.startsWith('CloudWatch') ? ', such as throttled_messages' : ''}`;
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
