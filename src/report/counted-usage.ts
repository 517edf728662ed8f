import type { GroupLedger } from '../measure/group-totals.ts';
import { type MessageTotals, nothingSeen } from '../measure/message-totals.ts';
import { eventsReceived } from '../measure/presence-totals.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import type { Deployment } from '../plan/deployment.ts';
import { topicsPerDevice } from '../plan/device-topic.ts';
import { type CommandCounts, commandSubscriptions, commandUsage } from '../plan/downlink-load.ts';
import { type Downlink, downlinksOf } from '../plan/downlinks.ts';
import { echoingDevices } from '../plan/echoes.ts';
import { lambdaUsage, pollsOf } from '../plan/forecast-usage.ts';
import { groupsOf, httpsSlicesOf, isOfDevices, keepsSessions } from '../plan/groups.ts';
import { isBasicIngest, isRetained, type KindPlan, kindsOf } from '../plan/kinds.ts';
import { meteredSize } from '../plan/message-size.ts';
import {
  downlinkObserver,
  echoObserver,
  isReadByRule,
  ruleObserver,
  subscriberObserver,
} from '../plan/observers.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { checkpointEveryMs, controlPollEveryMs } from '../plan/poll-intervals.ts';
import { presenceSubscriptions, presenceUsage } from '../plan/presence.ts';
import { subscriberSlicesOf } from '../plan/subscribers.ts';
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
import { willUsage } from '../plan/wills.ts';
import { sumBy } from '../shared/counts.ts';
import { traitsOf } from '../targets/traits-of.ts';

/**
 * What a run used, counted where the ledger counts it: messages, connects, connection time, the slices' time, windows.
 * What is not counted (how long plan, summarize and each batch took) is assumed as in the forecast.
 */
export function countUsage(plan: Plan, ledger: RunLedger, deployment: Deployment): Usage {
  const { slices, sliceSeconds } = ledger.generator;
  const { subscribers } = ledger;
  const taken = sumBy(ledger.groups.flatMap(kindsOrGroup), messagesTaken);
  const { isPriced } = traitsOf(plan.target);
  const byRule = isReadByRule(plan) ? taken + (ledger.wills ?? 0) : 0;
  const looks = pollsOf(plan, deployment, ledger.lastSentAt ?? plan.timeline.publishAt);
  const checkpoints =
    (sliceSeconds * 1_000) / checkpointEveryMs({ profile: plan.profile }) / Math.max(1, slices);
  return {
    iot: isPriced ? iotUsage(plan, ledger, looks) : noIotUsage,
    sqs: queueRequests(byRule, deployment),
    kinesis: streamUsage(byRule, secondsOf(plan, ledger), deployment),
    lambda: lambdaUsage(plan, deployment, {
      sliceSeconds,
      subscriberSeconds: subscribers?.wallSeconds ?? 0,
      batches: ledger.windows,
      records: ledger.observers[ruleObserver]?.arrivals ?? 0,
      looks,
    }),
    stateTransitions: stateTransitions(plan.slices.count + subscriberSlicesOf(plan), looks),
    s3Puts: storePuts(slices, Math.floor(checkpoints), ledger.windows) + subscriberPutsOf(plan, ledger),
  };
}

/** Windows, and records of how the slices were subscribed. */
function subscriberPutsOf({ profile }: Plan, { subscribers }: RunLedger): number {
  if (subscribers === undefined) return 0;
  const checkpoints = Math.floor((subscribers.wallSeconds * 1_000) / checkpointEveryMs({ profile }));
  return subscribers.windows + subscribers.planned + checkpoints;
}

/** From the plan to the end of the drain. */
function secondsOf({ timeline }: Plan, { lastSentAt }: RunLedger): number {
  const { createdAt, publishAt, publishEndAt, drainEndAt } = timeline;
  return ((lastSentAt ?? publishAt) + drainEndAt - publishEndAt - createdAt) / 1_000;
}

/** Publishes that the service took in, as far as is known: at QoS 0 nothing says which it did not. */
function messagesTaken({ acknowledged, messages, observers }: MessageTotals): number {
  const received = [ruleObserver, subscriberObserver].map(
    (name) => (observers[name] ?? nothingSeen).received,
  );
  return acknowledged ? Math.max(messages.acked, ...received) : messages.sent;
}

/** Messages that devices received on their own subscriptions, and subscribers on theirs, from any sender. */
function deliveriesOf({ observers }: RunLedger): number {
  return sumBy([echoObserver, subscriberObserver], (name) => {
    const seen = observers[name];
    return seen === undefined ? 0 : seen.arrivals + seen.unrelated;
  });
}

