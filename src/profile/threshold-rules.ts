import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject, valueAt } from '../shared/json-path.ts';
import { suggestFrom } from '../shared/nearest.ts';
import { defaultThresholds, hasDefaultThreshold } from './default-thresholds.ts';
import type { LoadProfile } from './load-profile.ts';
import { quantityRules } from './searched-quantities/searched-quantities.ts';
import { slopeOf } from './slope-thresholds.ts';
import { parseThresholdExpression } from './threshold-expression.ts';
import {
  cloudWatchPrefix,
  isMeasuredByGroup,
  isMeasuredByKind,
  isOfCommands,
  splitSelector,
  statusMetrics,
  type ThresholdMetric,
  thresholdMetricAliases,
  thresholdMetricNames,
  thresholdMetricOf,
} from './threshold-metrics.ts';

export interface JudgedThresholds {
  readonly profile: LoadProfile;
  readonly input: JsonObject;
  readonly parts: SelectableParts;
  /** That the target's service counts itself; undefined: any. */
  readonly serviceMetrics: readonly string[] | undefined;
}

/** What a threshold's selector may name. */
export interface SelectableParts {
  /** Device groups; empty: the profile has none. */
  readonly groups: readonly string[];
  /** Names of kinds of message by group, `''` that of a flat profile; groups whose kinds have no names are absent. */
  readonly kinds: ReadonlyMap<string, readonly string[]>;
}

/** What the schema cannot say of a threshold: which metrics there are, what they take, which of them can abort a run. */
export function checkThresholds({
  profile: { thresholds, search },
  input,
  parts,
  serviceMetrics,
}: JudgedThresholds): InputError[] {
  const ofService = serviceMetrics?.map((each) => `${cloudWatchPrefix}${each}`);
  const isMissing = (name: string): boolean =>
    name.startsWith(cloudWatchPrefix) && ofService !== undefined && !ofService.includes(name);
  return Object.entries(thresholds).flatMap(([name, list]) => {
    const path = `thresholds.${name}`;
    const metric = thresholdMetricOf(name);
    if (metric === undefined || isMissing(name)) {
      const known = [...thresholdMetricNames(), ...(ofService ?? [])];
      return [{ path, message: 'is not a metric', hint: suggestFrom(name, known, 'the metrics are') }];
    }
    const ofPart = [
      ...checkGroupSelector(path, name, metric, parts),
      ...checkKindSelector(path, name, parts),
    ];
    if (ofPart.length > 0) return ofPart.slice(0, 1);
    const ofStatus = checkStatusSelector(path, name);
    if (ofStatus.length > 0) return ofStatus;
    const ofSearch = search && quantityRules[search.of].thresholds;
    if (list.length === 0 && !hasDefaultThreshold(name) && !Object.hasOwn(ofSearch ?? {}, name)) {
      const defaulted = Object.keys({ ...ofSearch, ...defaultThresholds });
      return [
        {
          path,
          message: 'is an empty list, which switches off a default, and this metric has none',
          hint: `remove it, or give it an expression; defaults are there for ${defaulted.join(', ')}`,
        },
      ];
    }
    return list.flatMap(({ expression, abortOnFail }, i) => {
      const entry = `${path}[${i}]`;
      const given = valueAt(input, ['thresholds', name, i]);
      return [
        ...checkExpression(entry, expression, metric),
        ...(slopeOf(name, expression) === undefined ? [] : checkJudgedSlope(entry, name, abortOnFail)),
        ...(abortOnFail ? checkAbort(entry, metric) : checkDelay(entry, given)),
      ];
    });
  });
}

/** `lost_messages{group:meters}` */
function checkGroupSelector(
  path: string,
  name: string,
  metric: ThresholdMetric,
  { groups }: SelectableParts,
): InputError[] {
  const { group } = splitSelector(name);
  if (group === undefined) return [];
  if (!isMeasuredByGroup(metric)) {
    const hint = 'groups have latencies and counts of messages and devices of their own; remove the selector';
    return [{ path, message: 'is measured for the whole run, not by group', hint }];
  }
  if (groups.includes(group)) return [];
  const hint =
    groups.length === 0 ? 'the profile has no groups' : suggestFrom(group, groups, 'the groups are');
  return [{ path, message: `names no group of this profile: ${group}`, hint }];
}

/** `lost_messages{kind:alarm}` */
function checkKindSelector(path: string, name: string, { kinds }: SelectableParts): InputError[] {
  const { group, kind } = splitSelector(name);
  if (kind === undefined) return [];
  if (!isMeasuredByKind(name)) {
    const hint =
      'kinds of message have counts of messages and latencies of arrivals of their own: end_to_end_latency, rule_latency, transit; remove kind from the selector';
    return [{ path, message: 'is not measured by kind of message', hint }];
  }
  const known = group === undefined ? [...new Set([...kinds.values()].flat())] : (kinds.get(group) ?? []);
  if (known.includes(kind)) return [];
  const whole = group === undefined ? 'this profile' : `the group ${group}`;
  const hint =
    known.length === 0 ? `${whole} has no messages with names` : suggestFrom(kind, known, 'the kinds are');
  return [{ path, message: `names no kind of message of ${whole}: ${kind}`, hint }];
}

