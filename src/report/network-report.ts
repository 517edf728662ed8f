import { LatencyHistogram } from '../measure/latency-histogram.ts';
import type { LatencyRecord } from '../measure/latency-names.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import type { DirectionTotals, NetworkEndings, PacketCounts } from '../measure/network-totals.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import type { KernelPackets } from '../plan/conditions.ts';
import { groupsOf } from '../plan/groups.ts';
import { networkStretchesOf } from '../plan/network-stretches.ts';
import type { Plan } from '../plan/plan.ts';
import type { QueueCounts } from '../plan/tc/queue-counts.ts';
import type { KernelSetting } from '../profile/kernel-network.ts';
import type { NetworkConditions } from '../profile/network-presets.ts';
import { describeNetwork } from '../profile/network-text.ts';
import { sumBy, sumFields } from '../shared/counts.ts';
import {
  formatBytes,
  formatClock,
  formatCount,
  formatElapsed,
  formatPlural,
  joinWords,
} from '../shared/format.ts';
import type { GroupReport } from './group-reports.ts';

/** The injected network between devices and target: what was set, and what that did. */
export interface NetworkReport {
  /** Those with a network at any time of the run, in the order of the profile. */
  readonly groups: readonly GroupNetworkReport[];
  /** Settings of them that the kernel made of packets: what that did is not in the counts of groups. Absent: slices made all. */
  readonly kernel?: readonly KernelSetting[];
}

export interface GroupNetworkReport {
  /** Absent where the profile has no groups. */
  readonly group?: string;
  /** In the order of time: each until the next one. */
  readonly settings: readonly NetworkSettings[];
  /** From devices, and to them. */
  readonly up: NetworkDirection;
  readonly down: NetworkDirection;
  readonly ended: NetworkEndings;
  /** What the kernel counted of the packets that it shaped, headers and TCP's own included; absent: it shaped none, or did not say. */
  readonly kernelCounts?: Readonly<Record<'up' | 'down', QueueCounts>>;
}

export interface NetworkSettings {
  /** After publishing began; null: from the start. */
  readonly fromSeconds: number | null;
  /** Empty: it did nothing. */
  readonly conditions: NetworkConditions;
}

export interface NetworkDirection extends PacketCounts {
  /** The network's part of a latency: from a packet's entry into it to its exit. */
  readonly delayMs: LatencySummary;
}

const noPackets: PacketCounts = { bytes: 0, packets: 0, lost: 0, stalled: 0, duplicated: 0, corrupted: 0 };
/** Of a network that ended no connection, and kept no attempt from the target. */
export const nothingEnded: NetworkEndings = { resets: 0, corruptedConnections: 0, unreached: 0 };

export interface NetworkCircumstances {
  /** Epoch milliseconds: the end of the run. */
  readonly endAt: number;
  /** Absent: the kernel made no networks. */
  readonly kernelPackets?: readonly KernelPackets[] | undefined;
}

/**
 * @returns undefined where no network was injected
 */
export function networkReportOf(
  plan: Plan,
  { actions, networks = [] }: Pick<RunLedger, 'actions' | 'networks'>,
  { endAt, kernelPackets = [] }: NetworkCircumstances,
): NetworkReport | undefined {
  const stretches = networkStretchesOf(plan, actions, endAt);
  const groups = groupsOf(plan).flatMap(({ number, group }): GroupNetworkReport[] => {
    const settings = stretches.get(number);
    const totals = networks.find((each) => each.group === number);
    const counted = kernelPackets.find((each) => each.group === number);
    if (settings === undefined) return [];
    return [
      {
        ...(group === undefined ? {} : { group }),
        settings: settings.map(({ from, conditions }) => ({
          fromSeconds: from === null ? null : (from - plan.timeline.publishAt) / 1_000,
          conditions,
        })),
        up: directionOf(totals?.up),
        down: directionOf(totals?.down),
        ended: totals?.ended ?? nothingEnded,
        ...(counted && { kernelCounts: { up: counted.up, down: counted.down } }),
      },
    ];
  });
  if (groups.length === 0) return undefined;
  const kernel = plan.conditions?.host.kernelNetwork?.filter((name) =>
    groups.some(({ settings }) => settings.some(({ conditions }) => conditions[name] !== undefined)),
  );
  return { groups, ...(kernel && { kernel }) };
}

/** Whether slices made a part of it: only that is counted. */
function isCounted({ kernel }: NetworkReport, { up, down }: GroupNetworkReport): boolean {
  return kernel === undefined || up.packets + down.packets > 0;
}

function directionOf(totals: DirectionTotals | undefined): NetworkDirection {
  const { packets = noPackets, delays } = totals ?? { delays: new LatencyHistogram() };
  return { ...packets, delayMs: delays.summary() };
}

/** Of the table of groups, beside its first column. */
export const networkHeadings = [
  'packets',
  'bytes',
  'lost',
  'stalled',
  'twice',
  'corrupt',
  'p50',
  'p99',
  'max',
] as const;

/** `meters, up`, and a cell for each heading. */
export function networkRows(report: NetworkReport): string[][] {
  return report.groups.flatMap((each) => {
    const { group = 'all', up, down } = each;
    const cells = isCounted(report, each) ? cellsOf : () => networkHeadings.map(() => '–');
    return [
      [`${group}, up`, ...cells(up)],
      [`${group}, down`, ...cells(down)],
    ];
  });
}

