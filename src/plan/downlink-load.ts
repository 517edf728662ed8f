import { envelopeBytes, utf8Bytes } from '../profile/payload-size.ts';
import { sumBy } from '../shared/counts.ts';
import { formatCount, formatPlural, formatRate } from '../shared/format.ts';
import { accountOf } from './account.ts';
import { randomExcess } from './busiest-second.ts';
import { commandFilters, type Downlink, downlinksOf, downlinksTo, replyTopic } from './downlinks.ts';
import { type GroupedPlan, peakPerSecondOf } from './groups.ts';
import { isRetained } from './kinds.ts';
import { meteredSize } from './message-size.ts';
import type { GroupPlan, Plan } from './plan.ts';
import type { MessageUsage } from './usage.ts';

/** What backends and the devices that they send to load in the busiest second, of the service or of a connection. */
export interface CommandPeak {
  readonly commands: number;
  readonly deliveries: number;
  readonly replies: number;
}

/**
 * Of one downlink. A broadcast is delivered to all its devices at once, and they reply within one second, whatever their delay: the
 * busiest second has as many broadcasts as its rate says, and one at least.
 */
export function peakOfDownlink({ sender, devices, isBroadcast, fanOut, replying }: Downlink): CommandPeak {
  if (sender.load.messages === 0) return { commands: 0, deliveries: 0, replies: 0 };
  const profiles = [sender.profile];
  const perSecond = peakPerSecondOf(profiles) + randomExcess(profiles);
  const commands = isBroadcast ? Math.ceil(perSecond) : perSecond;
  const deliveries = commands * fanOut;
  return { commands, deliveries, replies: (deliveries * replying) / devices };
}

/** Of all backends together. */
export function commandPeakOf(plan: GroupedPlan): CommandPeak {
  const peaks = downlinksOf(plan).map(peakOfDownlink);
  return {
    commands: sumBy(peaks, ({ commands }) => commands),
    deliveries: sumBy(peaks, ({ deliveries }) => deliveries),
    replies: sumBy(peaks, ({ replies }) => replies),
  };
}

/** Commands and replies a second of one connection of a group, either way, beside what it publishes by its load. */
export function commandsPerConnection(plan: GroupedPlan, group: GroupPlan): number {
  const received = sumBy(downlinksTo(plan, group), (downlink) => {
    const deliveries = peakOfDownlink(downlink).deliveries / downlink.devices;
    return downlink.replying > 0 && group.profile.reply !== undefined ? 2 * deliveries : deliveries;
  });
  const ownReplies = sumBy(
    downlinksOf(plan).filter(({ sender }) => sender === group),
    (downlink) =>
      // A broadcast is one client's, and so are the replies to it.
      peakOfDownlink(downlink).replies / (downlink.isBroadcast ? 1 : group.profile.devices),
  );
  return received + ownReplies;
}

/** Subscriptions to commands and replies that one connection of a group has. */
export function commandSubscriptions(plan: GroupedPlan, group: GroupPlan): number {
  const receivesReplies = downlinksOf(plan).some(({ sender, replying }) => sender === group && replying > 0);
  return commandFilters(plan, group, group.firstDevice).length + (receivesReplies ? 1 : 0);
}

/** What broadcasts take of the quota of outbound publishes, a sentence each. */
export function broadcastAssumptions(plan: Plan): readonly string[] {
  const limit = accountOf(plan).limits.publishOutPerSecond;
  return downlinksOf(plan)
    .filter(({ isBroadcast }) => isBroadcast)
    .map(({ sender, fanOut }) => {
      const seconds = formatRate(fanOut / limit);
      return `One broadcast of ${sender.group} to ${formatPlural(fanOut, 'device')} is as many outbound publishes at once: ${seconds} s of the quota of ${formatCount(limit)}/s. AWS IoT Core drops what is above it silently.`;
    });
}

/** Commands of one backend over a run, with what came of them. */
export interface CommandCounts {
  readonly commands: number;
  readonly deliveries: number;
  readonly repliesSent: number;
  readonly repliesReceived: number;
}

/** If every device is online throughout. */
export function forecastCommands({ sender, devices, fanOut, replying }: Downlink): CommandCounts {
  const commands = sender.load.messages;
  const deliveries = commands * fanOut;
  const replies = Math.round((deliveries * replying) / devices);
  return { commands, deliveries, repliesSent: replies, repliesReceived: replies };
}

/** What AWS meters of commands, and of replies, which hold an envelope and nothing else. No rule reads either. */
export function commandUsage({ sender, replying }: Downlink, counts: CommandCounts): MessageUsage[] {
  const { commands, deliveries, repliesSent, repliesReceived } = counts;
  const byNoRule = { rulesTriggered: 0, ruleActions: 0 };
  const ofCommands = {
    ...meteredSize(sender),
    publishesIn: commands,
    ...(isRetained(sender) && { retained: commands }),
    publishesOut: deliveries,
    ...byNoRule,
  };
  if (replying === 0) return [ofCommands];
  const topicBytes = utf8Bytes(replyTopic(sender, sender.firstDevice));
  const ofReplies = {
    meteredBytes: envelopeBytes + sender.runId.length + topicBytes,
    publishesIn: repliesSent,
    publishesOut: repliesReceived,
    ...byNoRule,
  };
  return [ofCommands, ofReplies];
}

/** Deliveries that devices answer: those of QoS 1. */
export function acknowledgedCommands(plan: GroupedPlan): number {
  return sumBy(downlinksOf(plan), (downlink) =>
    downlink.sender.profile.publish.qos > 0 ? forecastCommands(downlink).deliveries : 0,
  );
}
