import type { MessageLedger } from '../measure/run-ledger.ts';
import { formatCount, formatMs } from '../shared/format.ts';
import type { GroupReport } from './group-reports.ts';

/** Table of device groups: the columns that at least one of them has. */
export interface GroupTable {
  readonly headings: readonly string[];
  readonly rows: readonly GroupRow[];
  /** What the table's latencies are, and what `lost` leaves out. */
  readonly note: string;
}

export interface GroupRow {
  readonly group: string;
  /** One a heading; `–` where this group has none. */
  readonly cells: readonly string[];
}

interface Column {
  readonly heading: string;
  /** Undefined where the group has no such figure. */
  readonly of: (group: GroupReport) => string | undefined;
}

/** A group without messages to observe has no figure of them: its requests end with their answers. */
const messagesAs =
  (name: keyof MessageLedger, isOf: (group: GroupReport) => boolean = () => true): Column['of'] =>
  (group) =>
    isOf(group) ? formatCount(group.messages[name]) : undefined;

const isObserved = ({ endsWithAnswer }: GroupReport): boolean => endsWithAnswer !== true;

const columns: readonly Column[] = [
  { heading: 'devices', of: ({ devices }) => formatCount(devices.planned) },
  { heading: 'connected', of: ({ devices }) => formatCount(devices.connected) },
  { heading: 'intended', of: messagesAs('intended', ({ load }) => load !== 'closed') },
  { heading: 'started', of: messagesAs('intended', ({ load }) => load === 'closed') },
  { heading: 'sent', of: messagesAs('sent') },
  { heading: 'dropped', of: messagesAs('dropped') },
  { heading: 'received', of: messagesAs('received', isObserved) },
  { heading: 'lost', of: messagesAs('lost', isObserved) },
  { heading: 'p50 ms', of: percentileOf('p50') },
  { heading: 'p99 ms', of: percentileOf('p99') },
];

/** @param groups one or more */
export function groupTableOf(groups: readonly GroupReport[]): GroupTable {
  const shown = columns.filter(({ of }) => groups.some((group) => of(group) !== undefined));
  const latencies = [
    ...(groups.some(isObserved) ? ['end_to_end_latency'] : []),
    ...(groups.every(isObserved) ? [] : ['response_time']),
  ];
  return {
    headings: shown.map(({ heading }) => heading),
    rows: groups.map((group) => ({ group: group.group, cells: shown.map(({ of }) => of(group) ?? '–') })),
    note: [
      `p50 and p99 are of ${latencies.join(', or of ')}.`,
      ...(groups.some(isObserved)
        ? ['A queue does not count by group: messages that it still holds are not in lost.']
        : []),
    ].join(' '),
  };
}

/** Of what the group measures its messages by, from the intended instant to the arrival, or of a request to its answer. */
function percentileOf(percentile: 'p50' | 'p99'): Column['of'] {
  return (group) => {
    const { latencyMs } = group;
    const latency = isObserved(group) ? latencyMs.end_to_end_latency : latencyMs.response_time;
    return latency === undefined || latency.count === 0 ? undefined : formatMs(latency[percentile]);
  };
}
