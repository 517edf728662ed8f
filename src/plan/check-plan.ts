import { checkBackoff } from '../profile/backoff.ts';
import { checkCommandSettings, checkCommands } from '../profile/command-settings.ts';
import { maxKinds } from '../profile/kind-settings.ts';
import { checkLifecycle } from '../profile/lifecycle-setting.ts';
import {
  type ArrivalPattern,
  type LoadProfile,
  type MessageKind,
  maxGroups,
  type RunProfile,
} from '../profile/load-profile.ts';
import { maxBurst, messagesOfGaps, mostWalked } from '../profile/load-shapes/arrival-pattern.ts';
import { maxJoinedStages, maxStages } from '../profile/load-shapes/resolved-load.ts';
import { isNetworkForm } from '../profile/network-conditions.ts';
import type { PlannedAction } from '../profile/planned-action.ts';
import { maxTimelineEntries } from '../profile/planned-action.ts';
import { mostReconnectsPerSecond } from '../profile/reconnect-step.ts';
import { maxMqttPayloadBytes } from '../profile/size-distribution.ts';
import type { RandomTime } from '../profile/time-distribution.ts';
import { sumBy } from '../shared/counts.ts';
import { formatPlural } from '../shared/format.ts';
import { checkJsonValue } from '../shared/json-value.ts';
import { maxDevicesPerSlice, maxSlices } from '../shared/run-bounds.ts';
import { failoverKind } from './actions/failover.ts';
import { loadChangeOf } from './actions/load-kinds.ts';
import { longestRunMs as longestRunInLegsMs } from './check-legs.ts';
import { groupProfilesOf, groupsOf, isOfDevices } from './groups.ts';
import { plannedLoadOf } from './kinds.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { between, type PlanProblem, within } from './plan-problem.ts';
import { checkStoredRegions } from './regions.ts';
import { checkStoredSearch } from './search/check-search.ts';

const dayMs = 86_400_000;
/** Of a run in legs, with a day for its start and its end. */
const longestRunMs = longestRunInLegsMs + dayMs;
/** Of JavaScript's dates, epoch milliseconds. */
const lastInstant = 8.64e15;

/**
 * The bounds of a plan that was read back: a file of another user may ask for endless work. The work of every
 * reader is bounded by these numbers.
 */
export function checkStoredPlan(plan: Plan): PlanProblem[] {
  const { profile, timeline, load, slices, subscribers } = plan;
  const { createdAt, startAt, publishAt, publishEndAt, drainEndAt, deadlineAt } = timeline;
  const problems: PlanProblem[] = [
    ...checkTimes('timeline', [createdAt, startAt, publishAt, publishEndAt, drainEndAt]),
    ...checkTimes('timeline', [createdAt, deadlineAt]),
    ...checkStoredProfile('profile', profile),
    ...within('slices.count', slices.count, 1, Math.min(maxSlices, profile.devices)),
    ...within('slices.devicesPerSlice', slices.devicesPerSlice, 1, profile.devices),
    ...(subscribers === undefined
      ? []
      : [
          ...within('subscribers.count', subscribers.count, 1, maxSlices),
          ...within('subscribers.connections', subscribers.connections, 1, maxDevicesPerSlice),
        ]),
  ];
  if (problems.length > 0) return problems;
  const planned = plan.groups?.length;
  const named = profile.groups?.length;
  if (planned !== named) {
    return [
      {
        path: 'groups',
        message: `has ${planned === undefined ? 'no groups' : formatPlural(planned, 'group')}, and the profile ${named ?? 'none'}`,
      },
    ];
  }
  const groups = groupsOf(plan);
  return [
    ...groups.flatMap(checkGroup),
    ...checkStoredRegions(plan),
    ...sumsTo(
      'load.messages',
      load.messages,
      sumBy(groups.filter(isOfDevices), (group) => group.load.messages),
    ),
    ...sumsTo(
      'slices.count',
      slices.count,
      sumBy(groups, (group) => group.slices.count),
    ),
  ];
}

function checkGroup(group: GroupPlan): PlanProblem[] {
  const { profile, load, slices } = group;
  const messages = plannedLoadOf(profile).messages;
  const path = group.group === undefined ? '' : `groups.${group.group}.`;
  return [
    ...within(`${path}slices.count`, slices.count, 1, profile.devices),
    // Sliced evenly: a smaller number would make the blocks of a schedule larger than it says.
    ...within(
      `${path}slices.devicesPerSlice`,
      slices.devicesPerSlice,
      Math.ceil(profile.devices / slices.count),
      Math.min(maxDevicesPerSlice, profile.devices),
    ),
    ...(load.messages === messages
      ? []
      : [
          {
            path: `${path}load.messages`,
            message: `is ${load.messages}, and the profile's stages come to ${messages}`,
          },
        ]),
  ];
}

