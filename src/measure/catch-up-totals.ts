import type { CatchUpResult } from './catch-up-result.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** How the devices of one group caught up: the sums of its slices. */
export interface GroupCatchUp extends Omit<CatchUpResult, 'times'> {
  /** Number of the group. */
  readonly group: number;
  readonly times: LatencyHistogram;
}

/** Merges what slices stored of how their devices caught up. Slices come in any order. */
export class CatchUpTotals {
  readonly #groups = new Map<number, GroupCatchUp>();

  /** @param group number of the slice's group @throws {CorruptMeasurementError} */
  addSlice(group: number, { catchUp }: { readonly catchUp?: CatchUpResult }): void {
    if (catchUp === undefined) return;
    const { times: encoded, ...counts } = catchUp;
    const before = this.#groups.get(group);
    const times = before?.times ?? new LatencyHistogram();
    times.mergeEncoded(encoded);
    this.#groups.set(group, {
      group,
      times,
      resumed: counts.resumed + (before?.resumed ?? 0),
      unresumed: counts.unresumed + (before?.unresumed ?? 0),
      stored: counts.stored + (before?.stored ?? 0),
      interrupted: counts.interrupted + (before?.interrupted ?? 0),
      reordered: counts.reordered + (before?.reordered ?? 0),
      repeated: counts.repeated + (before?.repeated ?? 0),
    });
  }

  /** In the order of the groups; undefined: no group receives commands in sessions that outlive its connections. */
  totals(): readonly GroupCatchUp[] | undefined {
    if (this.#groups.size === 0) return undefined;
    return [...this.#groups.values()].toSorted((a, b) => a.group - b.group);
  }
}