/** `response_time{status:500}`, `requests{status:5xx}` */
function checkStatusSelector(path: string, name: string): InputError[] {
  const { metric, status } = splitSelector(name);
  if (status === undefined) return [];
  if (!statusMetrics.some((each) => each === metric)) {
    const hint = `remove the selector, or use one of ${statusMetrics.join(', ')}`;
    return [{ path, message: 'is not measured by status', hint }];
  }
  if (/^[1-5](\d\d|xx)$/.test(status)) return [];
  return [
    {
      path,
      message: `names no status: ${status}`,
      hint: 'give a status such as 500, or a class such as 5xx',
    },
  ];
}

function checkExpression(path: string, text: string, metric: ThresholdMetric): InputError[] {
  const expression = parseThresholdExpression(text, metric);
  return 'wrong' in expression ? [{ path, message: expression.wrong, hint: expression.hint }] : [];
}

/** A slope is of the whole run, and known once it is over. */
function checkJudgedSlope(path: string, name: string, abortOnFail: boolean): InputError[] {
  const { metric } = splitSelector(name);
  if (metric !== name) {
    const hint = `judge the whole run's: "${metric}"`;
    return [{ path, message: 'is about a slope, which is known of the whole run only', hint }];
  }
  if (!abortOnFail) return [];
  return [
    {
      path: `${path}.abortOnFail`,
      message: 'cannot stop a run by a slope, which is known only once it is over',
      hint: 'remove abortOnFail, or let it judge the value, such as "p(99)<500"',
    },
  ];
}

function checkAbort(path: string, metric: ThresholdMetric): InputError[] {
  if (metric.isKnownAtEndOnly !== true) return [];
  return [
    {
      path: `${path}.abortOnFail`,
      message: `cannot stop a run by what is known only once it is over (${metric.help})`,
      hint: 'remove abortOnFail; failed_messages, throttled_messages, dropped_messages and the latencies are known while it runs',
    },
  ];
}

/** @param given the entry as the user wrote it */
function checkDelay(path: string, given: unknown): InputError[] {
  if (!isObject(given) || given.delayAbortEval === undefined) return [];
  return [
    {
      path: `${path}.delayAbortEval`,
      message: 'has no meaning without abortOnFail',
      hint: 'set abortOnFail to true, or remove it',
    },
  ];
}

/** What only an observer can know. */
const arrivalMetrics: ReadonlySet<string> = new Set([
  'end_to_end_latency',
  'rule_latency',
  'transit',
  'arrivals',
  'received_messages',
  'duplicate_messages',
  'lost_messages',
  'not_read_messages',
  'dead_lettered_messages',
]);

/** A threshold over what this run never measures would always fail. */
export function checkMeasured(profile: LoadProfile): InputError[] {
  const { thresholds, echo, connect, publish, messages, http } = profile;
  const qualities = (messages ?? [{ publish }]).map((kind) => kind.publish.qos);
  const [qos = publish.qos] = qualities;
  const judged = Object.entries(thresholds).filter(([, list]) =>
    list.some(({ isDefault }) => isDefault !== true),
  );
  const errors: InputError[] = judged.flatMap(([name]) => {
    const { metric } = splitSelector(name);
    const path = `thresholds.${name}`;
    if (http === undefined && statusMetrics.some((each) => each === metric)) {
      const hint = 'remove the threshold, or name a target whose URL begins with http:// or https://';
      return [{ path, message: 'nothing is requested of a web service, so it is never measured', hint }];
    }
    if (http !== undefined && arrivalMetrics.has(thresholdMetricAliases[metric] ?? metric)) {
      const hint = 'remove the threshold; a request ends with its answer: response_time, failed_messages';
      return [{ path, message: 'no observer sees requests arrive, so it is never measured', hint }];
    }
    if (http !== undefined && metric === 'puback_round_trip') {
      return [
        { path, message: 'a request has no PUBACK, so it is never measured', hint: 'use response_time' },
      ];
    }
    return [];
  });
  if (thresholds.time_to_recover !== undefined && profile.timeline === undefined) {
    errors.push({
      path: 'thresholds.time_to_recover',
      message: 'no disconnect is planned, so it is never measured',
      hint: 'plan one: "timeline": [{"at": "30s", "disconnect": {"share": 1}}]',
    });
  }
  if (thresholds.echo_latency !== undefined && echo.fraction === 0) {
    errors.push({
      path: 'thresholds.echo_latency',
      message: 'no device subscribes to its own topic, so it is never measured',
      hint: 'set echo.fraction above 0, such as 0.01',
    });
  }
  if (profile.command === undefined)
    for (const [name] of judged.filter(([each]) => isOfCommands(each)))
      errors.push({
        path: `thresholds.${name}`,
        message: 'no group sends commands, so it is never measured',
        hint: 'add a group with "from": "backend"',
      });
  const isMqtt = connect.protocol === 'mqtt';
  const { puback_round_trip: puback, pubcomp_round_trip: pubcomp } = thresholds;
  if (puback !== undefined && isMqtt && !qualities.includes(1)) {
    errors.push({
      path: 'thresholds.puback_round_trip',
      message: `a QoS ${qos} publish has no PUBACK, so it is never measured`,
      hint: `set publish.qos to 1, or ${qos === 0 ? 'remove the threshold' : 'name it pubcomp_round_trip'}`,
    });
  }
  if (pubcomp !== undefined && !(isMqtt && qualities.includes(2))) {
    errors.push({
      path: 'thresholds.pubcomp_round_trip',
      message: 'only a QoS 2 publish has a PUBCOMP, so it is never measured',
      hint: isMqtt && qualities.includes(1) ? 'name it puback_round_trip' : 'remove the threshold',
    });
  }
  return errors;
}
