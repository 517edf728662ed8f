import { connectsEachMessage } from '../profile/lifecycle-kinds.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { excessPerDevice } from '../profile/load-shapes/arrival-pattern.ts';
import { sumBy } from '../shared/counts.ts';
import { formatCount, formatPerSecond } from '../shared/format.ts';
import type { QuotaName } from '../targets/aws-iot/quotas.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import { subscriberConcurrency } from './arrival-reading.ts';
import { randomExcess } from './busiest-second.ts';
import type { Deployment } from './deployment.ts';
import { topicsPerDevice } from './device-topic.ts';
import { commandPeakOf, commandSubscriptions, commandsPerConnection } from './downlink-load.ts';
import { echoingDevices } from './echoes.ts';
import { deviceGroupsOf, groupsOf, intendedPeakOf, mqttGroupsOf, peakPerSecondOf } from './groups.ts';
import { isBasicIngest, kindProfilesOf, kindsOf, usesBasicIngest } from './kinds.ts';
import { lambdaMsOf, legsAtOnce, movesPerSecond } from './legs.ts';
import { busiestConnects, mostConnections } from './lifecycle.ts';
import { messageBytes } from './message-size.ts';
import { isReadByRule } from './observers.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { isObserving, mostEventsPerSecond, observingGroupOf, presenceFiltersOf } from './presence.ts';
import { mostReconnects } from './reconnect-turns.ts';
import { retainedPeaks } from './retained-peaks.ts';
import { connectionsPerSlice } from './slice-connections.ts';
import { statePayloads } from './state-payloads.ts';
import { mostStoredPerSecond } from './stored-commands.ts';
import { connectionsOfSubscribers, subscriberSlicesOf } from './subscribers.ts';
import { mostWillsPerSecond } from './wills.ts';

/** Stampede's own rule. Other rules may read the same topics; a plan cannot count them. */
const rulesOnTopics = 1;

/**
 * The stricter reading of AWS's quota table: a message that matches N subscriptions, rules included, is N outbound publishes.
 * @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html
 */
const outboundAssumption =
  'By the stricter reading of AWS’s quota table a message is one outbound publish (PublishOut) for each subscription and each rule that matches it. CloudWatch’s PublishOut.Success may count deliveries to clients only.';

const ruleAssumption =
  'One rule, Stampede’s own, is taken to read these topics. Each other rule on them adds as many rule evaluations and outbound publishes again.';

/**
 * By the descriptions of the two quotas, inbound are all messages before they are routed to clients or the rules engine, outbound those
 * that match a subscription of a client or a rule.
 * @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html
 */
const basicIngestAssumption =
  'A message of Basic Ingest is one inbound publish (PublishIn) and one rule evaluation. It matches no subscription, so it is no outbound publish. It costs no messaging; rule and action cost the same.';

/** How messages of a plan count against the quotas of IoT Core. */
export function quotaAssumptionsOf(plan: Plan): readonly string[] {
  const kinds = deviceGroupsOf(plan).flatMap(kindsOf);
  const some = kinds.some(isBasicIngest);
  return [
    ...(some && kinds.every(isBasicIngest)
      ? []
      : [outboundAssumption, ...(isReadByRule(plan) ? [ruleAssumption] : [])]),
    ...(some ? [basicIngestAssumption] : []),
  ];
}

/** Of a plan with messages that are due at random. */
export function randomAssumptions(plan: Plan): readonly string[] {
  const excess = randomExcess(deviceGroupsOf(plan).map(({ profile }) => profile));
  if (excess === 0) return [];
  const busiest = formatCount(plan.load.peakPerSecond + excess);
  return [
    `Messages are due at random: the rate is up to ${formatPerSecond(plan.load.peakPerSecond)}, and in nine of ten runs the busiest second has at most ${busiest} messages. Quotas by the second are compared with that.`,
  ];
}

