import { sumBy } from '../shared/counts.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { accountOf } from './account.ts';
import { arrivalBatches, arrivalsByRule } from './arrival-reading.ts';
import { type Deployment, deploymentOf } from './deployment.ts';
import { topicsPerDevice } from './device-topic.ts';
import {
  acknowledgedCommands,
  commandSubscriptions,
  commandUsage,
  forecastCommands,
} from './downlink-load.ts';
import { downlinksOf } from './downlinks.ts';
import { echoedMessages, echoingDevices } from './echoes.ts';
import { foldsOf, isFolded, isLookedAt, secondsBetweenLooks } from './folds.ts';
import {
  deviceGroupsOf,
  httpsSlicesOf,
  keepsSessions,
  mqttGroupsOf,
  mqttSlicesOf,
  slicesByFunction,
} from './groups.ts';
import { isBasicIngest, isRetained, type KindPlan, kindsOf } from './kinds.ts';
import { handoversOf, legSplitOf } from './legs.ts';
import { connectedShare, connectsAgain, firstConnectsOf } from './lifecycle.ts';
import { meteredSize } from './message-size.ts';
import { isReadByRule } from './observers.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { checkpointEveryMs, controlPollEveryMs, isWatched, pollEverySeconds } from './poll-intervals.ts';
import { presenceEvents, presenceSubscriptions, presenceUsage } from './presence.ts';
import { measureSeconds, measureSecondsPerRecord } from './queue-readers.ts';
import { countReconnects } from './reconnect-turns.ts';
import { plannedStormsOf } from './storms.ts';
import { intendedOf } from './streams.ts';
import { subscriberNumbersOf, subscriberSlicesOf, subscriptionsOf } from './subscribers.ts';
import { countTakenAgain } from './taken-devices.ts';
import {
  clearingMessages,
  connectionMinutes,
  type IotUsage,
  type MessageUsage,
  noIotUsage,
  queueRequests,
  stateTransitions,
  storePuts,
  streamUsage,
  subscriberPuts,
  transitionsOfLegs,
  type Usage,
} from './usage.ts';
import { forecastWills, willUsage } from './wills.ts';

/** Values that cannot be known before the run. `assumptions` describes them. */
const assumed = {
  /** From the last publish to the slice's return: last answers, disconnecting, one PUT. */
  sliceEndMs: 1_000,
  planSeconds: 2,
  /** CloudWatch settles within three minutes; each object of the run store adds a millisecond. */
  summarizeSeconds: 180,
  summarizeSecondsPerObject: 0.001,
  /** An interim check of a watched run, and each object it reads: on average half as many as at the end. */
  lookSeconds: 1,
  /** Of a run whose files are folded: each is read once before the end. */
  foldSecondsPerFile: 0.002,
} as const;

export const assumptions: readonly string[] = [
  'nothing is throttled, lost or sent again, and no device connects twice, but for the timeline’s disconnects, the levels of a search of connects or devices and its lifecycle: sleep, churn, a connection for each message',
  `each slice’s Lambda is billed from the plan’s making to ${assumed.sliceEndMs / 1_000} s after the last publish; its devices are connected from the first connect on, and minutes are rounded up`,
  `plan takes ${assumed.planSeconds} s, a look at a run that a threshold may end ${assumed.lookSeconds} s, summarize ${assumed.summarizeSeconds} s (CloudWatch settles), measure-latency ${measureSeconds} s a batch and ${measureSecondsPerRecord * 1e6} µs a record`,
  'a reader of the queue takes 1,000 messages a second, which AWS does not publish (at 100 there are up to four times the batches), and waits for each invocation; Lambda begins with five readers and adds five a second while messages wait; a provisioned poller takes 100 messages a second, and its hours are not in the forecast; SQS returns and deletes ten messages a request',
  'a shard of the stream has a reader of its own, with a batch a second; shards are in the forecast for as long as the run lasts, and cost the same while nothing runs',
  'rules and their actions are metered by the size of the message that triggered them',
  'the run is the first of its month: prices begin in their first tier, no free tier is taken off; Lambda is arm64',
  'left out, as small or not AWS’s: S3 GETs and storage, CloudWatch, the queue polled between runs, data within the Region, InfluxDB and Grafana',
];

