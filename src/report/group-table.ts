import type { LatencyName } from '../measure/latency-names.ts';
import type { MessageLedger } from '../measure/run-ledger.ts';
import { ruleObserver } from '../plan/observers.ts';
import { dueWords } from '../profile/load-shapes/resolved-load.ts';
import { formatCount, formatMs } from '../shared/format.ts';
import type { GroupReport, KindReport } from './group-reports.ts';
import { wordForDue } from './ledger-equations.ts';
import type { Report } from './report-model.ts';

/** What device groups and their kinds of message did, and how long it took. */
export interface GroupTables {
  /** Devices and messages. */
  readonly counts: GroupTable;
  /** Percentiles in milliseconds. Undefined: nothing was measured. */
  readonly latencies: GroupTable | undefined;
}

/** Table of device groups and their kinds of message: the columns that at least one of them has. */
export interface GroupTable {
  readonly headings: readonly string[];
  readonly rows: readonly GroupRow[];
  /** What `lost` leaves out, or what the latencies are of; empty where there is nothing to say. */
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

const countColumns: readonly Column[] = [
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
];

/** A latency of a part, and what its columns are called. */
interface Measured {
  /** Before `p50`; empty: of how long a message takes. */
  readonly heading: string;
  readonly nameIn: (part: Part) => LatencyName | undefined;
}

/** Those with samples. A group acknowledges by PUBACK or by PUBCOMP: no part has both. */
const measured: readonly Measured[] = [
  { heading: '', nameIn: firstOf('end_to_end_latency', 'response_time') },
  { heading: 'acked ', nameIn: firstOf('puback_round_trip', 'pubcomp_round_trip') },
  { heading: 'lag ', nameIn: firstOf('send_lag') },
];

const latencyColumns: readonly Column[] = measured.flatMap(({ heading, nameIn }) =>
  (['p50', 'p99'] as const).map(
    (percentile): Column => ({
      heading: `${heading}${percentile}`,
      of: (part) => {
        const name = nameIn(part);
        return name && formatMs(part.latencyMs[name]![percentile]);
      },
    }),
  ),
);

function firstOf(...names: readonly LatencyName[]): Measured['nameIn'] {
  return ({ latencyMs }) => names.find((name) => (latencyMs[name]?.count ?? 0) > 0);
}

/** @param groups one or more, with their kinds of message */
/** @param observers of the run */
export function groupTablesOf(groups: readonly GroupReport[], observers: Report['observers']): GroupTables {
  return tablesOf(
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
export function kindTablesOf(kinds: readonly KindReport[], observers: Report['observers']): GroupTables {
  const endsWithAnswer = Object.keys(observers).length === 0;
  return tablesOf(
    kinds.map(({ kind, ...own }) => ({ kind, part: { ...own, ...(endsWithAnswer && { endsWithAnswer }) } })),
    'kind',
    observers,
  );
}

type NamedPart = Omit<GroupRow, 'cells'> & { readonly part: Part };

function tablesOf(
  rows: readonly NamedPart[],
  what: 'group' | 'kind',
  observers: Report['observers'],
): GroupTables {
  const queueNote = `A queue does not count by ${what}: messages that it still holds are not in lost.`;
  const latencies = tableOf(rows, latencyColumns, describeLatencies(rows.map(({ part }) => part)));
  return {
    counts: tableOf(rows, countColumns, observers[ruleObserver] === undefined ? '' : queueNote),
    latencies: latencies.headings.length > 0 ? latencies : undefined,
  };
}

function tableOf(rows: readonly NamedPart[], columns: readonly Column[], note: string): GroupTable {
  const shown = columns.filter(({ of }) => rows.some(({ part }) => of(part) !== undefined));
  return {
    headings: shown.map(({ heading }) => heading),
    rows: rows.map(({ part, ...names }) => ({ ...names, cells: shown.map(({ of }) => of(part) ?? '–') })),
    note,
  };
}

/** `p50 and p99 are of end_to_end_latency, acked of puback_round_trip, lag of send_lag.` */
function describeLatencies(parts: readonly Part[]): string {
  const clauses = measured.flatMap(({ heading, nameIn }) => {
    const names = [...new Set(parts.flatMap((part) => nameIn(part) ?? []))];
    return names.length === 0 ? [] : [`${heading || 'p50 and p99 '}are of ${names.join(' or ')}`];
  });
  return `${clauses.map((clause, i) => (i === 0 ? clause : clause.replace(' are', ''))).join(', ')}.`;
}