/** The highest use of each quota by a plan. Undefined: it uses none of it, or what it uses is not known beforehand. */
export function peaksOf(plan: Plan, deployment: Deployment): Readonly<Record<QuotaName, number | undefined>> {
  const { load, slices } = plan;
  const groups = groupsOf(plan);
  const commandPeak = commandPeakOf(plan);
  const ofMqtt = mqttGroupsOf(plan);
  const subscribers = subscriberSlicesOf(plan);
  const rules = isReadByRule(plan) ? rulesOnTopics : 0;
  const outboundOf = (profile: LoadProfile) =>
    (isBasicIngest({ profile }) ? 0 : rules) +
    (subscribers > 0 ? 1 : 0) +
    echoingDevices(profile) / profile.devices;
  const profiles = deviceGroupsOf(plan).map(({ profile }) => profile);
  // Of kinds of message, some may go to the rule by its name, and match no subscription.
  const byKind = usesBasicIngest(profiles) ? profiles.flatMap(kindProfilesOf) : profiles;
  const { retainedPublishesPerSecond, retainedPublishesPerSecondPerTopic } = retainedPeaks(plan);
  const busiest = load.peakPerSecond + randomExcess(profiles);
  // A will is no publish of its device.
  const wills = mostWillsPerSecond(plan);
  const events = mostEventsPerSecond(plan);
  return {
    publishInPerSecond: busiest + commandPeak.commands + commandPeak.replies,
    publishOutPerSecond:
      intendedPeakOf(byKind, outboundOf) +
      randomExcess(byKind, outboundOf) +
      wills * (rules + (subscribers > 0 ? 1 : 0)) +
      commandPeak.deliveries +
      commandPeak.replies +
      events,
    ...(ofMqtt.length > 0 ? connectionPeaks(plan, ofMqtt) : noConnections),
    sharedSubscriptionsPerGroup: mostSharing(plan),
    subscriptionsPerSubscribe: undefined,
    unacknowledgedOutPerClient: undefined,
    queuedMessagesPerSecond: mostStoredPerSecond(plan),
    storedMessagesPerSecondPerClient: undefined,
    retainedPublishesPerSecond,
    retainedPublishesPerSecondPerTopic,
    ruleEvaluationsPerSecond: (busiest + wills) * rules,
    // Slices with reserved concurrency use none of the account's unreserved concurrency.
    lambdaConcurrency:
      (deployment.publishConcurrency === undefined ? slices.count * legsAtOnce(plan) : 0) +
      subscribers +
      subscriberConcurrency(plan, deployment),
    lambdaSeconds: lambdaMsOf(plan) / 1_000,
    fileDescriptors: Math.max(...groups.map(connectionsPerSlice)) + otherOpenFiles,
    mapChildren: slices.count * legsAtOnce(plan) + subscribers,
    statePayloadBytes: Math.max(...statePayloads(plan).map(({ bytes }) => bytes)),
  };
}

/** Clients of the largest shared group; undefined: there is none. */
function mostSharing(plan: Plan): number | undefined {
  const observers = observingGroupOf(plan)?.profile.devices ?? 0;
  const subscribers = plan.subscribers?.divides === 'shared' ? connectionsOfSubscribers(plan) : 0;
  return Math.max(observers > 1 ? observers : 0, subscribers) || undefined;
}