function sumsTo(path: string, value: number, sum: number): PlanProblem[] {
  return value === sum ? [] : [{ path, message: `is ${value}, and the groups come to ${sum}` }];
}

/** A profile as plans and reports hold it. */
export function checkStoredProfile(path: string, profile: RunProfile): PlanProblem[] {
  const { devices, groups, timeline = [], search } = profile;
  const problems = [
    ...within(`${path}.devices`, devices, 1, maxSlices * maxDevicesPerSlice),
    ...within(`${path}.timeline`, timeline.length, 0, maxTimelineEntries),
    ...timeline.flatMap((entry, i) => checkStoredAction(`${path}.timeline[${i}]`, entry)),
    ...(search === undefined ? [] : checkStoredSearch(`${path}.search`, search)),
  ];
  const profiles = groupProfilesOf(profile);
  if (groups === undefined) return [...problems, ...checkStoredGroup(path, profiles[0]!)];
  return [
    ...problems,
    ...within(`${path}.groups`, groups.length, 1, maxGroups),
    ...sumsTo(
      `${path}.devices`,
      devices,
      sumBy(profiles, (group) => group.devices),
    ),
    ...profiles.flatMap((group, i) => checkStoredGroup(`${path}.groups[${i}]`, group)),
    ...checkCommands(profile).map((error) => ({ path: `${path}.${error.path}`, message: error.message })),
  ];
}

function checkStoredAction(path: string, { atMs, action }: PlannedAction): PlanProblem[] {
  return [...between(`${path}.atMs`, atMs, 0, longestRunMs), ...checkActed(`${path}.action`, action)];
}

function checkActed(path: string, action: PlannedAction['action']): PlanProblem[] {
  switch (action.kind) {
    case 'network':
      return isNetworkForm(action.network) ? [] : [{ path: `${path}.network`, message: 'is no network' }];
    case 'failover':
      return failoverKind.parse({ ...action }) === undefined ? [{ path, message: 'is no failover' }] : [];
    case 'rate':
    case 'users':
    case 'connects':
    case 'devices':
      return loadChangeOf({ action: { ...action } }) === undefined
        ? [{ path, message: `is no change of ${action.kind}` }]
        : [];
    case 'faults':
      // The service checks them, as it does those of its admin port.
      return [];
    case 'disconnect':
      return between(`${path}.share`, action.share, Number.MIN_VALUE, 1);
  }
}

/** That of a search, and those of the timeline. */
const mostSteps = 1 + maxTimelineEntries;

function checkStoredGroup(path: string, profile: LoadProfile): PlanProblem[] {
  const { devices, connect, echo, messages, reconnects = [], deviceSteps = [] } = profile;
  return [
    ...checkStoredMessages(path, profile, devices, maxJoinedStages),
    ...[
      ...checkLifecycle(profile),
      ...checkBackoff(connect.backoff),
      ...checkCommandSettings(profile, () => false),
    ].map((error) => ({
      path: `${path}.${error.path}`,
      message: error.message,
    })),
    ...(messages === undefined ? [] : within(`${path}.messages`, messages.length, 1, maxKinds)),
    ...(messages ?? []).flatMap((kind, i) =>
      checkStoredMessages(`${path}.messages[${i}]`, kind, devices, maxStages),
    ),
    ...within(`${path}.devices`, devices, 1, maxSlices * maxDevicesPerSlice),
    ...between(`${path}.connect.ratePerSecond`, connect.ratePerSecond, Number.MIN_VALUE, 1e6),
    ...within(`${path}.deviceSteps`, deviceSteps.length, 0, mostSteps),
    ...deviceSteps.flatMap((step, i) => [
      ...between(`${path}.deviceSteps[${i}].atMs`, step.atMs, 0, longestRunMs),
      ...within(`${path}.deviceSteps[${i}].devices`, step.devices, 0, devices),
    ]),
    ...within(`${path}.reconnects`, reconnects.length, 0, mostSteps),
    ...reconnects.flatMap((step, i) => [
      ...between(`${path}.reconnects[${i}].atMs`, step.atMs, 0, longestRunMs),
      ...between(
        `${path}.reconnects[${i}].reconnectsPerSecond`,
        step.reconnectsPerSecond,
        0,
        mostReconnectsPerSecond,
      ),
    ]),
    ...between(`${path}.echo.fraction`, echo.fraction, 0, 1),
  ];
}

