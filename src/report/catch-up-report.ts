import type { GroupCatchUp } from '../measure/catch-up-totals.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { groupsOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { sumBy } from '../shared/counts.ts';
import { formatCount, formatElapsed } from '../shared/format.ts';
import { type CloudWatchView, cloudWatchSum } from './explanation.ts';

/** How devices caught up on commands that their sessions had kept. */
export interface CatchUpReport {
  /** Groups that receive commands in sessions that outlive their connections, in the order of the profile. */
  readonly groups: readonly GroupCatchUpReport[];
  /** Deliveries that a session was to keep, and that did not come. `missing = notStored + expired + others`. */
  readonly missing: number;
  /** Of those, as many as the service says that it did not store, for its quota of queued messages: at most. */
  readonly notStored: number;
  /** Of the rest, those that expired before their device was back and had received what was stored. */
  readonly expired: number;
}

export interface GroupCatchUpReport {
  readonly group?: string;
  /** Connects that went on with a session, and those that did not. */
  readonly resumed: number;
  readonly unresumed: number;
  /** Commands that came after they had been stored, each once. */
  readonly stored: number;
  /** From the connect with which a device came back until the last command came that was stored by then. */
  readonly catchUpMs: LatencySummary;
  /** Connections that ended before all that was stored had come. */
  readonly interrupted: number;
  /** Commands that came after a later one of the same backend's slice, and those that came once more. */
  readonly reordered: number;
  readonly repeated: number;
}

/** @returns undefined where no group receives commands in sessions that outlive its connections */
export function catchUpReportOf(
  plan: Plan,
  { catchUps, downlink = [] }: Pick<RunLedger, 'catchUps' | 'downlink'>,
  cloudwatch: CloudWatchView,
): CatchUpReport | undefined {
  if (catchUps === undefined) return undefined;
  const missing = sumBy(downlink, ({ kept }) => kept);
  const notStored = Math.min(missing, cloudWatchSum(cloudwatch, 'Queued.Throttle') ?? 0);
  const expired = Math.min(
    missing - notStored,
    sumBy(downlink, (each) => each.expired),
  );
  return { groups: catchUps.map((each) => groupReportOf(plan, each)), missing, notStored, expired };
}

function groupReportOf(plan: Plan, { group: number, times, ...counts }: GroupCatchUp): GroupCatchUpReport {
  const group = groupsOf(plan).find((each) => each.number === number)?.group;
  return { ...(group === undefined ? {} : { group }), ...counts, catchUpMs: times.summary() };
}

/** Of the table of groups, beside its first column. */
export const catchUpHeadings = [
  'resumed',
  'new',
  'stored',
  'p50',
  'p99',
  'max',
  'interrupted',
  'reordered',
  'repeated',
] as const;

/** The group, and a cell for each heading. */
export function catchUpRows({ groups }: CatchUpReport): string[][] {
  return groups.map(({ group = 'all', resumed, unresumed, stored, catchUpMs, ...others }) => {
    const { p50, p99, max, count } = catchUpMs;
    const { interrupted, reordered, repeated } = others;
    return [
      group,
      ...[resumed, unresumed, stored].map(formatCount),
      ...(count === 0 ? ['–', '–', '–'] : [p50, p99, max].map(formatElapsed)),
      ...[interrupted, reordered, repeated].map(formatCount),
    ];
  });
}

/** What to know of it beside the table, a sentence each. */
export function describeCatchUps({ missing, notStored, expired }: CatchUpReport): string[] {
  const others = missing - notStored - expired;
  return [
    'Resumed: connects that went on with a session. p50, p99 and max are from such a connect to the last command that the session had stored by then.',
    ...(missing === 0
      ? []
      : [
          `Commands that a session was to keep, and that did not come: ${formatCount(notStored)} that the service did not store, ${formatCount(expired)} expired, ${formatCount(others)} for no such reason. They are among those that were offline.`,
        ]),
  ];
}