/** What a run will use, if it goes as planned. */
export function forecastUsage(plan: Plan, deployment: Deployment = deploymentOf(plan)): Usage {
  const { slices } = plan;
  const arrivals = arrivalsByRule(plan);
  const wills = isReadByRule(plan) ? sumBy(mqttGroupsOf(plan), (group) => willsOf(plan, group)) : 0;
  const batches = arrivalBatches(plan, deployment);
  const legs = legSplitOf(plan).count;
  const sliceMs = sliceLifeMs(plan, deployment);
  // As on AWS, like all of the forecast.
  const checkpointMs = checkpointEveryMs({ profile: plan.profile });
  const checkpoints = Math.floor(sliceMs / checkpointMs);
  const subscribers = subscriberSlicesOf(plan);
  const subscriberMs = sliceMs + plan.timeline.drainEndAt - plan.timeline.publishEndAt;
  return {
    iot: traitsOf(plan.target).isPriced ? iotUsage(plan, deployment) : noIotUsage,
    sqs: queueRequests(arrivals + wills, deployment),
    kinesis: streamUsage(arrivals + wills, runSeconds(plan), deployment),
    lambda: lambdaUsage(plan, deployment, {
      sliceSeconds: (slices.count * sliceMs) / 1_000,
      subscriberSeconds: (subscribers * subscriberMs) / 1_000,
      batches,
      records: arrivals + wills,
      looks: pollsOf(plan, deployment),
    }),
    stateTransitions:
      stateTransitions(slices.count + subscribers, pollsOf(plan, deployment)) +
      (legs === 1 ? 0 : slices.count * transitionsOfLegs(legs)),
    s3Puts:
      storePuts(slices.count, checkpoints + legs - 1, batches) +
      subscriberPuts(subscribers, subscriberMs, checkpointMs) +
      2 * foldsOf(plan),
  };
}

function runSeconds({ timeline }: Plan): number {
  return (timeline.drainEndAt - timeline.createdAt) / 1_000;
}

/** Of every slice: its Lambda waits for the start, connects, publishes and ends. The Lambdas of its legs, together. */
function sliceLifeMs(plan: Plan, deployment: Deployment): number {
  const { startAt, publishEndAt } = plan.timeline;
  const { count, overlapMs } = legSplitOf(plan);
  const eachMs = startMs(plan, deployment) + assumed.sliceEndMs;
  return count * eachMs + publishEndAt - startAt + (count - 1) * overlapMs;
}

/**
 * From the plan's making to the first connect. Embedded AWS starts faster than AWS does: a rehearsal is forecast as the run on AWS
 * that it stands for, and so the plan, the form, the run's header and its report all state the same forecast.
 */
function startMs(plan: Plan, { coldStart }: Deployment): number {
  const { createdAt, startAt } = plan.timeline;
  if (accountOf(plan).isCharged) return startAt - createdAt;
  return coldStart.leadMs + Math.ceil((plan.slices.count / coldStart.environmentsPerSecond) * 1_000);
}

/**
 * How often the state machine looks at a run.
 * @param untilMs epoch milliseconds; no longer than publishing goes on
 */
export function pollsOf(plan: Plan, deployment: Deployment, untilMs = plan.timeline.publishEndAt): number {
  const { profile, timeline } = plan;
  if (!isLookedAt(plan)) return 0;
  // As on AWS, like all of the forecast.
  const everySeconds = isWatched(profile)
    ? pollEverySeconds({ profile, timeline })
    : secondsBetweenLooks(plan);
  const everyMs = (everySeconds + assumed.lookSeconds) * 1_000;
  const watchedMs = startMs(plan, deployment) + Math.min(untilMs, timeline.publishEndAt) - timeline.startAt;
  return Math.ceil(watchedMs / everyMs);
}

function iotUsage(plan: Plan, deployment: Deployment): IotUsage {
  const ofMqtt = mqttGroupsOf(plan);
  const { takesControl } = traitsOf(plan.target);
  // Each MQTT slice's control channel is one more client.
  const channels = takesControl ? mqttSlicesOf(plan) : 0;
  const pollers = httpsSlicesOf(plan) + subscriberSlicesOf(plan);
  const pollsPerSlice = 1 + Math.floor(sliceLifeMs(plan, deployment) / controlPollEveryMs(pollers));
  const readers = (plan.subscribers?.count ?? 0) * (plan.subscribers?.connections ?? 0);
  const others = channels + readers;
  const legs = legSplitOf(plan).count;
  // Each leg has a control channel.
  const again = handoversOf(plan) + (legs - 1) * channels;
  const clients = sumBy(ofMqtt, firstConnectsOf) + others;
  const connectedMs = connectedMsOf(plan);
  const comesBack = [
    ...plannedStormsOf(plan),
    ...ofMqtt.map((group) => ({
      group,
      devices:
        connectsAgain(group, connectedMs) + countReconnects(group.profile) + countTakenAgain(group.profile),
    })),
  ];
  const events = presenceEvents(plan, connectedMs);
  const reconnects = sumBy(comesBack, ({ devices }) => devices);
  // A device that sleeps, or has left, has no connection.
  const awake = sumBy(ofMqtt, (group) => group.profile.devices * connectedShare(group, connectedMs));
  return {
    messages: [
      ...deviceGroupsOf(plan)
        .flatMap(kindsOf)
        .map((kind) => messageUsage(plan, kind)),
      ...downlinksOf(plan).flatMap((downlink) => commandUsage(downlink, forecastCommands(downlink))),
      ...ofMqtt.flatMap((group) => willUsage(plan, group, willsOf(plan, group)) ?? []),
      ...presenceUsage(events),
    ],
    connects: clients + reconnects + again,
    subscribes:
      sumBy(
        ofMqtt,
        (group) =>
          echoingDevices(group.profile) * topicsPerDevice(group) +
          firstConnectsOf(group) * commandSubscriptions(plan, group),
      ) +
      // A device that comes back subscribes again.
      sumBy(
        comesBack,
        ({ group, devices }) =>
          Math.round((devices * echoingDevices(group.profile)) / group.profile.devices) *
            topicsPerDevice(group) +
          // Its session keeps those to commands.
          (keepsSessions(group) ? 0 : devices * commandSubscriptions(plan, group)),
      ) +
      legs * channels +
      filtersAsked(plan),
    // Echoes come at QoS 0: they are not to cost a PUBACK.
    deviceAcks: (readers > 0 ? acknowledgedMessages(plan) : 0) + acknowledgedCommands(plan) + events,
    controlMessages: takesControl
      ? pollsPerSlice * pollers + pollsOf(plan, deployment) + clearingMessages
      : 0,
    connectionMinutes: connectionMinutes(clients + reconnects + again, (awake + others) * connectedMs),
  };
}

