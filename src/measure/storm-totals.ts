import type { LiveAction } from '../plan/actions/action.ts';
import type { Plan } from '../plan/plan.ts';
import { plannedStormsOf, type Storm, stormsOfAction } from '../plan/storms.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { ConnectSeries, SliceResult } from './slice-result.ts';

/** The outcome of a storm: the sums of the slices of its group. */
export interface RunStorm {
  readonly storm: Storm;
  /** Devices that were connected when it began. */
  readonly disconnected: number;
  /** Attempts of its devices to connect, until each was back. */
  readonly attempts: number;
  /** From the disconnect until a device was connected again; one sample for each that was. */
  readonly recovery: LatencyHistogram;
  /** Messages of its devices that were due before the device was back: sent after that, or dropped because it was not. */
  readonly delayed: number;
  readonly dropped: number;
}

/** Epoch seconds: from the first up to, and without, the last. */
export interface SecondRange {
  readonly from: number;
  readonly to: number;
}

/** Merges what slices stored of storms and of connects. Slices and actions come in any order. */
export class StormTotals {
  readonly #plan: Plan;
  readonly #seconds: SecondRange;
  readonly #storms: Storm[];
  /** By group and instant. */
  readonly #counts = new Map<string, Omit<RunStorm, 'storm'>>();
  readonly #offered = new Map<number, number>();
  readonly #granted = new Map<number, number>();

  /** @param seconds that connects are counted in; what lies outside is in no series */
  constructor(plan: Plan, seconds: SecondRange) {
    this.#plan = plan;
    this.#seconds = seconds;
    this.#storms = plannedStormsOf(plan);
  }

  addAction(action: LiveAction): void {
    this.#storms.push(...stormsOfAction(this.#plan, action));
  }

  /** @param group number of the slice's group @throws {CorruptMeasurementError} */
  addSlice(group: number, { storms = [], connects }: SliceResult): void {
    for (const { at, disconnected, attempts, recovery, delayed, dropped } of storms) {
      const key = keyOf(group, at);
      const before = this.#counts.get(key);
      const merged = before?.recovery ?? new LatencyHistogram();
      merged.mergeEncoded(recovery);
      this.#counts.set(key, {
        disconnected: disconnected + (before?.disconnected ?? 0),
        attempts: attempts + (before?.attempts ?? 0),
        recovery: merged,
        delayed: delayed + (before?.delayed ?? 0),
        dropped: dropped + (before?.dropped ?? 0),
      });
    }
    if (connects === undefined) return;
    this.#addSeconds(this.#offered, connects.startSecond, connects.offered);
    this.#addSeconds(this.#granted, connects.startSecond, connects.granted);
  }

  /** In the order of time: storms of the plan or of its actions that a slice has carried out. Undefined: there are none. */
  storms(): readonly RunStorm[] | undefined {
    const storms = this.#storms
      .toSorted((a, b) => a.at - b.at)
      .flatMap((storm) => {
        const counts = this.#counts.get(keyOf(storm.group.number, storm.at));
        return counts === undefined ? [] : [{ storm, ...counts }];
      });
    return storms.length === 0 ? undefined : storms;
  }

  #addSeconds(sums: Map<number, number>, startSecond: number, counts: readonly number[]): void {
    const { from, to } = this.#seconds;
    for (const [i, count] of counts.entries()) {
      const second = Math.floor(startSecond) + i;
      if (second >= from && second < to) sums.set(second, (sums.get(second) ?? 0) + count);
    }
  }

  /** Of the whole run. Undefined: no slice has reported any. */
  connects(): ConnectSeries | undefined {
    const seconds = [...this.#offered.keys()];
    if (seconds.length === 0) return undefined;
    const startSecond = seconds.reduce((least, second) => Math.min(least, second));
    const length = seconds.reduce((most, second) => Math.max(most, second)) - startSecond + 1;
    const listOf = (counts: ReadonlyMap<number, number>) =>
      Array.from({ length }, (_, i) => counts.get(startSecond + i) ?? 0);
    return {
      startSecond,
      offered: listOf(this.#offered),
      granted: listOf(this.#granted),
    };
  }
}

function keyOf(group: number, at: number): string {
  return `${group} ${at}`;
}
