import { describeAction } from '../../plan/actions/describe-action.ts';
import { groupsOf } from '../../plan/groups.ts';
import { mostAwake, mostWakesPerSecond, wakingOf } from '../../plan/lifecycle.ts';
import type { Plan } from '../../plan/plan.ts';
import { connectsBeforehand } from '../../plan/schedule.ts';
import { plannedActionsOf, plannedStormsOf, type Storm, stormedGroupsOf } from '../../plan/storms.ts';
import type { TimeRange } from '../../profile/lifecycle-kinds.ts';
import type { LoadProfile } from '../../profile/load-profile.ts';
import type { DisconnectKind } from '../../profile/planned-action.ts';
import { formatDuration } from '../../shared/duration.ts';
import {
  formatClock,
  formatCount,
  formatPerSecond,
  formatPlural,
  formatQuantity,
  formatShare,
} from '../../shared/format.ts';
import type { Styler } from './style.ts';

/** The instants of a run, in their order. */
export function renderTimeline(plan: Plan, style: Styler): string[] {
  const { createdAt, startAt, publishAt, publishEndAt, drainEndAt } = plan.timeline;
  const events: [number, string][] = [
    [createdAt, 'the plan is made, a Lambda starts for each slice'],
    ...(groupsOf(plan).some(({ profile }) => connectsBeforehand(profile))
      ? [[startAt, 'devices begin to connect'] as [number, string]]
      : []),
    [publishAt, 'publishing begins'],
    ...plannedEventsOf(plan),
    ...(drainEndAt > publishEndAt
      ? ([[publishEndAt, 'publishing ends; messages in flight drain']] as [number, string][])
      : []),
    [
      drainEndAt,
      drainEndAt > publishEndAt
        ? 'the report is made'
        : 'publishing ends; the report is made once all requests are answered or timed out',
    ],
  ];
  return [
    style('heading', '  time'),
    ...events.map(([at, what]) => `  ${formatClock(at - createdAt).padStart(7)}  ${what}`),
  ];
}

/** Storms with their devices; other actions of the timeline as they are. */
function plannedEventsOf(plan: Plan): [number, string][] {
  const others = plannedActionsOf(plan).filter((action) => stormedGroupsOf(plan, action).length === 0);
  const events = [
    ...plannedStormsOf(plan).map((storm): [number, string] => [storm.at, describeStorm(storm)]),
    ...others.map((action): [number, string] => [action.at, describeAction(action)]),
  ];
  return events.toSorted(([a], [b]) => a - b);
}

const ends: Readonly<Record<DisconnectKind, string>> = {
  clean: 'disconnect cleanly',
  drop: 'lose their connections',
  silent: 'go silent',
};

/** `900 devices of meters (50%) lose their connections`, `900 devices (50%) move from eu-west-1 to us-east-1` */
function describeStorm({ devices, share, how, moves, group: { group } }: Storm): string {
  const of = group === undefined ? '' : ` of ${group}`;
  return `${formatPlural(devices, 'device')}${of} (${formatShare(share)}) ${moves === undefined ? ends[how] : `move from ${moves.from} to ${moves.to}`}`;
}

/**
 * `awake 20s..60s, asleep 10m: up to 93 connected at once, 1.5/s wake on average`, `devices live 20m on average; 0.83/s are replaced` or
 * `a connection for each message: up to 20 connects a second`
 */
export function describeLifecycle(profile: LoadProfile): string {
  const { lifecycle } = profile;
  const waking = wakingOf(profile);
  if (lifecycle === undefined || waking === undefined) return '';
  if ('connect' in lifecycle)
    return `a connection for each message: up to ${formatQuantity(mostWakesPerSecond(profile))} connects a second`;
  if ('churn' in lifecycle) {
    const { sharePerMinute, replace } = lifecycle.churn;
    const meanLife = formatDuration(Math.max(1_000, Math.round(60 / sharePerMinute) * 1_000));
    return replace
      ? `devices live ${meanLife} on average; ${formatPerSecond(waking.wakesPerSecond)} are replaced`
      : `devices leave for good, after ${meanLife} on average`;
  }
  const range = ({ leastMs, mostMs }: TimeRange) =>
    leastMs === mostMs ? formatDuration(leastMs) : `${formatDuration(leastMs)}..${formatDuration(mostMs)}`;
  return `awake ${range(lifecycle.awake)}, asleep ${range(lifecycle.asleep)}: up to ${formatCount(mostAwake(profile))} connected at once, ${formatPerSecond(waking.wakesPerSecond)} wake on average${lifecycle.whenAsleep === 'skip' ? '; messages due while asleep are skipped' : ''}`;
}
