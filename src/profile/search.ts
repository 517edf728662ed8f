import type { Aggregation } from './threshold-metrics.ts';

/** What a search varies. `rate`: messages a second. `users`: active users of a closed model. `connects`: devices a second that connect again. `devices`: those that are connected. */
export const searchedQuantities = ['rate', 'devices', 'connects', 'users'] as const;
export type SearchedQuantity = (typeof searchedQuantities)[number];

/**
 * How the levels of a search follow one another. `ramp-then-bisect`: doubled until an objective breaks, then halved between the two.
 * `steps`: each higher than the one before by `precision`, until an objective breaks.
 */
export const searchMethodNames = ['ramp-then-bisect', 'steps'] as const;
export type SearchMethodName = (typeof searchMethodNames)[number];

/** Far above what a run can send: only to catch slips of the keyboard. */
export const mostLevel = 10_000_000;
/** A finer one than noise allows; and the number of levels is bounded by it. */
export const leastPrecision = 0.001;
export const mostConfirm = 5;
/** A Lambda ends at 900 s. */
export const longestHoldMs = 900_000;

/** Between which levels a search looks: whole numbers, 1 ≤ `from` < `to`. */
export interface SearchRange {
  readonly of: SearchedQuantity;
  /** Absent: all device groups together. */
  readonly group?: string;
  readonly from: number;
  readonly to: number;
  /** What the profile's own load is at its peak, in the unit of `of`. Absent: the profile has no load of its own. */
  readonly planned?: number;
  /** Of a search of devices: how many a second are connected until a level has all of its devices. */
  readonly connectsPerSecond?: number;
}

/** Finds the highest level at which the profile's thresholds hold. */
export interface CapacitySearch extends SearchRange {
  readonly kind: 'capacity';
  readonly method: SearchMethodName;
  /** From a change of the level until a hold may begin. */
  readonly settleMs: number;
  /** How long a level is held and measured: whole seconds. */
  readonly holdMs: number;
  /** The first failing level is above the highest passing one by at most this share of it, or by 1. */
  readonly precision: number;
  /** Of the highest passing and of the first failing step: so many holds with the same outcome, at least 1. */
  readonly confirm: number;
}

/** Finds and keeps the level at which a latency has a value. A level is held for one interval after the other, and changes between them. */
export interface ObjectiveSearch extends SearchRange {
  readonly kind: 'objective';
  /** A latency, by its name in thresholds, with its selector. */
  readonly metric: string;
  readonly aggregation: Aggregation;
  /** Only with aggregation `p`: 0–100. */
  readonly percentile?: number;
  /** The value to keep, milliseconds. */
  readonly at: number;
  /** How long the load lasts. */
  readonly forMs: number;
  /** From a change of the level until an interval may begin. */
  readonly settleMs: number;
  /** An interval in which the metric is measured: whole seconds. */
  readonly holdMs: number;
  /** The metric counts as kept within this share of `at`, above and below. */
  readonly precision: number;
}

export type SearchSettings = CapacitySearch | ObjectiveSearch;
