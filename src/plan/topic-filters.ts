import { birthTopicOf } from '../profile/sparkplug.ts';
import { expandTopic } from '../profile/topic-template.ts';
import { topicRootOf } from '../targets/aws-iot/match-topic-filter.ts';
import { defaultDeployment } from './deployment.ts';
import { deviceGroupsOf, type GroupedPlan } from './groups.ts';
import { kindsOf } from './kinds.ts';
import type { GroupPlan } from './plan.ts';

/** What a subscriber subscribes to. */
export interface Filter {
  readonly filter: string;
  /** The highest QoS of what is published under it. */
  readonly qos: GroupPlan['profile']['publish']['qos'];
}

/**
 * Filters that match every topic of a run, and no topic twice: a client with two filters that match the same topic may receive each
 * message of it twice [MQTT-3.3.4], which would look like duplicates. They may match topics of others too.
 */
export function filtersOf(plan: GroupedPlan): Filter[] {
  const filters: Filter[] = [];
  for (const { group, topic, qos } of deviceGroupsOf(plan).flatMap(topicsOf)) {
    let next: Filter = { filter: filterOf(topic, group), qos };
    // A filter that has grown may meet one that it did not meet before.
    for (;;) {
      const met = filters.findIndex(({ filter }) => doOverlap(filter, next.filter));
      if (met < 0) break;
      const [other] = filters.splice(met, 1) as [Filter];
      next = {
        filter: coverBoth(other.filter, next.filter),
        qos: Math.max(other.qos, next.qos) as Filter['qos'],
      };
    }
    filters.push(next);
  }
  return filters;
}

/** Topics of a group's messages, births and wills. */
function topicsOf(
  group: GroupPlan,
): readonly { readonly group: GroupPlan; readonly topic: string; readonly qos: Filter['qos'] }[] {
  const { will } = group.profile.connect;
  const messages = kindsOf(group).flatMap(({ profile: { publish } }) => {
    const message = { topic: publish.topic, qos: publish.qos, group };
    const birth = publish.encoding === 'sparkplug-b' ? birthTopicOf(publish.topic) : publish.topic;
    return birth === publish.topic ? [message] : [message, { ...message, topic: birth }];
  });
  return will === undefined ? messages : [...messages, { ...will, group }];
}

/** `{topicRoot}/{runId}/{deviceId}/telemetry` → `stampede/dev/smoke-…/+/telemetry`: a level that differs by device is `+`. */
function filterOf(
  topic: string,
  { runId, topicRoot = topicRootOf(defaultDeployment.topicFilter) }: GroupPlan,
): string {
  const device = { deviceId: '+', deviceIndex: Number.NaN, slice: Number.NaN };
  return topic
    .split('/')
    .map((level) => (/\{(deviceId|deviceIndex|slice)\}/.test(level) ? '+' : level))
    .map((level) => expandTopic(level, { topicRoot, runId, ...device }))
    .join('/');
}

/** Whether a topic can match both. Neither has a `#`. */
function doOverlap(a: string, b: string): boolean {
  const [as, bs] = [a.split('/'), b.split('/')];
  return as.length === bs.length && as.every((level, i) => level === '+' || bs[i] === '+' || level === bs[i]);
}

/** The narrowest filter without `#` that matches what either of two of as many levels does. */
function coverBoth(a: string, b: string): string {
  const others = b.split('/');
  return a
    .split('/')
    .map((level, i) => (level === others[i] ? level : '+'))
    .join('/');
}
