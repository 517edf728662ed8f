import { maxSlices } from '../shared/run-bounds.ts';
import { iotCoreLimits } from '../targets/aws-iot/iot-core-limits.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { topicOfDevice } from './device-topic.ts';
import { deviceGroupsOf, mqttGroupsOf } from './groups.ts';
import { type KindPlan, kindsOf } from './kinds.ts';
import { messageBytes } from './message-size.ts';
import { observerNamesOf, subscriberObserver } from './observers.ts';
import type { Plan, SubscriberSplit } from './plan.ts';
import { sharesOf } from './slices.ts';
import { type Filter, filtersOf } from './topic-filters.ts';

/**
 * Subscriber slices are numbered from here on: no publishing slice has such a number, so the state machine chooses the function by
 * the number alone, and keys of the two never meet.
 */
export const firstSubscriberSlice = maxSlices;

/**
 * Messages a second that one subscriber slice reads with room to spare, on one vCPU. The bench `targets` measures what it can.
 */
const arrivalsPerSecondOfSubscriber = 10_000;

/** Share of what the target allows a connection that a subscriber's connections are planned to use: loads are not even. */
const connectionShare = 0.8;

/** Connections of one subscriber slice at most. */
const maxConnections = 200;

/** Topics that one subscriber slice subscribes to at most, where it subscribes to topics of devices one by one. */
const maxTopics = 5_000;

type SubscribedPlan = Pick<
  Plan,
  'runId' | 'profile' | 'timeline' | 'load' | 'slices' | 'groups' | 'topicRoot' | 'ruleName' | 'target'
>;

/** What one connection of a subscriber slice subscribes to. */
export interface Subscriptions {
  readonly filters: readonly Filter[];
  /** In place of `filters` where the target refuses shared subscriptions: one connection then reads all. Absent: `filters` are not shared. */
  readonly unshared?: readonly Filter[];
}

/**
 * How many slices subscribe, and with how many connections each; undefined: no subscriber counts this run's messages. As many as the peak
 * rate takes, where they can share the messages.
 */
export function splitSubscribers(plan: SubscribedPlan): SubscriberSplit | undefined {
  if (!observerNamesOf(plan).includes(subscriberObserver)) return undefined;
  const { peakPerSecond } = plan.load;
  const wanted = Math.max(1, Math.ceil(peakPerSecond / arrivalsPerSecondOfSubscriber));
  const perConnection = connectionCapacity(plan);
  const connections = Math.max(wanted, Math.ceil(peakPerSecond / perConnection));
  if (connections === 1) return { count: 1, connections: 1, divides: 'nothing' };
  if (canShare(plan)) {
    const count = Math.max(wanted, Math.ceil(connections / maxConnections));
    return { count, connections: Math.ceil(connections / count), divides: 'shared' };
  }
  const topics = topicsOf(plan);
  const count = Math.min(wanted, topics.length);
  const divides = count > 1 && Math.ceil(topics.length / count) <= maxTopics ? 'topics' : 'nothing';
  return { count: divides === 'topics' ? count : 1, connections: 1, divides };
}

/** Messages a second that one connection may receive. */
function connectionCapacity(plan: SubscribedPlan): number {
  const { limits, quotas } = traitsOf(plan.target);
  const bytesPerSecond = quotas.includes('bytesPerSecondPerConnection')
    ? iotCoreLimits.bytesPerSecondPerConnection
    : Number.POSITIVE_INFINITY;
  const largest = Math.max(...deviceGroupsOf(plan).flatMap(kindsOf).map(messageBytes));
  return connectionShare * Math.min(limits.publishesPerSecondPerConnection, bytesPerSecond / largest);
}

/** Subscribers connect as the devices of the first group that connects. */
function canShare(plan: SubscribedPlan): boolean {
  const version = mqttGroupsOf(plan)[0]?.profile.connect.version ?? '5';
  return traitsOf(plan.target).offers.sharedSubscriptions.includes(version);
}

/** Slices that subscribe. */
export function subscriberSlicesOf({ subscribers }: Pick<Plan, 'subscribers'>): number {
  return subscribers?.count ?? 0;
}

/** Of all of them together. */
export function connectionsOfSubscribers({ subscribers }: Pick<Plan, 'subscribers'>): number {
  return subscribers === undefined ? 0 : subscribers.count * subscribers.connections;
}

/** Numbers of the slices that subscribe. */
export function subscriberNumbersOf(plan: Pick<Plan, 'subscribers'>): number[] {
  return Array.from({ length: subscriberSlicesOf(plan) }, (_, i) => firstSubscriberSlice + i);
}

export function isSubscriberSlice(plan: Pick<Plan, 'subscribers'>, slice: number): boolean {
  return (
    Number.isInteger(slice) &&
    slice >= firstSubscriberSlice &&
    slice < firstSubscriberSlice + subscriberSlicesOf(plan)
  );
}

/**
 * What each connection of a subscriber slice subscribes to. The filters of all slices cover every topic of the run, and none twice.
 * @throws {RangeError} for a slice that does not subscribe
 */
export function subscriptionsOf(plan: Plan, slice: number): readonly Subscriptions[] {
  const { subscribers } = plan;
  if (subscribers === undefined || !isSubscriberSlice(plan, slice))
    throw new RangeError(`slice ${slice} does not subscribe`);
  const { count, connections, divides } = subscribers;
  const index = slice - firstSubscriberSlice;
  if (divides === 'topics') {
    const topics = topicsOf(plan);
    const from = Math.floor((topics.length * index) / count);
    const to = Math.floor((topics.length * (index + 1)) / count);
    return [{ filters: topics.slice(from, to) }];
  }
  const filters = filtersOf(plan);
  if (divides === 'nothing') return [{ filters }];
  const shared = filters.map(({ filter, qos }) => ({ filter: `$share/${shareNameOf(plan)}/${filter}`, qos }));
  return Array.from({ length: connections }, (_, connection) => ({
    filters: shared,
    unshared: index === 0 && connection === 0 ? filters : [],
  }));
}

/** The share name of a run's subscribers: of this run alone, so that no other client takes messages from it. */
function shareNameOf({ runId }: Pick<Plan, 'runId'>): string {
  return `stampede-${runId}`;
}

/** Each topic of the run once, with the highest QoS of what is published to it. */
function topicsOf(plan: SubscribedPlan): Filter[] {
  const topics = new Map<string, Filter>();
  for (const kind of deviceGroupsOf(plan).flatMap(kindsOf)) {
    const { qos } = kind.profile.publish;
    for (const topic of topicsOfKind(kind)) {
      const known = topics.get(topic);
      if (known === undefined || known.qos < qos) topics.set(topic, { filter: topic, qos });
    }
  }
  return [...topics.values()];
}

function* topicsOfKind(kind: KindPlan): Generator<string> {
  for (const { slice, firstDevice, devices } of sharesOf(kind)) {
    for (let device = firstDevice; device < firstDevice + devices; device++)
      yield topicOfDevice(kind, device, slice);
  }
}