/** Of groups that connect side by side, over MQTT. */
function connectionPeaks(plan: Plan, groups: readonly GroupPlan[]) {
  const { target } = plan;
  const observing = observingGroupOf(plan);
  const perObserver = observing === undefined ? 0 : mostEventsPerSecond(plan) / observing.profile.devices;
  const slices = sumBy(groups, (group) => group.slices.count);
  const controlConnects = traitsOf(target).takesControl ? Math.min(slices, environmentsPerSecond) : 0;
  // A connection for each message: what random arrivals add to a second, they add to its connects.
  const connectsOf = ({ profile }: GroupPlan) =>
    Math.max(busiestConnects(profile), mostReconnects(profile)) +
    (connectsEachMessage(profile) ? randomExcess([profile]) : 0);
  const othersOf = (group: GroupPlan) =>
    commandSubscriptions(plan, group) + (isObserving(group) ? presenceFiltersOf(group).length : 0);
  const subscribesOf = (group: GroupPlan) =>
    connectsOf(group) *
    ((echoingDevices(group.profile) / group.profile.devices) * topicsPerDevice(group) + othersOf(group));
  const subscriptionsOf = (group: GroupPlan) =>
    (echoingDevices(group.profile) > 0 ? topicsPerDevice(group) : 0) + othersOf(group);
  const perDeviceOf = (group: GroupPlan) =>
    makeArrivalRate(group.profile).peakPerSecond / group.profile.devices +
    excessPerDevice(group.profile) +
    commandsPerConnection(plan, group);
  const unacknowledged = Math.max(...groups.map(unacknowledgedPeak));
  return {
    // The control channels come first, as Lambda starts their slices; the devices begin when all are there.
    connectsPerSecond: Math.max(sumBy(groups, connectsOf), controlConnects, movesPerSecond(plan)),
    // Devices wait for it, also those that connect for each message (`checkPaceOfConnects`).
    connectsPerSecondPerClientId: 1,
    concurrentConnections:
      sumBy(groups, ({ profile }) => mostConnections(profile)) +
      slices * legsAtOnce(plan) +
      connectionsOfSubscribers(plan),
    // Observers of presence connect before the others.
    subscribesPerSecond: Math.max(
      sumBy(
        groups.filter((group) => !isObserving(group)),
        subscribesOf,
      ),
      ...groups.filter(isObserving).map(subscribesOf),
      controlConnects,
    ),
    // A control channel has one.
    subscriptionsPerConnection: Math.max(1, ...groups.map(subscriptionsOf)),
    publishesPerSecondPerConnection: Math.max(...groups.map(perDeviceOf), perObserver),
    bytesPerSecondPerConnection: Math.max(...groups.map(bytesPerDevice)),
    unacknowledgedPerClient: unacknowledged > 0 ? unacknowledged : undefined,
  };
}

/** Of a plan whose groups keep no connections. */
const noConnections: Readonly<Record<keyof ReturnType<typeof connectionPeaks>, undefined>> = {
  connectsPerSecond: undefined,
  connectsPerSecondPerClientId: undefined,
  concurrentConnections: undefined,
  subscribesPerSecond: undefined,
  subscriptionsPerConnection: undefined,
  publishesPerSecondPerConnection: undefined,
  bytesPerSecondPerConnection: undefined,
  unacknowledgedPerClient: undefined,
};

/**
 * Execution environments that Lambda adds to a function in a second.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#scaling-rate
 */
const environmentsPerSecond = 100;

/** Bytes a second of one device, at most. */
function bytesPerDevice(group: GroupPlan): number {
  const { runId } = group;
  const bytesOf = (profile: LoadProfile) => messageBytes({ profile, runId });
  const kinds = kindsOf(group).map(({ profile }) => profile);
  const inBursts = sumBy(kinds, (profile) => excessPerDevice(profile) * bytesOf(profile));
  return peakPerSecondOf(kinds, bytesOf) / group.profile.devices + inBursts;
}

/**
 * What a device can have in flight at once even if no PUBACK comes: its publishes until they time out. How many there
 * will be depends on the service's round trip, which is not known beforehand.
 */
function unacknowledgedPeak(group: GroupPlan): number {
  const { publish, devices } = group.profile;
  const answered = kindsOf(group).filter(({ profile }) => profile.publish.qos > 0);
  if (answered.length === 0) return 0;
  const profiles = answered.map(({ profile }) => profile);
  const perDevicePerSecond = peakPerSecondOf(profiles) / devices + sumBy(profiles, excessPerDevice);
  return Math.min(publish.maxUnacknowledged, Math.ceil((perDevicePerSecond * publish.ackTimeoutMs) / 1_000));
}

/** What a slice's process has open beside its devices: runtime, event loops, S3, InfluxDB, the control channel. Assumed. */
const otherOpenFiles = 64;
