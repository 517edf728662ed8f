import { publishCounters } from '../measure/message-counters.ts';
import { ofEach } from '../shared/counts.ts';

/** What slices report as sums over the run so far. */
export const summed = [...publishCounters, 'connects', 'connectFailed'] as const;
export type Sum = (typeof summed)[number];

export function noSums(): Record<Sum, number> {
  return ofEach(summed, () => 0);
}

/** Sums of one device group so far. Arrivals are not in it: the reader counts them by batch, and a batch has messages of any group. */
export type LiveGroup = Readonly<Record<Sum, number>> & { readonly group: string };

/** What is summed of a kind of message. */
export const summedByKind = [...publishCounters, 'arrivals'] as const;

/** Counts of one kind of message: what was added, or sums so far. */
export type LiveKind = Readonly<Record<(typeof summedByKind)[number], number>> & {
  /** Its device group; undefined where the profile names none. */
  readonly group?: string | undefined;
  readonly kind: string;
};

/** Of all device groups and kinds of message that were reported; each empty where the profile names none. */
export interface PartTotals {
  readonly groups: readonly LiveGroup[];
  readonly kinds: readonly LiveKind[];
}

/** Adds up what slices and the reader report of each device group and each kind of message. */
export class LiveParts {
  readonly #groups = new Map<string, Record<Sum, number>>();
  /** By group and kind. */
  readonly #kinds = new Map<string, LiveKind>();

  addGroup(group: string, report: Readonly<Record<Sum, number>>): void {
    const sums = this.#groups.get(group) ?? noSums();
    for (const sum of summed) sums[sum] += report[sum];
    this.#groups.set(group, sums);
  }

  addKind({ group, kind, ...counts }: LiveKind): void {
    const key = `${group ?? ''}/${kind}`;
    const before = this.#kinds.get(key);
    const sums = ofEach(summedByKind, (name) => (before?.[name] ?? 0) + counts[name]);
    this.#kinds.set(key, { group, kind, ...sums });
  }

  /** In the order in which they were first reported. */
  groups(): readonly LiveGroup[] {
    return [...this.#groups].map(([group, sums]) => ({ group, ...sums }));
  }

  /** The same. */
  kinds(): readonly LiveKind[] {
    return [...this.#kinds.values()];
  }
}
