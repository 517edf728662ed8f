import { ofEach } from '../shared/counts.ts';
import { type CountsByReason, ReasonCounts } from './reason-counts.ts';
import type { SliceResult } from './slice-result.ts';

const names = ['failedBy', 'connectFailedBy', 'disconnectedBy', 'echoRefusedBy'] as const;

/** Why things went wrong, by the slices' own records. */
export type FailureReasons = Readonly<Record<(typeof names)[number], CountsByReason>>;

type Counters = Readonly<Record<(typeof names)[number], ReasonCounts>>;

/** Adds up why things went wrong, in the run and in each of its groups. Slices come in any order. */
export class FailureTotals {
  readonly #run = makeCounters();
  /** By number of the group. */
  readonly #groups = new Map<number, Counters>();

  /** @param group number of the slice's group */
  addSlice(group: number, result: SliceResult): void {
    const own = this.#groups.get(group) ?? makeCounters();
    this.#groups.set(group, own);
    for (const name of names)
      for (const counters of [this.#run, own]) counters[name].addAll(result[name] ?? {});
  }

  totals(): FailureReasons {
    return countsOf(this.#run);
  }

  ofGroup(group: number): FailureReasons {
    return countsOf(this.#groups.get(group) ?? makeCounters());
  }
}

function makeCounters(): Counters {
  return ofEach(names, () => new ReasonCounts());
}

function countsOf(counters: Counters): FailureReasons {
  return ofEach(names, (name) => counters[name].counts());
}
