import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { nearestFirst, suggestFrom } from '../shared/nearest.ts';
import type { LoadProfile } from './load-profile.ts';
import { splitObjective } from './objective-schema.ts';
import { longestHoldMs, type ObjectiveSearch } from './search.ts';
import { whyNotByHold } from './search-metrics.ts';
import { quantityRules } from './searched-quantities/searched-quantities.ts';
import { parseThresholdExpression } from './threshold-expression.ts';
import {
  splitSelector,
  type ThresholdMetric,
  thresholdMetricNames,
  thresholdMetricOf,
} from './threshold-metrics.ts';
import { checkThresholds, type SelectableParts } from './threshold-rules.ts';

/** An interval that is longer leaves too few to settle. */
const longestIntervalMs = 60_000;
/** A search of fewer intervals has hardly begun. */
const fewestIntervals = 10;

/** Refuses settings of the other kind of search. */
export function checkKindOfSearch(search: JsonObject): InputError[] {
  const isObjective = isObject(search.hold);
  const ofOtherKind = isObjective ? ['method', 'confirm'] : ['interval', 'for'];
  return ofOtherKind.flatMap((key): InputError[] => {
    if (search[key] === undefined) return [];
    return [
      {
        path: `search.${key}`,
        message: isObjective
          ? 'has no meaning where an objective is held'
          : 'has no meaning where no objective is held',
        hint: isObjective
          ? 'remove it, or give hold a time: a search for the capacity has levels that pass or fail'
          : 'remove it, or give hold an objective, such as {"metric": "end_to_end_latency p(99)", "at": 500}',
      },
    ];
  });
}

/** What the settings of a search that holds an objective mean with one another and with the thresholds. */
export function checkObjective(
  profile: LoadProfile,
  search: ObjectiveSearch,
  form: JsonObject,
  parts: SelectableParts,
): InputError[] {
  const { whyNotHeld } = quantityRules[search.of];
  // Its metric and its thresholds are judged for a quantity that can be held.
  const held: ObjectiveSearch = whyNotHeld === undefined ? search : { ...search, of: 'rate' };
  return [
    ...(whyNotHeld === undefined ? [] : [refuseQuantity(search, whyNotHeld)]),
    ...checkMetric(profile, held, form, parts),
    ...checkObjectiveTimes(search, form),
    ...checkKept(profile, held),
  ];
}

function refuseQuantity(
  { of, at, metric, aggregation, percentile }: ObjectiveSearch,
  why: string,
): InputError {
  const held = aggregation === 'p' ? `p(${percentile ?? 99})` : aggregation;
  const threshold = `{"${of === 'connects' ? 'connect' : metric}": ["${held}<${at}"]}`;
  return {
    path: 'search.of',
    message: `must be rate where an objective is held, not ${of}: ${why}`,
    hint: `give "of": "rate"; or search for the most ${of} at which a threshold holds: "hold": "60s", and thresholds ${threshold}`,
  };
}

function checkMetric(
  profile: LoadProfile,
  search: ObjectiveSearch,
  form: JsonObject,
  parts: SelectableParts,
): InputError[] {
  const path = 'search.hold.metric';
  const given = isObject(form.search) && isObject(form.search.hold) ? form.search.hold.metric : undefined;
  if (typeof given !== 'string') return [];
  const { metric: name, aggregation } = splitObjective(given);
  return [
    ...checkName(name, { profile, search, parts }),
    ...checkAggregation(aggregation, thresholdMetricOf(name)),
  ].map((error) => ({ ...error, path }));
}

type PathlessError = Omit<InputError, 'path'>;

function checkName(
  name: string,
  {
    profile,
    search,
    parts,
  }: { readonly profile: LoadProfile; readonly search: ObjectiveSearch; readonly parts: SelectableParts },
): PathlessError[] {
  const metric = thresholdMetricOf(name);
  if (metric === undefined) {
    const known = thresholdMetricNames().filter(
      (each) => thresholdMetricOf(each)?.kind === 'latency' && whyNotByHold(each, search) === undefined,
    );
    const hint = suggestFrom(name, nearestFirst(name, known), 'the latencies that can be held are');
    return [{ message: `is no metric: ${name}`, hint }];
  }
  if (metric.kind !== 'latency') {
    const hint =
      'give a latency, such as end_to_end_latency p(99); counts belong into thresholds, which the search keeps, too';
    return [{ message: `is no latency: ${name}`, hint }];
  }
  const thresholds = { [name]: [{ expression: 'med<1', abortOnFail: false, delayAbortEvalMs: 0 }] };
  const [wrong] = checkThresholds({
    profile: { ...profile, thresholds },
    input: {},
    parts,
    serviceMetrics: undefined,
  });
  if (wrong !== undefined) return [{ ...wrong, message: `${name} ${wrong.message}` }];
  const why = whyNotByHold(name, search);
  if (why === undefined) return [];
  return [
    {
      message: `cannot be held: ${why}`,
      hint: 'give a latency of messages, such as end_to_end_latency p(99)',
    },
  ];
}

