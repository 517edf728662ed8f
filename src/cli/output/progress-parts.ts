import type { LiveGroup, LiveKind, PartTotals } from '../../live/live-parts.ts';
import { groupsOf, isAcknowledged } from '../../plan/groups.ts';
import { kindsOf } from '../../plan/kinds.ts';
import type { Plan } from '../../plan/plan.ts';
import { intendedOf, intendedOfGroup } from '../../plan/streams.ts';
import { layOutColumns } from '../../report/text-table.ts';
import { sumBy } from '../../shared/counts.ts';
import { formatCount } from '../../shared/format.ts';

/** More rows would push the rest of the display out of a terminal of 24. */
const maxRows = 12;

/** A device group, or a kind of message below it: what it is to come to and what was reported of it so far. */
interface PartRow {
  readonly name: string;
  readonly isKind: boolean;
  /** Undefined: a kind of a group. */
  readonly devices?: number;
  /** Undefined: users decide. */
  readonly planned: number | undefined;
  readonly acknowledged: boolean;
  /** A group's arrivals are those of its kinds. */
  readonly counts: Partial<Omit<LiveGroup & LiveKind, 'group' | 'kind'>>;
}

interface Column {
  readonly heading: string;
  /** Undefined where the part has no such figure. */
  readonly of: (row: PartRow) => number | undefined;
  /** Shown only where a part has some. */
  readonly isTrouble?: true;
}

const columns: readonly Column[] = [
  { heading: 'connected', of: ({ devices, counts }) => devices && (counts.connects ?? 0) },
  // Slices and the reader report each at their own pace: what has arrived was sent.
  { heading: 'sent', of: ({ counts }) => Math.max(counts.sent ?? 0, counts.arrivals ?? 0) },
  { heading: 'of', of: ({ planned }) => planned },
  { heading: 'acked', of: ({ acknowledged, counts }) => (acknowledged ? (counts.acked ?? 0) : undefined) },
  { heading: 'arrived', of: ({ counts }) => counts.arrivals },
  { heading: 'dropped', of: ({ counts }) => counts.dropped ?? 0, isTrouble: true },
  { heading: 'throttled', of: ({ counts }) => counts.throttled ?? 0, isTrouble: true },
  { heading: 'failed', of: ({ counts }) => counts.failed ?? 0, isTrouble: true },
];

/**
 * Device groups, each with its kinds of message below it, as a table: as many columns as the width takes, and no more than some twelve
 * rows. Where there are more parts, kinds are left out first.
 * @param width of a line, its indent included
 */
export function tableOfParts(parts: PartTotals, plan: Plan, width: number): string[] {
  const all = rowsOf(parts, plan);
  if (all.length === 0) return [];
  const isFlat = all.every(({ isKind }) => isKind);
  const rows = all.length > maxRows && !isFlat ? all.filter(({ isKind }) => !isKind) : all;
  const shown = rows.slice(0, maxRows);
  const has = ({ of, isTrouble }: Column) =>
    isTrouble === undefined
      ? rows.some((row) => of(row) !== undefined)
      : rows.some((row) => (of(row) ?? 0) > 0);
  const table = [
    [isFlat ? '  kinds' : '  groups', ...columns.filter(has).map(({ heading }) => heading)],
    ...shown.map((row) => [
      `${row.isKind && !isFlat ? '    ' : '  '}${row.name}`,
      ...columns.filter(has).map(({ of }) => {
        const count = of(row);
        return count === undefined ? '–' : formatCount(count);
      }),
    ]),
  ];
  const more = rows.length - shown.length;
  return [...layOutFirst(table, width), ...(more > 0 ? [`  and ${formatCount(more)} more`] : [])];
}

/** The columns from the left that the width takes. */
function layOutFirst(table: readonly (readonly string[])[], width: number): string[] {
  for (let count = table[0]!.length; count > 1; count--) {
    const lines = layOutColumns(table.map((row) => row.slice(0, count)));
    if (lines.every((line) => line.length <= width)) return lines;
  }
  return [];
}

function rowsOf({ groups, kinds }: PartTotals, plan: Plan): PartRow[] {
  return groupsOf(plan).flatMap((each): PartRow[] => {
    const { group, profile } = each;
    const isScheduled = profile.users === undefined;
    const ofKinds = kindsOf(each).flatMap((kind): PartRow[] =>
      kind.kind === undefined
        ? []
        : [
            {
              name: kind.kind,
              isKind: true,
              planned: intendedOf(kind),
              acknowledged: isAcknowledged(kind),
              counts: {
                arrivals: 0,
                ...kinds.find((live) => live.kind === kind.kind && live.group === group),
              },
            },
          ],
    );
    if (group === undefined) return ofKinds;
    const own: PartRow = {
      name: group,
      isKind: false,
      devices: profile.devices,
      planned: isScheduled ? intendedOfGroup(each) : undefined,
      acknowledged: kindsOf(each).some(isAcknowledged),
      counts: {
        ...groups.find((live) => live.group === group),
        ...(ofKinds.length > 0 && { arrivals: sumBy(ofKinds, ({ counts }) => counts.arrivals ?? 0) }),
      },
    };
    return [own, ...ofKinds];
  });
}
