import { type GroupLedger, nothingSeen } from '../measure/group-totals.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import type { Deployment } from '../plan/deployment.ts';
import { echoingDevices } from '../plan/echoes.ts';
import { lambdaUsage, pollsOf } from '../plan/forecast-usage.ts';
import { groupsOf, httpsSlicesOf } from '../plan/groups.ts';
import { meteredBytes } from '../plan/message-size.ts';
import { echoObserver, ruleObserver } from '../plan/observers.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { checkpointEveryMs, controlPollEveryMs } from '../plan/poll-intervals.ts';
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
  type Usage,
} from '../plan/usage.ts';
import { sumBy } from '../shared/counts.ts';
import { traitsOf } from '../targets/traits-of.ts';

/**
 * What a run used, counted where the ledger counts it: messages, connects, connection time, the slices' time, windows.
 * What is not counted (how long plan, summarize and each batch took) is assumed as in the forecast.
 */
export function countUsage(plan: Plan, ledger: RunLedger, deployment: Deployment): Usage {
  const { slices, sliceSeconds } = ledger.generator;
  const taken = sumBy(ledger.groups, messagesTaken);
  const { isPriced, observers } = traitsOf(plan.target);
  const byRule = observers.includes('rule') ? taken : 0;
  const looks = pollsOf(plan, deployment, ledger.lastSentAt ?? plan.timeline.publishAt);
  const checkpoints = (sliceSeconds * 1_000) / checkpointEveryMs(plan.profile) / Math.max(1, slices);
  return {
    iot: isPriced ? iotUsage(plan, ledger, looks) : noIotUsage,
    sqs: queueRequests(byRule, deployment),
    kinesis: streamUsage(byRule, secondsOf(plan, ledger), deployment),
    lambda: lambdaUsage(plan, deployment, {
      sliceSeconds,
      batches: ledger.windows,
      records: ledger.messages.arrivals,
      looks,
    }),
    stateTransitions: stateTransitions(plan.slices.count, looks),
    s3Puts: storePuts(slices, Math.floor(checkpoints), ledger.windows),
  };
}

/** From the plan to the end of the drain. */
function secondsOf({ timeline }: Plan, { lastSentAt }: RunLedger): number {
  const { createdAt, publishAt, publishEndAt, drainEndAt } = timeline;
  return ((lastSentAt ?? publishAt) + drainEndAt - publishEndAt - createdAt) / 1_000;
}

/** Publishes that the service took in, as far as is known: at QoS 0 nothing says which it did not. */
function messagesTaken({ acknowledged, messages, observers }: GroupLedger): number {
  const { received } = observers[ruleObserver] ?? nothingSeen;
  return acknowledged ? Math.max(messages.acked, received) : messages.sent;
}

/** Messages that devices received on their own subscriptions, from any sender. */
function deliveriesOf({ observers }: RunLedger): number {
  const echo = observers[echoObserver];
  return echo === undefined ? 0 : echo.arrivals + echo.unrelated;
}

function iotUsage(plan: Plan, ledger: RunLedger, looks: number): IotUsage {
  const { generator, perSecond } = ledger;
  const stops = ledger.stoppedOn === undefined ? 0 : 1;
  const httpsShare = httpsSlicesOf(plan) / plan.slices.count;
  const httpsSeconds = generator.sliceSeconds * httpsShare;
  const polls = Math.ceil((httpsSeconds * 1_000) / controlPollEveryMs(httpsSlicesOf(plan)));
  // Each slice over MQTT has its control channel.
  const channels = Math.round(generator.slices * (1 - httpsShare));
  const channelSeconds = generator.sliceSeconds - httpsSeconds;
  const groups = groupsOf(plan).map((group, i) => ({ group, ledger: ledger.groups[i]! }));
  const ofMqtt = groups.filter(({ group }) => group.profile.connect.protocol === 'mqtt');
  const connectsOf = ({ devices }: GroupLedger) => devices.connected + devices.reconnects;
  const connects = sumBy(ofMqtt, (each) => connectsOf(each.ledger));
  const echoes = sumBy(ofMqtt, ({ group: { profile }, ledger: each }) =>
    Math.round((connectsOf(each) * echoingDevices(profile)) / profile.devices),
  );
  // Duplicates, and the stop message, are of no group: they count as messages of the first one.
  const notOfGroups = deliveriesOf(ledger) + stops * channels - sumBy(ledger.groups, echoesReceived);
  const controlConnects = ofMqtt.length === 0 ? 0 : generator.controlConnects;
  const deviceSeconds = ofMqtt.length === 0 ? 0 : sumBy(perSecond.connected, (connected) => connected);
  return {
    messages: groups.map(({ group, ledger: each }) =>
      messageUsage(group, each, group === ofMqtt[0]?.group ? notOfGroups : 0),
    ),
    connects: connects + controlConnects,
    subscribes: echoes + controlConnects,
    deviceAcks: 0,
    controlMessages: polls + looks + stops + clearingMessages,
    connectionMinutes: connectionMinutes(connects + channels, (deviceSeconds + channelSeconds) * 1_000),
  };
}

function messageUsage(group: GroupPlan, ledger: GroupLedger, otherDeliveries: number): MessageUsage {
  const taken = messagesTaken(ledger);
  const byRule = traitsOf(group.target).observers.includes('rule') ? taken : 0;
  return {
    meteredBytes: meteredBytes(group),
    publishesIn: taken,
    publishesOut: echoesReceived(ledger) + otherDeliveries,
    rulesTriggered: byRule,
    ruleActions: byRule,
  };
}

function echoesReceived({ observers }: GroupLedger): number {
  return observers[echoObserver]?.received ?? 0;
}
