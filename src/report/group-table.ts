import type { MessageLedger } from '../measure/run-ledger.ts';
import { ruleObserver } from '../plan/observers.ts';
import { dueWords } from '../profile/load-shapes/resolved-load.ts';
import { formatCount, formatMs } from '../shared/format.ts';
import type { GroupReport, KindReport } from './group-reports.ts';
import { wordForDue } from './ledger-equations.ts';
import type { Report } from './report-model.ts';

/** Table of device groups and their kinds of message: the columns that at least one of them has. */
export interface GroupTable {
  readonly headings: readonly string[];
  readonly rows: readonly GroupRow[];
  /** What the table's latencies are, and what `lost` leaves out. */
  readonly note: string;
}

export interface GroupRow {
  /** Undefined: a kind of message of a flat profile. */
  readonly group?: string;
  /** A kind of message of the group, whose own row is above it. Undefined: the row of the group. */
  readonly kind?: string;
  /** One a heading; `–` where this group, or kind, has none. */
  readonly cells: readonly string[];
}

/** What a row is of: a group, or one of its kinds of message, which has no devices of its own. */
type Part = Pick<GroupReport, 'load' | 'endsWithAnswer' | 'messages'> &
  Partial<Pick<GroupReport, 'devices'>> & {
    readonly latencyMs: Partial<GroupReport['latencyMs']>;
  };

interface Column {
  readonly heading: string;
  /** Undefined where the part has no such figure. */
  readonly of: (part: Part) => string | undefined;
}

/** A group without messages to observe has no figure of them: its requests end with their answers. */
const messagesAs =
  (name: keyof MessageLedger, isOf: (part: Part) => boolean = () => true): Column['of'] =>
  (part) =>
    isOf(part) ? formatCount(part.messages[name]) : undefined;

const isObserved = ({ endsWithAnswer }: Part): boolean => endsWithAnswer !== true;

const columns: readonly Column[] = [
  { heading: 'devices', of: ({ devices }) => devices && formatCount(devices.planned) },
  { heading: 'connected', of: ({ devices }) => devices && formatCount(devices.connected) },
  ...dueWords.map((word) => ({
    heading: word,
    of: messagesAs('intended', (part) => wordForDue(part) === word),
  })),
  { heading: 'sent', of: messagesAs('sent') },
  { heading: 'dropped', of: messagesAs('dropped') },
  { heading: 'received', of: messagesAs('received', isObserved) },
  { heading: 'lost', of: messagesAs('lost', isObserved) },
  { heading: 'p50 ms', of: percentileOf('p50') },
  { heading: 'p99 ms', of: percentileOf('p99') },
];

/** @param groups one or more, with their kinds of message */
/** @param observers of the run */
export function groupTableOf(groups: readonly GroupReport[], observers: Report['observers']): GroupTable {
  return tableOf(
    groups.flatMap((part) => [
      { group: part.group, part },
      ...(part.kinds ?? []).map(({ kind, ...own }) => ({
        group: part.group,
        kind,
        part: { ...own, ...(part.endsWithAnswer && { endsWithAnswer: part.endsWithAnswer }) },
      })),
    ]),
    'group',
    observers,
  );
}

/** Of a flat profile. @param kinds one or more @param observers of the run; none: its messages end with their answers */
export function kindTableOf(kinds: readonly KindReport[], observers: Report['observers']): GroupTable {
  const endsWithAnswer = Object.keys(observers).length === 0;
  return tableOf(
    kinds.map(({ kind, ...own }) => ({ kind, part: { ...own, ...(endsWithAnswer && { endsWithAnswer }) } })),
    'kind',
    observers,
  );
}

type NamedPart = Omit<GroupRow, 'cells'> & { readonly part: Part };

function tableOf(
  rows: readonly NamedPart[],
  what: 'group' | 'kind',
  observers: Report['observers'],
): GroupTable {
  const parts = rows.map(({ part }) => part);
  const shown = columns.filter(({ of }) => parts.some((part) => of(part) !== undefined));
  const latencies = [
    ...(parts.some(isObserved) ? ['end_to_end_latency'] : []),
    ...(parts.every(isObserved) ? [] : ['response_time']),
  ];
  return {
    headings: shown.map(({ heading }) => heading),
    rows: rows.map(({ part, ...names }) => ({ ...names, cells: shown.map(({ of }) => of(part) ?? '–') })),
    note: [
      `p50 and p99 are of ${latencies.join(', or of ')}.`,
      ...(observers[ruleObserver] !== undefined
        ? [`A queue does not count by ${what}: messages that it still holds are not in lost.`]
        : []),
    ].join(' '),
  };
}

/** Of what the group measures its messages by, from the intended instant to the arrival, or of a request to its answer. */
function percentileOf(percentile: 'p50' | 'p99'): Column['of'] {
  return (part) => {
    const { latencyMs } = part;
    const latency = isObserved(part) ? latencyMs.end_to_end_latency : latencyMs.response_time;
    return latency === undefined || latency.count === 0 ? undefined : formatMs(latency[percentile]);
  };
}
