import { loadShapeOf } from '../profile/load-shapes/resolved-load.ts';
import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { formatPlural, formatUsd } from '../shared/format.ts';
import { maxSlices } from '../shared/run-bounds.ts';
import type { AccountLimits } from '../targets/aws-iot/quotas.ts';
import type { CostEstimate } from './cost.ts';
import { echoingDevices } from './echoes.ts';
import { groupsOf, isOfDevices, keepsSessions, settingOf } from './groups.ts';
import { kindsOf } from './kinds.ts';
import { lambdaMsOf, legSplitOf, movesMs } from './legs.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { isObserving } from './presence.ts';
import { connectDurationMs } from './schedule.ts';

/** How long the longest run publishes, milliseconds: 30 days. The state machine waits a day longer. */
export const longestRunMs = 2_592_000_000;
const dayMs = 86_400_000;

/** What of a run with several legs does not fit into them, or is not carried from one to the next yet; empty for one leg. */
export function checkLegs(
  plan: Plan,
  limits: AccountLimits,
  cost: Pick<CostEstimate, 'totalUsd'>,
): InputError[] {
  if (legSplitOf(plan).count === 1) return [];
  const notCarried = groupsOf(plan).flatMap((group) => refuseNotCarried(plan, group, limits));
  return [
    ...checkLength(plan),
    ...checkRetention(plan),
    ...checkCeilingOfLegs(plan, cost),
    ...(notCarried.length > 0 ? notCarried : checkTimes(plan, limits)),
  ];
}

function checkLength({ timeline: { createdAt, publishAt, publishEndAt, deadlineAt } }: Plan): InputError[] {
  const overMs = Math.max(publishEndAt - publishAt, deadlineAt - createdAt - dayMs / 2) - longestRunMs;
  return overMs <= 0
    ? []
    : [
        {
          path: 'stages',
          message: `a run lasts ${spoken(longestRunMs)} at most, beside its start and its end`,
          hint: `shorten it by ${spoken(overMs)}`,
        },
      ];
}

/** Of logs, and so of a stack: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const retentions = [1, 3, 5, 7, 14, 30, 60] as const;

/** How long a run may last whose first files are still needed at its end. A day is left for that end; of one or two days, half the time. */
function longestKeptMs(retentionDays: number): number {
  return Math.max(retentionDays - 1, retentionDays / 2) * dayMs;
}

/** The run store deletes what has lain in it for `retentionDays`, also of a run that goes on. */
function checkRetention({ timeline, deployment }: Plan): InputError[] {
  const { retentionDays } = deployment ?? {};
  const lastsMs = timeline.deadlineAt - timeline.createdAt;
  if (retentionDays === undefined || lastsMs <= longestKeptMs(retentionDays)) return [];
  const enough = retentions.find((days) => lastsMs <= longestKeptMs(days));
  return [
    {
      path: 'stages',
      message: `the run lasts ${spoken(lastsMs)} with its start and its end, and this stack deletes what a run stores after ${formatPlural(retentionDays, 'day')} (its parameter retentionDays): ${spoken(longestKeptMs(retentionDays))} are kept safely`,
      hint:
        enough === undefined
          ? 'shorten the run'
          : `shorten the run, or have the stack’s owner redeploy it with --param retentionDays=${enough}`,
    },
  ];
}

/** A long run is not asked about, and costs by the hour. */
const unlimitedUpToUsd = 100;

/** Of a run with several legs; empty for one leg. @param cost of the whole run, in all its Regions */
export function checkCeilingOfLegs(plan: Plan, { totalUsd }: Pick<CostEstimate, 'totalUsd'>): InputError[] {
  const isCheap = plan.profile.limits.maxCostUsd !== undefined || totalUsd <= unlimitedUpToUsd;
  if (isCheap || legSplitOf(plan).count === 1) return [];
  return [
    {
      path: 'limits.maxCostUsd',
      message: `${formatUsd(totalUsd)} forecast, and a run in legs that costs more than ${formatUsd(unlimitedUpToUsd)} needs a ceiling`,
      hint: `give --max-cost ${Math.ceil(totalUsd)} or more, or shorten the run`,
    },
  ];
}

