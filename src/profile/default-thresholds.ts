import type { Lifecycle } from './lifecycle-kinds.ts';
import type { Protocol, Thresholds } from './load-profile.ts';
import { slopeOf } from './slope-thresholds.ts';
import { type ThresholdMetricName, thresholdMetricAliases } from './threshold-metrics.ts';

/**
 * What every run is judged by, unless its profile says otherwise of a metric. A loss, or a message that the generator left out, is
 * never to go unnoticed. The others tolerate what a single device on a bad line may cause, and no more: a run of which one publish
 * in a hundred fails, is refused for a quota, stays without its PUBACK, or comes from a device that never connected, is no pass.
 */
export const defaultThresholds = {
  lost_messages: 'count==0',
  dropped_messages: 'count==0',
  unacknowledged_messages: 'rate<0.01',
  failed_messages: 'rate<0.01',
  throttled_messages: 'rate<0.01',
  devices_not_connected: 'rate<0.01',
  dropped_commands: 'count==0',
  lost_commands: 'count==0',
  throttled_commands: 'rate<0.01',
  // Deliveries that are offline or throttled are not lost: a run of nothing else has shown nothing.
  delivered_commands: 'count>0',
} as const satisfies Partial<Record<ThresholdMetricName, string>>;

/** Whether a metric, by its name or alias, has a default. */
export function hasDefaultThreshold(name: string): boolean {
  return Object.hasOwn(defaultThresholds, canonicalOf(name));
}

interface DefaultedProfile {
  readonly connect: { readonly protocol: Protocol };
  readonly publish: { readonly qos: 0 | 1 | 2 };
  /** Whether any observer sees messages arrive. */
  readonly hasArrivals: boolean;
  /** Whether devices send nothing. */
  readonly isIdle: boolean;
  readonly lifecycle?: Lifecycle;
  /** Whether it is a backend, and not devices. */
  readonly sendsCommands: boolean;
}

/**
 * The profile's own thresholds, then the default of each metric that it says nothing of. An empty list is something: none. A slope is
 * nothing: a run that loses the same share of its messages from beginning to end has none.
 */
export function withDefaultThresholds(
  own: Thresholds,
  { connect, publish, hasArrivals, isIdle, lifecycle, sendsCommands }: DefaultedProfile,
): Thresholds {
  const said = new Set(
    Object.entries(own)
      .filter(([name, list]) => replacesDefault(name, list))
      .map(([name]) => canonicalOf(name)),
  );
  // A QoS 0 publish over MQTT has no PUBACK that could be missing.
  if (connect.protocol === 'mqtt' && publish.qos === 0) said.add('unacknowledged_messages');
  // Over HTTP no device has a connection of its own: what finds none is a dropped message.
  if (connect.protocol === 'https') said.add('devices_not_connected');
  // A device that sleeps through the whole run does not connect.
  if (lifecycle !== undefined) said.add('devices_not_connected');
  if (!hasArrivals) said.add('lost_messages');
  // Of a backend's commands there are counts of their own; the others are of devices.
  for (const metric of Object.keys(defaultThresholds))
    if (sendsCommands ? !/commands$|^devices/.test(metric) : metric.endsWith('_commands')) said.add(metric);
  // Shares of messages, of which there are none.
  if (isIdle) said.add('unacknowledged_messages').add('failed_messages').add('throttled_messages');
  const defaults = Object.entries(defaultThresholds)
    .filter(([metric]) => !said.has(metric))
    .map(([metric, expression]) => [
      metric,
      [...(own[metric] ?? []), { expression, abortOnFail: false, delayAbortEvalMs: 0, isDefault: true }],
    ]);
  return { ...own, ...Object.fromEntries(defaults) };
}

/** Whether thresholds on a metric say what its default would. */
function replacesDefault(name: string, list: Thresholds[string]): boolean {
  return list.length === 0 || list.some(({ expression }) => slopeOf(name, expression) === undefined);
}

interface DefaultedGroup {
  readonly name: string;
  readonly profile: { readonly thresholds: Thresholds; readonly lifecycle?: Lifecycle };
}

/**
 * The thresholds of a run with device groups: those that its groups share. Beside a group whose devices sleep, the default of
 * `devices_not_connected` is one for each other group.
 */
export function joinThresholds(groups: readonly DefaultedGroup[]): Thresholds {
  const joined: Record<string, Thresholds[string]> = {};
  // Beside slopes, not every group has the default.
  for (const [metric, list] of groups.flatMap(({ profile }) => Object.entries(profile.thresholds)))
    if (!joined[metric]?.some(({ isDefault }) => isDefault === true)) joined[metric] = list;
  const { devices_not_connected: list, ...others }: Thresholds = joined;
  const isOfAll = groups.every(({ profile }) => profile.lifecycle === undefined);
  if (isOfAll || !list?.some(({ isDefault }) => isDefault === true)) return joined;
  const counted = groups.filter(({ profile }) => profile.thresholds.devices_not_connected !== undefined);
  const ofEach = counted.map(({ name }) => [`devices_not_connected{group:${name}}`, list]);
  return { ...Object.fromEntries(ofEach), ...others };
}

function canonicalOf(name: string): string {
  return Object.hasOwn(thresholdMetricAliases, name) ? thresholdMetricAliases[name]! : name;
}
