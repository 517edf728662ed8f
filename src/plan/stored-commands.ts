import { connectsEachMessage, meanMsOf } from '../profile/lifecycle-kinds.ts';
import { sumBy } from '../shared/counts.ts';
import { formatDuration } from '../shared/duration.ts';
import { formatCount, formatPlural, formatRate } from '../shared/format.ts';
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

/** Commands for one device of a group that are stored while it is not connected. */
function storedInAbsence(plan: Plan, group: GroupPlan, absenceMs: number): number {
  return sumBy(downlinksTo(plan, group).filter(isStored), (downlink) => storedPerDevice(downlink, absenceMs));
}

/**
 * Devices that sleep and wake: by how many commands one falls behind in a cycle of average length, and how many are stored for it when
 * the backends end. Undefined: what is stored in one sleep is sent before the next.
 */
function fallsBehind(
  plan: Plan,
  group: GroupPlan,
  perSecond: number,
): { readonly perCycle: number; readonly atEnd: number } | undefined {
  const { lifecycle } = group.profile;
  if (lifecycle === undefined || !('awake' in lifecycle)) return undefined;
  const [awakeMs, asleepMs] = [meanMsOf(lifecycle.awake), meanMsOf(lifecycle.asleep)];
  const stored = storedInAbsence(plan, group, asleepMs);
  const perCycle = stored - (perSecond * awakeMs) / 1_000;
  if (perCycle <= 0) return undefined;
  const { publishAt, publishEndAt } = plan.timeline;
  const runMs = publishEndAt - publishAt;
  const cycles = Math.max(1, Math.floor(runMs / (awakeMs + asleepMs)));
  // None is stored for longer than to its expiry, nor more than are sent in all.
  const most = storedInAbsence(plan, group, runMs);
  return { perCycle, atEnd: Math.min(most, stored + (cycles - 1) * perCycle) };
}

/** What devices need to catch up on commands that were stored for them, a sentence for each group. */
export function catchUpAssumptions(plan: Plan): readonly string[] {
  const perSecond = accountOf(plan).limits.storedMessagesPerSecondPerClient;
  return groupsOf(plan)
    .filter(keepsSessions)
    .flatMap((group) => {
      const absenceMs = longestAbsenceMs(plan, group);
      const stored = Math.ceil(storedInAbsence(plan, group, absenceMs));
      if (stored === 0) return [];
      const name = group.group === undefined ? '' : ` of ${group.group}`;
      const behind = fallsBehind(plan, group, perSecond);
      const left = Math.max(stored, behind?.atEnd ?? 0);
      return [
        [
          `A device${name} that was offline for ${formatDuration(Math.ceil(absenceMs / 1_000) * 1_000)} has up to ${formatPlural(stored, 'stored command')} to catch up on: at ${formatCount(perSecond)}/s that takes ${formatRate(stored / perSecond)} s at least.`,
          ...describeWaking(group, stored / perSecond, behind),
          ...((left / perSecond) * 1_000 > drainMsOf(plan)
            ? [`The drain is ${formatDuration(drainMsOf(plan))}: what is left then counts as offline.`]
            : []),
        ].join(' '),
      ];
    });
}

/** Whether a device catches up in the time that it is awake, if not in the first. */
function describeWaking(
  { profile: { lifecycle } }: GroupPlan,
  seconds: number,
  behind: ReturnType<typeof fallsBehind>,
): string[] {
  if (behind !== undefined)
    return [
      `More is stored while it sleeps than is sent while it is awake: it falls behind by ${formatCount(Math.ceil(behind.perCycle))} with each sleep, on average, and has about ${formatCount(Math.ceil(behind.atEnd))} stored at the end.`,
    ];
  if (lifecycle === undefined || !('awake' in lifecycle) || seconds * 1_000 <= lifecycle.awake.leastMs)
    return [];
  return [
    `It may sleep again after ${formatDuration(lifecycle.awake.leastMs)}, and goes on when it is back.`,
  ];
}
