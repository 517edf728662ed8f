/**
 * A latency in figures, milliseconds. Percentiles are right to 0.1 % or a microsecond, whichever is more; count, min,
 * mean and max are exact. All zero when nothing was measured.
 */
export interface LatencySummary {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** Samples below zero: clocks that are apart by more than the latency. They are part of every other figure. */
  readonly negative: number;
  /** Samples beyond ±1 h: percentiles count them as 1 h. */
  readonly beyondRange: number;
}