function cellsOf({ packets, bytes, lost, stalled, duplicated, corrupted, delayMs }: NetworkDirection) {
  const { p50, p99, max, count } = delayMs;
  return [
    formatCount(packets),
    formatBytes(bytes),
    ...[lost, stalled, duplicated, corrupted].map(formatCount),
    ...(count === 0 ? ['–', '–', '–'] : [p50, p99, max].map(formatElapsed)),
  ];
}

/** More changes of one group are in report.json alone. */
const mostSettings = 8;

/** Of the whole run, and of its groups. */
interface MeasuredLatencies {
  readonly latencyMs: LatencyRecord<LatencySummary>;
  readonly groups?: readonly Pick<GroupReport, 'group' | 'latencyMs'>[];
}

/** What to know of it beside the table, a sentence each. */
export function describeNetworks(network: NetworkReport, report: MeasuredLatencies): string[] {
  const { groups, kernel = [] } = network;
  const lost = sumBy(groups, ({ up, down }) => up.lost + down.lost);
  const ended = describeEnded(groups.map((each) => each.ended).reduce(sumFields));
  return [
    ...groups.map(describeSettings),
    ...(kernel.length === 0
      ? []
      : [
          `The kernel made ${kernel.join(', ')}, of the real packets of each device (--netem): what it did to them is in the latencies, and not in the counts of the table.`,
          ...groups.flatMap(describeKernelCounts),
        ]),
    ...(groups.some((each) => isCounted(network, each))
      ? [
          'Up is from devices, down is to them; p50, p99 and max are how long the network had a packet, with its waits for bandwidth, stalls and repeated sending.',
        ]
      : []),
    ...groups
      .filter(({ up }) => up.packets > 0 || kernel.length > 0)
      .flatMap((each) => describeMeasured(each, report)),
    ...(lost === 0
      ? []
      : ['Lost packets were sent again, as TCP does: that delays messages, and loses none.']),
    ...(ended === '' ? [] : [`The injected network ${ended}.`]),
  ];
}

/** `The kernel counted of meters: up 1,200 packets, 96 KB, 24 lost; down 900 packets, 48 KB, none lost.` */
function describeKernelCounts({ group, kernelCounts }: GroupNetworkReport): string[] {
  if (kernelCounts === undefined) return [];
  const [up, down] = (['up', 'down'] as const).map((way) => {
    const { packets, bytes, dropped } = kernelCounts[way];
    const lost = dropped === 0 ? 'none' : formatCount(dropped);
    return `${way} ${formatPlural(packets, 'packet')}, ${formatBytes(bytes)}, ${lost} lost`;
  });
  return [`The kernel counted of ${nameOf(group)}: ${up}; ${down}.`];
}

function describeSettings({ group, settings }: GroupNetworkReport): string {
  const texts = settings.slice(0, mostSettings).map(({ fromSeconds, conditions }) => {
    const when = fromSeconds === null ? 'the start' : formatClock(fromSeconds * 1_000);
    return `from ${when} ${describeNetwork(conditions)}`;
  });
  const more = settings.length - mostSettings;
  const others = more > 0 ? `; ${formatPlural(more, 'later change')} in report.json` : '';
  return `Injected network of ${nameOf(group)}: ${texts.join('; ')}${others}.`;
}

/** The measured latencies that contain the network's part. */
function describeMeasured({ group }: GroupNetworkReport, report: MeasuredLatencies): string[] {
  const { latencyMs } = report.groups?.find((each) => each.group === group) ?? report;
  const { transit, puback_round_trip, pubcomp_round_trip, response_time } = latencyMs;
  const measured = [
    ['transit', 'the way up', transit],
    ['puback_round_trip', 'both ways', puback_round_trip],
    ['pubcomp_round_trip', 'both ways', pubcomp_round_trip],
    ['response_time', 'both ways', response_time],
  ] as const;
  const texts = measured.flatMap(([name, ways, summary]) =>
    summary === undefined || summary.count === 0
      ? []
      : [`${name}, which has ${ways}: ${percentilesOf(summary)}`],
  );
  if (texts.length === 0) return [];
  return [`Measured of ${nameOf(group)} beside it: ${texts.join('; ')}.`];
}

function percentilesOf({ p50, p99 }: LatencySummary): string {
  return `p50 ${formatElapsed(p50)}, p99 ${formatElapsed(p99)}`;
}

function nameOf(group: string | undefined): string {
  return group ?? 'all devices';
}

/** `reset 3 connections and kept 12 attempts to connect from the target`; empty: it ended none. */
export function describeEnded({ resets, corruptedConnections, unreached }: NetworkEndings): string {
  const parts = [
    ...(resets === 0 ? [] : [`reset ${formatPlural(resets, 'connection')}`]),
    ...(corruptedConnections === 0
      ? []
      : [`ended ${formatPlural(corruptedConnections, 'connection')} by a corrupt packet under TLS`]),
    ...(unreached === 0 ? [] : [`kept ${formatPlural(unreached, 'attempt')} to connect from the target`]),
  ];
  return joinWords(parts);
}

/** The same of a whole run. */
export function describeEndedInRun({ networks = [] }: Pick<RunLedger, 'networks'>): string {
  return describeEnded(networks.map(({ ended }) => ended).reduce(sumFields, nothingEnded));
}