/** What a device has besides its connection and its place in the schedule. */
function refuseNotCarried(plan: Plan, group: GroupPlan, { lambdaSeconds }: AccountLimits): InputError[] {
  const { count } = legSplitOf(plan);
  const { profile } = group;
  const kinds = kindsOf(group);
  const found: [has: boolean, setting: string, what: string][] = [
    [profile.connect.protocol !== 'mqtt', 'connect.protocol', 'devices without a connection of their own'],
    [loadShapeOf(profile) === 'closed', 'users', 'users, who decide when they send,'],
    [profile.lifecycle !== undefined, 'lifecycle', 'devices that sleep, leave, or connect for each message'],
    [!isOfDevices(group), 'from', 'a backend'],
    [profile.reply !== undefined, 'reply', 'replies to commands'],
    [isObserving(group), 'observe', 'observers of presence'],
    [keepsSessions(group), 'connect.cleanStart', 'sessions that outlive their connections'],
    [echoingDevices(profile) > 0, 'echo.fraction', 'devices that receive their own messages'],
    [kinds.some(isSparkplug), 'publish.encoding', 'Sparkplug sessions'],
    [plan.subscribers !== undefined, 'observers', 'subscribers'],
    [plan.conditions?.host.kernelNetwork !== undefined, 'network', 'a network that the kernel makes'],
  ];
  return found
    .filter(([has]) => has)
    .map(([, setting, what]) => ({
      path: settingOf(group, setting),
      message: `${what} cannot go on in another Lambda yet, and this run needs ${count} legs`,
      hint: `shorten the run to what one Lambda runs, less than ${spoken(lambdaSeconds * 1_000)} with its start and its end, and leave legs out; legs for this are to come (docs/fleets.md)`,
    }));
}

function isSparkplug({ profile }: GroupPlan): boolean {
  const { encoding } = profile.publish;
  return encoding !== undefined && encoding === 'sparkplug-b';
}

function checkTimes(plan: Plan, limits: AccountLimits): InputError[] {
  const { slices, timeline } = plan;
  const { count, stretchMs, overlapMs, leadMs } = legSplitOf(plan);
  const errors: InputError[] = [];
  const refuse = (path: string, message: string, hint: string) => errors.push({ path, message, hint });
  const [slowest] = groupsOf(plan).toSorted(
    (a, b) => connectDurationMs(b.profile) - connectDurationMs(a.profile),
  ) as [GroupPlan];
  const rateSetting = settingOf(slowest, 'connect.ratePerSecond');
  if (timeline.publishAt > timeline.startAt + stretchMs) {
    refuse(
      rateSetting,
      `devices connect for ${spoken(timeline.publishAt - timeline.startAt)}, and the first leg ends after ${spoken(stretchMs)}`,
      `raise ${rateSetting} above ${slowest.profile.connect.ratePerSecond} (the account is planned with ${limits.connectsPerSecond} a second)`,
    );
    return errors;
  }
  const lambdaMs = limits.lambdaSeconds * 1_000;
  const overMs = lambdaMsOf(plan) - lambdaMs;
  if (overMs > 0)
    refuse(
      'legs.length',
      `a leg would live ${spoken(lambdaMs + overMs)}, with its start, the devices’ moves and its end, and a Lambda ends at ${spoken(lambdaMs)}`,
      `shorten it by ${spoken(overMs)}, to ${spoken(Math.max(0, Math.floor((stretchMs - overMs) / 1_000) * 1_000))}`,
    );
  // Three legs of a slice would run at once, and two of them in the same child of the state machine.
  if (overlapMs + leadMs > stretchMs)
    refuse(
      'legs.overlap',
      `devices move for ${spoken(overlapMs)} and a Lambda needs ${spoken(leadMs)} to start, and a leg lasts only ${spoken(stretchMs)}`,
      'give a shorter legs.overlap or a longer legs.length, or run longer',
    );
  if (overlapMs < movesMs(plan))
    refuse(
      'legs.overlap',
      `the devices move within ${spoken(overlapMs)}, faster than they may connect: at ${rateSetting} they need ${spoken(movesMs(plan))}`,
      `give ${spoken(movesMs(plan))} or more, or raise ${rateSetting}`,
    );
  if (2 * slices.count > maxSlices)
    refuse(
      'slices.devicesPerSlice',
      `${slices.count} slices in ${count} legs, and a Distributed Map runs ${maxSlices} children, two for each slice`,
      `give a slice at least ${Math.ceil((2 * plan.profile.devices) / maxSlices)} devices`,
    );
  return errors;
}

function spoken(ms: number): string {
  return formatDuration(Math.ceil(ms / 1_000) * 1_000);
}
