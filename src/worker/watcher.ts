import type { Control } from '../aws/control.ts';
import type { Metrics } from '../aws/metric-sums.ts';
import type { RunStore } from '../aws/run-store.ts';
import type { Ledger } from '../measure/ledger.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import type { Announcement, StoredAction } from '../plan/actions/action.ts';
import type { Plan } from '../plan/plan.ts';
import type { JudgedHold, SearchStep } from '../plan/search/judged-hold.ts';
import type { RepeatableControl, RunControl } from './run-control.ts';

export interface WatchDeps {
  readonly store: Pick<
    RunStore,
    'sliceResults' | 'arrivalWindows' | 'actions' | 'judgedHolds' | 'putJudgedHold'
  >;
  readonly control: Pick<Control, 'read'> & Pick<RunControl, 'issue' | 'requestStop'> & RepeatableControl;
  readonly metrics: Metrics;
  /** Judges a hold of a search by what slices and observers have stored so far. Undefined: not all of it is measured. */
  judgeHold(run: WatchedRun, step: SearchStep): Promise<JudgedHold | undefined>;
  /** Epoch milliseconds. */
  now(): number;
}

/** A run that goes on, as one look at it finds it. */
export interface WatchedRun {
  /** With the run's actions so far. */
  readonly plan: Plan;
  /** In the order in which they were stored; none of them is a stop. */
  readonly actions: readonly StoredAction[];
  /** Absent: nothing was announced. */
  readonly announced?: Announcement;
  /** Epoch milliseconds: the look began. */
  readonly now: number;
  /** Whether it is the last look that comes before the end of publishing. */
  readonly isLast: boolean;
  /** What slices have stored so far, and the ledger of it, without arrivals. */
  readSlices(): Promise<SlicesSoFar>;
}

export interface SlicesSoFar {
  readonly slices: readonly SliceResult[];
  /** Of `slices`. */
  readonly ledger: Ledger;
}

/**
 * One reason to look at a run while it goes on. A look keeps nothing in memory: what it has to know of earlier ones is in the run store.
 * @returns whether to look again
 */
export type Watcher = (run: WatchedRun, deps: WatchDeps) => Promise<boolean>;
