import {
  type DownlinkLedger,
  type ReplyTotals,
  type UnknownReason,
  unknownReasons,
} from '../measure/downlink-ledger.ts';
import type { GroupLedger } from '../measure/group-totals.ts';
import { nothingSeen } from '../measure/message-totals.ts';
import type { CountsByReason } from '../measure/reason-counts.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { downlinksOf } from '../plan/downlinks.ts';
import { downlinkObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { sumFields } from '../shared/counts.ts';
import { formatCount } from '../shared/format.ts';
import { describeCounts } from './describe-counts.ts';
import type { CloudWatchView } from './explanation.ts';
import { type RefusalCounts, throttledDeliveriesOf } from './throttled-deliveries.ts';

/** Commands of all backends of a run, and what became of them. */
export interface DownlinkReport extends CommandCounts, DeliveryCounts {
  readonly duplicates: number;
  /** Of the deliveries that are missing, as many as the service refused for a quota: at most, for it does not say which. */
  readonly throttled: number;
  /** Of these, the ones that no other message of the run can be. */
  readonly throttledAtLeast: number;
  /** Whether the service counts what it refuses: where it does not, or not yet, throttled deliveries count as lost. */
  readonly refusalCounts: RefusalCounts;
  /** Delivered to no device, and neither offline, nor throttled, nor unknown: at least. */
  readonly lost: number;
  /** Why what is unknown is unknown. */
  readonly unknownBecause: Readonly<Record<UnknownReason, number>>;
  /** Absent: no backend receives any. */
  readonly replies?: ReplyTotals;
  /** In the profile's order. */
  readonly backends: readonly BackendReport[];
  /** Subscriptions to commands and replies that were refused, by reason. */
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
  /** It is not known whether they came, or whether their device was subscribed when they were sent. */
  readonly unknown: number;
}

/** @returns undefined where no group is a backend */
export function downlinkReportOf(
  plan: Plan,
  ledger: RunLedger,
  cloudwatch: CloudWatchView,
): DownlinkReport | undefined {
  const { downlink, observers, subscribeRefusedBy = {} } = ledger;
  const seen = observers[downlinkObserver];
  if (downlink === undefined || seen === undefined) return undefined;
  const backends = downlink.map((each) => backendOf(plan, ledger, each));
  const { group: _, devices: __, replies: ___, missing, ...counts } = backends.reduce(addBackends);
  const replies = backends.flatMap((each) => each.replies ?? []);
  const { atLeast, atMost, counts: refusalCounts } = throttledDeliveriesOf(plan, ledger, cloudwatch, missing);
  return {
    ...counts,
    duplicates: seen.duplicates,
    throttled: atMost,
    throttledAtLeast: atLeast,
    refusalCounts,
    lost: missing - atMost,
    unknownBecause: downlink.map(({ unknownBecause }) => unknownBecause).reduce(sumFields),
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

/** The backend, and a cell for each heading. */
export function backendRows({ backends }: DownlinkReport): string[][] {
  return backends.map(({ group, devices, intended, sent, due, delivered, offline, missing, replies }) => [
    group,
    ...[devices, intended, sent, due, delivered, offline, missing].map(formatCount),
    ...(replies === undefined ? ['–', '–'] : [replies.replied, replies.timedOut].map(formatCount)),
  ]);
}

/** What to know of commands beside the table, a sentence each. */
export function describeDownlink(downlink: DownlinkReport): string[] {
  const { replies, subscribeRefused } = downlink;
  const refused = describeCounts(subscribeRefused);
  return [
    'A delivery is a command at a device that it was for. Offline: the device was not subscribed when it was due.',
    ...describeMissing(downlink),
    ...describeUnknown(downlink),
    ...describeReplies(replies),
    ...(replies !== undefined && replies.late > 0
      ? [`Replies that came after the timeout, and count as timed out: ${formatCount(replies.late)}.`]
      : []),
    ...(replies !== undefined && replies.unknown > 0
      ? [
          `Replies of which nothing is known, because the slices of their backends ended early: ${formatCount(replies.unknown)}.`,
        ]
      : []),
    ...(refused === '' ? [] : [`Subscriptions to commands that were refused: ${refused}.`]),
  ];
}

const unknownMeanings: Readonly<Record<UnknownReason, string>> = {
  'receiver-ended': 'that may have come after the slice of their device had stored its last record',
  'backend-ended': 'of a backend whose slice died before it had recorded when it sent them',
  'near-offline': 'sent late, within 0.1 s of when their device lost its subscription or had it again',
};

/** Nothing where all is known. */
function describeUnknown({ unknown, unknownBecause }: DownlinkReport): string[] {
  if (unknown === 0) return [];
  const reasons = unknownReasons.filter((reason) => unknownBecause[reason] > 0);
  const parts = reasons.map((reason) => `${formatCount(unknownBecause[reason])} ${unknownMeanings[reason]}`);
  return [`Deliveries that are not known: ${parts.join('; ')}.`];
}

/** Replies that devices sent, against those that came; nothing where none is missing. */
function describeReplies(replies: ReplyTotals | undefined): string[] {
  if (replies === undefined) return [];
  const { sent, replied, late, offline } = replies;
  const came = replied + late;
  if (sent <= came) return [];
  return [
    `Replies that devices sent: ${formatCount(sent)}, and that came: ${formatCount(came)}. The others count as timed out, also where a quota is why they did not come.`,
    ...(offline > 0
      ? [
          `Replies that did not come, and that were due while their backend’s client was not subscribed: ${formatCount(offline)}.`,
        ]
      : []),
  ];
}

/** Nothing where no delivery is missing. */
function describeMissing({ throttled, throttledAtLeast, lost, refusalCounts }: DownlinkReport): string[] {
  const missing = throttled + lost;
  if (missing === 0) return [];
  const sentences = [`Missing deliveries: ${formatCount(missing)}.`];
  if (throttled > 0)
    sentences.push(
      `At most ${formatCount(throttled)} of them were refused for a quota${refusalCounts === 'counted' ? ': CloudWatch counts refusals of the whole account' : ''}.`,
    );
  if (refusalCounts === 'not yet')
    sentences.push('CloudWatch has no data yet, so deliveries that were throttled count as lost.');
  else if (throttledAtLeast < throttled)
    sentences.push(
      `The refusals may be of other messages of the run: ${formatCount(lost)} to ${formatCount(missing - throttledAtLeast)} deliveries are lost.`,
    );
  else if (lost > 0)
    sentences.push(throttled > 0 ? `At least ${formatCount(lost)} are lost.` : 'They are lost.');
  return [sentences.join(' ')];
}
