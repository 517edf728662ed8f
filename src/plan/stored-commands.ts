import { connectsEachMessage } from '../profile/lifecycle-kinds.ts';
import { sumBy } from '../shared/counts.ts';
import { formatDuration } from '../shared/duration.ts';
import { formatCount, formatRate } from '../shared/format.ts';
import { accountOf } from './account.ts';
import { peakOfDownlink } from './downlink-load.ts';
import { type Downlink, downlinksOf, downlinksTo } from './downlinks.ts';
import { groupsOf, keepsSessions, peakPerSecondOf } from './groups.ts';
import { mostAsleep, wakingOf } from './lifecycle.ts';
import { drainMsOf } from './observers.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { forecastStorms } from './storm-forecast.ts';
import { plannedStormsOf } from './storms.ts';

/** Only QoS 1 is stored. */
function isStored({ sender }: Downlink): boolean {
  return sender.profile.publish.qos > 0;
}

/** Devices of a group that are not connected at once, at most: those that sleep, and those of its largest storm. */
function mostOffline(plan: Plan, group: GroupPlan): number {
  const ofStorms = plannedStormsOf(plan).filter((storm) => storm.group === group);
  const stormed = Math.max(0, ...ofStorms.map(({ devices }) => devices));
  return Math.min(group.profile.devices, mostAsleep(group.profile) + stormed);
}

/**
 * Commands of a backend that the service stores for devices in the busiest second: of its deliveries those that are due at devices that
 * are not connected, each as likely.
 */
export function storedPerSecond(plan: Plan, downlink: Downlink): number {
  if (!isStored(downlink)) return 0;
  const offline = sumBy(downlink.receivers.filter(keepsSessions), (group) => mostOffline(plan, group));
  return (peakOfDownlink(downlink).deliveries * offline) / downlink.devices;
}

/** Of all backends together. Undefined: nothing is stored. */
export function mostStoredPerSecond(plan: Plan): number | undefined {
  const stored = sumBy(downlinksOf(plan), (downlink) => storedPerSecond(plan, downlink));
  return stored > 0 ? stored : undefined;
}

/** How long a device of a group is not connected, milliseconds: by its lifecycle at most, or by the forecast of a storm; 0: never. */
function longestAbsenceMs(plan: Plan, group: GroupPlan): number {
  const { lifecycle, devices } = group.profile;
  const untilEndMs = (at: number) => plan.timeline.publishEndAt - at;
  const ofStorms = forecastStorms(plan).filter(({ storm }) => storm.group === group);
  const stormed = ofStorms.map(({ storm, recoverySeconds }) =>
    recoverySeconds === null ? untilEndMs(storm.at) : recoverySeconds * 1_000,
  );
  const betweenMessagesMs = connectsEachMessage(group.profile)
    ? (devices / wakingOf(group.profile)!.wakesPerSecond) * 1_000
    : 0;
  const asleepMs = lifecycle !== undefined && 'awake' in lifecycle ? lifecycle.asleep.mostMs : 0;
  return Math.max(asleepMs, betweenMessagesMs, ...stormed);
}

/** Commands that are stored for one device while it is not connected, and have not expired when it is back. */
function storedPerDevice(downlink: Downlink, absenceMs: number): number {
  const { sender, devices, fanOut } = downlink;
  const { messageExpirySeconds = Number.POSITIVE_INFINITY } = sender.profile.publish;
  const perSecond = (peakPerSecondOf([sender.profile]) * fanOut) / devices;
  const stored = perSecond * Math.min(absenceMs / 1_000, messageExpirySeconds);
  return Math.min(stored, (sender.load.messages * fanOut) / devices);
}

/** What devices need to catch up on commands that were stored for them, a sentence for each group. */
export function catchUpAssumptions(plan: Plan): readonly string[] {
  const perSecond = accountOf(plan).limits.storedMessagesPerSecondPerClient;
  const drainMs = drainMsOf(plan);
  return groupsOf(plan)
    .filter(keepsSessions)
    .flatMap((group) => {
      const absenceMs = longestAbsenceMs(plan, group);
      const stored = Math.ceil(
        sumBy(downlinksTo(plan, group).filter(isStored), (downlink) => storedPerDevice(downlink, absenceMs)),
      );
      if (stored === 0) return [];
      const seconds = stored / perSecond;
      const { lifecycle } = group.profile;
      const awakeMs =
        lifecycle !== undefined && 'awake' in lifecycle ? lifecycle.awake.leastMs : Number.POSITIVE_INFINITY;
      const name = group.group === undefined ? '' : ` of ${group.group}`;
      return [
        [
          `A device${name} that was offline for ${formatDuration(Math.ceil(absenceMs / 1_000) * 1_000)} has up to ${formatCount(stored)} stored commands to catch up on: at ${formatCount(perSecond)}/s that takes ${formatRate(seconds)} s at least.`,
          ...(seconds * 1_000 > awakeMs
            ? [`It may sleep again after ${formatDuration(awakeMs)}, and goes on when it is back.`]
            : []),
          ...(seconds * 1_000 > drainMs
            ? [`The drain is ${formatDuration(drainMs)}: what is left then counts as offline.`]
            : []),
        ].join(' '),
      ];
    });
}