function iotUsage(plan: Plan, ledger: RunLedger, looks: number): IotUsage {
  const { generator, perSecond } = ledger;
  const stops = ledger.stoppedOn === undefined ? 0 : 1;
  const httpsShare = httpsSlicesOf(plan) / plan.slices.count;
  const httpsSeconds = generator.sliceSeconds * httpsShare;
  const polls = Math.ceil((httpsSeconds * 1_000) / controlPollEveryMs(httpsSlicesOf(plan)));
  const { takesControl } = traitsOf(plan.target);
  // Each slice over MQTT has its control channel.
  const channels = takesControl ? Math.round(generator.slices * (1 - httpsShare)) : 0;
  const channelSeconds = takesControl ? generator.sliceSeconds - httpsSeconds : 0;
  const groups = groupsOf(plan).map((group, i) => ({ group, ledger: ledger.groups[i]! }));
  const kinds = groups.flatMap(({ group, ledger: each }) => {
    const parts = kindsOrGroup(each);
    return isOfDevices(group) ? kindsOf(group).map((kind, i) => ({ kind, totals: parts[i]! })) : [];
  });
  const [firstOfMqtt] = kinds.filter(({ kind }) => kind.profile.connect.protocol === 'mqtt');
  const ofMqtt = groups.filter(({ group }) => group.profile.connect.protocol === 'mqtt');
  const connectsOf = ({ devices }: GroupLedger) => devices.connected + devices.reconnects;
  const connects = sumBy(ofMqtt, (each) => connectsOf(each.ledger));
  const echoes = sumBy(
    ofMqtt,
    ({ group, ledger: each }) =>
      Math.round((connectsOf(each) * echoingDevices(group.profile)) / group.profile.devices) *
      topicsPerDevice(group),
  );
  const commandSubscribes = sumBy(
    ofMqtt,
    ({ group, ledger: each }) => subscribingConnects(ledger, group, each) * commandSubscriptions(plan, group),
  );
  // The observer acknowledges each of them.
  const events = eventsReceived(ledger.presence);
  // Duplicates, and the stop message, are of no kind: they count as messages of the first one.
  const notOfGroups = deliveriesOf(ledger) + stops * channels - sumBy(ledger.groups, deliveredTo);
  const subscriberConnects = ledger.subscribers?.connects ?? 0;
  const controlConnects = ofMqtt.length === 0 || !takesControl ? 0 : generator.controlConnects;
  const deviceSeconds = ofMqtt.length === 0 ? 0 : sumBy(perSecond.connected, (connected) => connected);
  return {
    messages: [
      ...kinds.map(({ kind, totals }) =>
        messageUsage(plan, kind, totals, kind === firstOfMqtt?.kind ? notOfGroups : 0),
      ),
      ...willsOf(plan, ledger),
      ...presenceUsage(events),
      ...downlinksOf(plan).flatMap((downlink) => commandUsage(downlink, countedCommands(downlink, ledger))),
    ],
    connects: connects + controlConnects + subscriberConnects,
    subscribes:
      echoes + commandSubscribes + controlConnects + subscriberConnects + presenceSubscriptions(plan),
    deviceAcks:
      sumBy(kinds, ({ kind, totals }) =>
        kind.profile.publish.qos > 0 ? (totals.observers[subscriberObserver]?.received ?? 0) : 0,
      ) +
      sumBy(downlinksOf(plan), (downlink) =>
        downlink.sender.profile.publish.qos > 0 ? countedCommands(downlink, ledger).deliveries : 0,
      ) +
      events,
    controlMessages: takesControl ? polls + looks + stops + clearingMessages : 0,
    connectionMinutes: connectionMinutes(connects + channels, (deviceSeconds + channelSeconds) * 1_000),
  };
}

/** Connects with which devices subscribed to commands: a session keeps its subscriptions, but each device subscribes once in a run. */
function subscribingConnects(
  { catchUps = [] }: RunLedger,
  group: GroupPlan,
  { devices: { connected, reconnects } }: GroupLedger,
): number {
  const caughtUp = keepsSessions(group) && catchUps.find((each) => each.group === group.number);
  return caughtUp ? Math.max(connected, caughtUp.unresumed) : connected + reconnects;
}

/** Each distinct delivery once: duplicates are not counted by backend. */
function countedCommands({ sender }: Downlink, { groups, downlink = [] }: RunLedger): CommandCounts {
  const totals = groups.find(({ group }) => group === sender.group)!;
  const replies = downlink.find(({ group }) => group === sender.group)?.replies;
  return {
    commands: messagesTaken(totals),
    deliveries: (totals.observers[downlinkObserver] ?? nothingSeen).received,
    repliesSent: replies?.sent ?? 0,
    repliesReceived: (replies?.replied ?? 0) + (replies?.late ?? 0),
  };
}

/** Wills that came, which are of no group: they count as those of the first one that has any. */
function willsOf(plan: Plan, { wills = 0 }: RunLedger): MessageUsage[] {
  const [usage] = groupsOf(plan).flatMap((group) => willUsage(plan, group, wills) ?? []);
  return usage === undefined ? [] : [usage];
}

/** The kinds of a group's messages that have names; the group itself where they have none. */
function kindsOrGroup(group: GroupLedger): readonly MessageTotals[] {
  return group.kinds.length > 0 ? group.kinds : [group];
}

function messageUsage(
  plan: Plan,
  kind: KindPlan,
  totals: MessageTotals,
  otherDeliveries: number,
): MessageUsage {
  const taken = messagesTaken(totals);
  const byRule = isReadByRule(plan) ? taken : 0;
  return {
    ...meteredSize(kind),
    publishesIn: isBasicIngest(kind) ? 0 : taken,
    ...(isRetained(kind) && { retained: taken }),
    publishesOut: deliveredTo(totals) + otherDeliveries,
    rulesTriggered: byRule,
    ruleActions: byRule,
  };
}

function deliveredTo({ observers }: MessageTotals): number {
  return (observers[echoObserver]?.received ?? 0) + (observers[subscriberObserver]?.received ?? 0);
}