/** A group's load, or one of its kinds of message. */
function checkStoredMessages(
  path: string,
  {
    publish,
    startRatePerSecond,
    stages,
    pattern,
  }: Pick<MessageKind, 'publish' | 'startRatePerSecond' | 'stages' | 'pattern'>,
  devices: number,
  mostStages: number,
): PlanProblem[] {
  return [
    ...checkJsonValue(publish.payload).map((error) => ({ ...error, path: `${path}.publish.payload` })),
    // Pricing steps through a distribution of sizes.
    ...within(`${path}.publish.sizeBytes`, publish.sizeBytes, 0, maxMqttPayloadBytes),
    ...(publish.sizes?.kind === 'uniform'
      ? within(`${path}.publish.sizes.leastBytes`, publish.sizes.leastBytes, 0, publish.sizeBytes)
      : []),
    ...checkStoredPattern(`${path}.pattern`, pattern),
    // Each of them is drawn.
    ...(pattern?.kind === 'gaps'
      ? between(`${path}.pattern.gap`, messagesOfGaps(pattern.gap, devices, stages), 0, mostWalked)
      : []),
    ...within(`${path}.stages`, stages.length, 1, mostStages),
    ...between(
      `${path}.stages`,
      sumBy(stages, ({ durationMs }) => durationMs),
      0,
      longestRunMs,
    ),
    ...between(`${path}.startRatePerSecond`, startRatePerSecond, 0, 1e7),
    ...stages.flatMap(({ durationMs, targetPerSecond }, i) => [
      ...between(`${path}.stages[${i}].durationMs`, durationMs, 0, longestRunMs),
      ...between(`${path}.stages[${i}].targetPerSecond`, targetPerSecond, 0, 1e7),
    ]),
  ];
}

/** Times of a pattern are divided by one another, and what begins in a period is searched for in that period alone. */
function checkStoredPattern(path: string, pattern: ArrivalPattern | undefined): PlanProblem[] {
  switch (pattern?.kind) {
    case 'jitter':
      return between(`${path}.spreadMs`, pattern.spreadMs, 1, longestRunMs);
    case 'gaps':
      return checkStoredGap(`${path}.gap`, pattern.gap);
    case 'pulse':
      return [
        ...between(`${path}.everyMs`, pattern.everyMs, 1, dayMs),
        ...between(`${path}.lastsMs`, pattern.lastsMs, 1, pattern.everyMs),
      ];
    case 'burst': {
      const { count, spacingMs, everyMs, together } = pattern;
      const roomMs = everyMs - (together?.lastsMs ?? 0);
      return [
        ...within(`${path}.count`, count, 2, maxBurst),
        ...between(`${path}.everyMs`, everyMs, 1, dayMs),
        ...between(`${path}.spacingMs`, spacingMs, 1, roomMs / (count - 1)),
        ...(together === undefined ? [] : between(`${path}.together.lastsMs`, together.lastsMs, 1, everyMs)),
      ];
    }
    default:
      return [];
  }
}

/** A gap is drawn again where it is below 0. */
function checkStoredGap(path: string, gap: RandomTime): PlanProblem[] {
  if (gap.kind === 'uniform') {
    return [
      ...between(`${path}.maxMs`, gap.maxMs, Number.MIN_VALUE, dayMs),
      ...between(`${path}.minMs`, gap.minMs, Number.MIN_VALUE, gap.maxMs),
    ];
  }
  return [
    ...between(`${path}.meanMs`, gap.meanMs, Number.MIN_VALUE, dayMs),
    ...(gap.kind === 'normal' ? between(`${path}.sdMs`, gap.sdMs, 0, gap.meanMs) : []),
  ];
}

/** Instants of a run, epoch milliseconds: in order, and no further apart than a run can last. */
export function checkTimes(path: string, instants: readonly number[]): PlanProblem[] {
  const [first = 0] = instants;
  const last = instants.at(-1) ?? first;
  const isOrdered = instants.every((at, i) => i === 0 || at >= instants[i - 1]!);
  const isRun = isOrdered && first >= 0 && last <= lastInstant && last - first <= longestRunMs;
  return isRun
    ? []
    : [
        {
          path,
          message: `has instants that are out of order, or more than ${longestRunMs / 3_600_000} h apart`,
        },
      ];
}
