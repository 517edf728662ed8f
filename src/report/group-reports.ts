import type { GroupLedger, KindLedger, RunDeviceCounts } from '../measure/group-totals.ts';
import {
  type KindLatencyRecord,
  type KindSliceLatencyName,
  kindSliceLatencyNames,
  type LatencyRecord,
} from '../measure/latency-names.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import { type MessageTotals, nothingSeen } from '../measure/message-totals.ts';
import type { PartOverTime, PartSeries } from '../measure/part-series.ts';
import type { CountsByReason } from '../measure/reason-counts.ts';
import { makeRunLatencies, type RunLatencies, summariesOf } from '../measure/run-latencies.ts';
import type { MessageLedger, RunLedger } from '../measure/run-ledger.ts';
import type { LoadShapeName } from '../profile/load-shapes/resolved-load.ts';
import { sumOf } from '../shared/counts.ts';

/** One device group's part of a run. */
export interface GroupReport {
  readonly group: string;
  /** `closed`: users decide when messages are sent, and `messages.intended` counts those that they started. Absent: a schedule does. */
  readonly load?: Exclude<LoadShapeName, 'open'>;
  /** No observer of the run's messages sees its own: requests, which end with their answers, or commands of a backend (`downlink`). */
  readonly endsWithAnswer?: true;
  readonly devices: RunDeviceCounts;
  /** A queue does not count by group: its messages are `unaccounted` here, at most as many as the run's, and not `notRead`. */
  readonly messages: MessageLedger;
  readonly latencyMs: LatencyRecord<LatencySummary>;
  /** Why publishes were never sent. */
  readonly dropped: CountsByReason;
  /** In the course of the run. Absent: nothing happened, or the report is of an earlier version. */
  readonly overTime?: PartOverTime;
  /** Its kinds of message, in the profile's order. Absent: they have no names. */
  readonly kinds?: readonly KindReport[];
}

/** One kind of message of a group. */
export interface KindReport {
  readonly kind: string;
  /** A queue does not count by kind: its messages are `unaccounted` here, as of a group. */
  readonly messages: MessageLedger;
  /** Those that end where its messages arrive, and of the slice that sends them those that have samples. */
  readonly latencyMs: KindLatencyRecord<LatencySummary>;
  /** Why publishes were never sent. */
  readonly dropped: CountsByReason;
  /** As of a group. */
  readonly overTime?: PartOverTime;
}

/** In the profile's order; empty where it has no groups. */
export function groupReportsOf(ledger: RunLedger): GroupReport[] {
  return namedGroupsOf(ledger).map(({ group, ledger: own }) => ({
    group,
    ...(own.shape !== 'open' && { load: own.shape }),
    ...((Object.keys(ledger.observers).length === 0 || own.sendsCommands === true) && {
      endsWithAnswer: true as const,
    }),
    devices: own.devices,
    messages: messagesOf(own, ledger),
    latencyMs: summariesOf(latenciesOf(own)),
    dropped: own.droppedBy,
    ...overTimeOf(own),
    ...(own.kinds.length > 0 && { kinds: kindReportsOf(own, ledger) }),
  }));
}

/** Kinds of message of a flat profile; empty where they have no names. */
export function flatKindReportsOf(ledger: RunLedger): KindReport[] {
  return ledger.groups
    .filter(({ group }) => group === undefined)
    .flatMap((own) => kindReportsOf(own, ledger));
}

function kindReportsOf({ kinds }: GroupLedger, ledger: RunLedger): KindReport[] {
  return kinds.map((own) => ({
    kind: own.kind,
    messages: messagesOf(own, ledger),
    latencyMs: {
      end_to_end_latency: own.latencies.end_to_end_latency.summary(),
      rule_latency: own.latencies.rule_latency.summary(),
      transit: own.latencies.transit.summary(),
      ...sliceSummariesOf(own),
    },
    dropped: own.droppedBy,
    ...overTimeOf(own),
  }));
}

/** Slices of earlier versions did not count kinds of message by second: what they sent would be drawn as nothing. */
function overTimeOf({
  series,
  messages: { sent },
}: Pick<MessageTotals, 'messages'> & { readonly series?: PartSeries }): Pick<GroupReport, 'overTime'> {
  const overTime = series?.overTime();
  if (overTime === undefined || (sent > 0 && sumOf(overTime.sent) === 0)) return {};
  return { overTime };
}

function sliceSummariesOf({ latencies }: KindLedger): Partial<Record<KindSliceLatencyName, LatencySummary>> {
  const measured = kindSliceLatencyNames.filter((name) => latencies[name].count > 0);
  return Object.fromEntries(measured.map((name) => [name, latencies[name].summary()]));
}

function namedGroupsOf(
  ledger: RunLedger,
): readonly { readonly group: string; readonly ledger: GroupLedger }[] {
  return ledger.groups.flatMap((each) =>
    each.group === undefined ? [] : [{ group: each.group, ledger: each }],
  );
}

export function latenciesOf({ latencies = makeRunLatencies() }: GroupLedger): RunLatencies {
  return latencies;
}

/** Missing messages of a group, or of a kind, are lost, except for as many as the queues may still hold. */
export function messagesOf(
  part: Pick<MessageTotals, 'messages' | 'observers'> & Partial<Pick<KindLedger, 'arrivals'>>,
  run: RunLedger,
): MessageLedger {
  // The primary observer comes first.
  const [primary = nothingSeen] = Object.values(part.observers);
  const { received, deadLettered, missing } = primary;
  const unaccounted = Math.min(missing, run.messages.notRead + run.messages.unaccounted);
  const { arrivals = received } = part;
  return {
    ...part.messages,
    arrivals,
    received,
    duplicates: arrivals - received,
    lost: missing - unaccounted,
    notRead: 0,
    deadLettered,
    unaccounted,
  };
}
