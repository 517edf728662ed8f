import type { DownlinkLedger, ReplyTotals } from '../measure/downlink-totals.ts';
import type { GroupLedger } from '../measure/group-totals.ts';
import { nothingSeen } from '../measure/message-totals.ts';
import type { CountsByReason } from '../measure/reason-counts.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { downlinksOf } from '../plan/downlinks.ts';
import { downlinkObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { sumBy, sumFields } from '../shared/counts.ts';
import { formatCount } from '../shared/format.ts';
import { describeCounts } from './describe-counts.ts';
import { type CloudWatchView, cloudWatchSum } from './reconciliation.ts';
import type { Throttling } from './usage-model.ts';

/** Commands of all backends of a run, and what became of them. */
export interface DownlinkReport extends CommandCounts, DeliveryCounts {
  readonly duplicates: number;
  /** Of the deliveries that are missing, as many as the service refused for a quota: at most, for it does not say which. */
  readonly throttled: number;
  /** Delivered to no device, and neither offline, nor throttled, nor unknown. */
  readonly lost: number;
  /** Absent: no backend receives any. */
  readonly replies?: ReplyTotals;
  /** In the profile's order. */
  readonly backends: readonly BackendReport[];
  /** Subscriptions to commands and replies that were refused; devices tried again. */
  readonly subscribeRefused: CountsByReason;
}

/** One backend: what the service refused is known of the whole run alone, so `missing` is throttled or lost. */
export interface BackendReport extends CommandCounts, DeliveryCounts {
  readonly group: string;
  /** Devices that it sends to. */
  readonly devices: number;
  readonly missing: number;
  readonly replies?: ReplyTotals;
}

/** Commands as their backends published them: `intended = sent + dropped + sendUnknown`. */
interface CommandCounts {
  readonly intended: number;
  readonly sent: number;
  readonly dropped: number;
  readonly sendUnknown: number;
}

/** `due = delivered + offline + unknown + missing`; one for each command and each device that it was for. */
interface DeliveryCounts {
  readonly due: number;
  readonly delivered: number;
  /** Due while their device was not subscribed, and did not come. */
  readonly offline: number;
  /** The slice of their device died, or was stopped, before it could have recorded them. */
  readonly unknown: number;
}

/** @returns undefined where no group is a backend */
export function downlinkReportOf(
  plan: Plan,
  ledger: RunLedger,
  cloudwatch: CloudWatchView,
  throttling: Throttling,
): DownlinkReport | undefined {
  const { downlink, observers, subscribeRefusedBy = {} } = ledger;
  const seen = observers[downlinkObserver];
  if (downlink === undefined || seen === undefined) return undefined;
  const backends = downlink.map((each) => backendOf(plan, ledger, each));
  const { group: _, devices: __, replies: ___, missing, ...counts } = backends.reduce(addBackends);
  const replies = backends.flatMap((each) => each.replies ?? []);
  const throttled = Math.min(missing, refusedDeliveries(plan, ledger, cloudwatch, throttling));
  return {
    ...counts,
    duplicates: seen.duplicates,
    throttled,
    lost: missing - throttled,
    ...(replies.length > 0 && { replies: replies.reduce(sumFields) }),
    backends,
    subscribeRefused: subscribeRefusedBy,
  };
}

function backendOf(
  plan: Plan,
  { groups }: RunLedger,
  { group, offline, unknown, replies }: DownlinkLedger,
): BackendReport {
  const { messages, observers } = groupNamed(groups, group);
  const { due, received, missing } = observers[downlinkObserver] ?? nothingSeen;
  const { intended, sent, dropped, sendUnknown } = messages;
  return {
    group,
    devices: downlinksOf(plan).find(({ sender }) => sender.group === group)?.devices ?? 0,
    intended,
    sent,
    dropped,
    sendUnknown,
    due,
    delivered: received,
    offline,
    unknown,
    missing: missing - offline - unknown,
    ...(replies && { replies }),
  };
}

function groupNamed(groups: readonly GroupLedger[], name: string): GroupLedger {
  return groups.find(({ group }) => group === name)!;
}

function addBackends(a: BackendReport, b: BackendReport): BackendReport {
  const { group, devices, replies: _, ...counts } = a;
  const { group: __, devices: ___, replies: ____, ...others } = b;
  return { group, devices, ...sumFields(counts, others) };
}

/**
 * Deliveries that the service refused for a quota: of commands that it did not take, each is one for each device; and those that it
 * did not send out, which only CloudWatch counts, as PublishOut.Throttle.
 */
function refusedDeliveries(
  plan: Plan,
  { groups }: RunLedger,
  cloudwatch: CloudWatchView,
  { publishes }: Throttling,
): number {
  const ofBackends = downlinksOf(plan).map(({ sender, fanOut }) => ({
    ...groupNamed(groups, sender.group ?? '').messages,
    fanOut,
  }));
  const answered = sumBy(ofBackends, ({ throttled }) => throttled);
  // Throttled publishes that got no answer are of devices first: a command among them counts as lost.
  let unanswered = Math.max(0, (cloudWatchSum(cloudwatch, 'PublishIn.Throttle') ?? 0) - publishes - answered);
  const notTaken = sumBy(ofBackends, ({ throttled, sent, acked, failed, fanOut }) => {
    const unseen = Math.min(unanswered, sent - acked - failed - throttled);
    unanswered -= unseen;
    return (throttled + unseen) * fanOut;
  });
  return notTaken + (cloudWatchSum(cloudwatch, 'PublishOut.Throttle') ?? 0);
}

/** Of the table of backends, beside its first column. */
export const backendHeadings = [
  'devices',
  'intended',
  'sent',
  'deliveries',
  'delivered',
  'offline',
  'missing',
  'replied',
  'timed out',
] as const;

/** A cell for each heading. */
export function backendRows({
  backends,
}: DownlinkReport): { readonly group: string; readonly cells: string[] }[] {
  return backends.map(({ group, devices, intended, sent, due, delivered, offline, missing, replies }) => ({
    group,
    cells: [
      ...[devices, intended, sent, due, delivered, offline, missing].map(formatCount),
      ...(replies === undefined ? ['–', '–'] : [replies.replied, replies.timedOut].map(formatCount)),
    ],
  }));
}

/** What to know of commands beside the table, a sentence each. */
export function describeDownlink({
  throttled,
  lost,
  unknown,
  replies,
  subscribeRefused,
}: DownlinkReport): string[] {
  const refused = describeCounts(subscribeRefused);
  return [
    'A delivery is a command at a device that it was for. Offline: the device was not subscribed when it was due.',
    ...(throttled + lost > 0
      ? [
          `Missing deliveries: ${formatCount(throttled)} that the service refused for a quota, and ${formatCount(lost)} lost. It drops them silently: only its counts say how many.`,
        ]
      : []),
    ...(unknown > 0
      ? [
          `Of ${formatCount(unknown)} more deliveries nothing is known: the slices of their devices ended before they had recorded them.`,
        ]
      : []),
    ...(replies !== undefined && replies.late > 0
      ? [`${formatCount(replies.late)} replies came after the timeout, and count as timed out.`]
      : []),
    ...(replies !== undefined && replies.unknown > 0
      ? [
          `Of ${formatCount(replies.unknown)} replies nothing is known: the slices of their backends ended early.`,
        ]
      : []),
    ...(refused === '' ? [] : [`Subscriptions to commands that were refused, and tried again: ${refused}.`]),
  ];
}