/** @param metric undefined: it is unknown; what is said of it has to be that of a latency all the same */
function checkAggregation(aggregation: string, metric: ThresholdMetric | undefined): PathlessError[] {
  const latency = metric ?? thresholdMetricOf('end_to_end_latency');
  if (latency?.kind !== 'latency') return [];
  const parsed = parseThresholdExpression(`${aggregation}<1`, latency);
  const hint = 'give p(N) with N from 0 to 100, avg, med, min or max, such as end_to_end_latency p(99)';
  if (aggregation === '') return [{ message: 'does not say what of the latency is held', hint }];
  if ('wrong' in parsed) {
    const isPercentile = /^p\([^)]*\)$/.test(aggregation);
    return [{ message: isPercentile ? parsed.wrong : `is no aggregation: ${aggregation}`, hint }];
  }
  if (parsed.aggregation !== 'count') return [];
  return [{ message: 'is a count, not a latency', hint }];
}

/** @param form of the profile, as the user wrote it */
export function checkObjectiveTimes(
  { settleMs, holdMs, forMs, at }: ObjectiveSearch,
  { search }: JsonObject,
): InputError[] {
  const errors: InputError[] = [];
  const most = formatDuration(longestHoldMs);
  if (holdMs < 1_000 || holdMs > longestIntervalMs || holdMs % 1_000 !== 0) {
    const message = `must be whole seconds from 1s to ${formatDuration(longestIntervalMs)}, not ${formatDuration(holdMs)}`;
    errors.push({
      path: 'search.interval',
      message,
      hint: 'series are by second; give an interval such as "3s"',
    });
  } else if (at > holdMs) {
    const hint = `give at least ${formatDuration(Math.ceil(at / 1_000) * 1_000)}, or a smaller value to keep`;
    const message = `must be no shorter than the latency to keep, ${formatDuration(at)}: a shorter one ends before its messages arrive`;
    errors.push({ path: 'search.interval', message, hint });
  }
  if (settleMs > longestIntervalMs) {
    const message = `must be at most ${formatDuration(longestIntervalMs)}, not ${formatDuration(settleMs)}`;
    errors.push({
      path: 'search.settle',
      message,
      hint: 'the level changes with each interval; give a settle such as "1s"',
    });
  }
  const least = fewestIntervals * (settleMs + holdMs);
  if (isObject(search) && search.for === undefined)
    errors.push({
      path: 'search.for',
      message: 'is missing',
      hint: 'say how long the objective is held, such as "5m"',
    });
  else if (forMs < least || forMs > longestHoldMs)
    errors.push({
      path: 'search.for',
      message: `must be ${formatDuration(least)} (${fewestIntervals} intervals) to ${most}, not ${formatDuration(forMs)}`,
      hint: 'give at least "2m": most services are settled after one',
    });
  return errors;
}

/** Thresholds say what an overload is. One on the metric itself would contradict the search. */
function checkKept({ thresholds }: LoadProfile, search: ObjectiveSearch): InputError[] {
  return Object.entries(thresholds).flatMap(([name, list]): InputError[] => {
    const path = `thresholds.${name}`;
    const given = list.filter(({ isDefault }) => isDefault !== true);
    if (given.length === 0) return [];
    if (splitSelector(name).metric === splitSelector(search.metric).metric)
      return [
        {
          path,
          message: 'is the metric that the search keeps at a value',
          hint: 'remove it; the other thresholds say from when on the service is overloaded',
        },
      ];
    const why = whyNotByHold(name, search);
    if (why !== undefined)
      return [
        {
          path,
          message: `cannot be judged by interval: ${why}`,
          hint: 'remove it; an interval is judged by latencies of messages, their counts and rates',
        },
      ];
    if (!given.some(({ abortOnFail }) => abortOnFail)) return [];
    return [
      {
        path,
        message: 'would end the whole run with the first interval that breaks it (abortOnFail)',
        hint: 'remove abortOnFail: the search lowers the level instead',
      },
    ];
  });
}