function connectedMsOf({ timeline }: Plan): number {
  return timeline.publishEndAt - timeline.startAt + assumed.sliceEndMs;
}

function willsOf(plan: Plan, group: GroupPlan): number {
  return forecastWills(plan, group, connectedMsOf(plan));
}

/** Filters that subscribers and observers subscribe to, one SUBSCRIBE each. */
function filtersAsked(plan: Plan): number {
  const filtersOf = (slice: number) => sumBy(subscriptionsOf(plan, slice), ({ filters }) => filters.length);
  return presenceSubscriptions(plan) + sumBy(subscriberNumbersOf(plan), filtersOf);
}

/** Messages that a subscriber answers: those of QoS 1. */
function acknowledgedMessages(plan: Plan): number {
  const kinds = deviceGroupsOf(plan).flatMap(kindsOf);
  const answered = mqttGroupsOf(plan).filter(({ profile }) => (profile.connect.will?.qos ?? 0) > 0);
  return (
    sumBy(kinds, (kind) => (kind.profile.publish.qos > 0 ? intendedOf(kind) : 0)) +
    sumBy(answered, (group) => willsOf(plan, group))
  );
}

function messageUsage(plan: Plan, kind: KindPlan): MessageUsage {
  const messages = intendedOf(kind);
  const byRule = isReadByRule(plan) ? messages : 0;
  return {
    ...meteredSize(kind),
    publishesIn: isBasicIngest(kind) ? 0 : messages,
    ...(isRetained(kind) && { retained: messages }),
    publishesOut: echoedMessages(kind) + (plan.subscribers === undefined ? 0 : messages),
    rulesTriggered: byRule,
    ruleActions: byRule,
  };
}

/** What the functions' time depends on, planned or counted. */
export interface FunctionWork {
  /** Of all slices together. */
  readonly sliceSeconds: number;
  /** Of all slices that subscribe together. */
  readonly subscriberSeconds: number;
  /** Invocations of measure-latency, and the messages in them. */
  readonly batches: number;
  readonly records: number;
  readonly looks: number;
}

export function lambdaUsage(
  plan: Plan,
  { memoryMb }: Deployment,
  { sliceSeconds, subscriberSeconds, batches, records, looks }: FunctionWork,
): Usage['lambda'] {
  const { slices } = plan;
  const subscribers = subscriberSlicesOf(plan);
  const objects = slices.count * legSplitOf(plan).count + batches;
  const readings = (1 + looks / 2) * assumed.summarizeSecondsPerObject;
  const readSeconds = objects * (isFolded(plan) ? assumed.foldSecondsPerFile : readings);
  return {
    plan: { invocations: 1, seconds: assumed.planSeconds, memoryMb: memoryMb.plan },
    ...Object.fromEntries(
      slicesByFunction(plan).map(({ name, count }) => [
        name,
        {
          invocations: count * legSplitOf(plan).count,
          seconds: (sliceSeconds * count) / slices.count,
          memoryMb: memoryMb[name],
        },
      ]),
    ),
    ...(subscribers > 0 && {
      subscribe: { invocations: subscribers, seconds: subscriberSeconds, memoryMb: memoryMb.subscribe },
    }),
    'measure-latency': {
      invocations: batches,
      seconds: batches * measureSeconds + records * measureSecondsPerRecord,
      memoryMb: memoryMb['measure-latency'],
    },
    summarize: {
      invocations: 1 + looks,
      seconds: assumed.summarizeSeconds + looks * assumed.lookSeconds + readSeconds,
      memoryMb: memoryMb.summarize,
    },
  };
}
