import { leastSteadySteps } from '../plan/steady-time.ts';
import { centredRanks } from './centred-ranks.ts';
import { medianOf } from './median-interval.ts';
import { studentQuantile } from './student-t.ts';

/** How a figure changed over a run: a straight line through its values by time, and how well it is known. */
export interface Drift {
  /** A median over pairs of values: the unit of the figure, per hour. */
  readonly perHour: number;
  /** Between these bounds with the confidence that was asked for. */
  readonly low: number;
  readonly high: number;
  /** The median of the values, which shares of it refer to. */
  readonly level: number;
  /** The line at the first and at the last value. */
  readonly begin: number;
  readonly end: number;
}

/** With more from one value to the next, no number of values shows a slope. */
const mostCorrelation = 0.95;

/** A value of a figure in the course of a run. */
export interface TimedValue {
  readonly atHours: number;
  readonly value: number;
}

interface DriftOptions {
  /** That the interval has the slope; 0.95 unless given. */
  readonly confidence?: number;
  /** By how much a value may change and seem the same, in the unit of the figure; 0 unless given. */
  readonly resolution?: number;
}

/**
 * Sen's slope with the interval of Kendall's test: the median slope of all pairs of values, which single outliers do not move. Values that
 * follow each other resemble each other (a queue that filled is seen in several of them), so Kendall's variance is multiplied by what the ranks'
 * correlation from one to the next makes of it, and the quantile is Student's of as many values as were independent of each other.
 *
 * @param values in the order of time, no two at the same
 * @returns undefined for fewer than `leastSteadySteps`
 * @see Sen, Estimates of the regression coefficient based on Kendall's tau, 1968
 * @see Bayley and Hammersley, The effective number of independent observations in an autocorrelated time series, 1946
 */
export function driftOf(
  values: readonly TimedValue[],
  { confidence = 0.95, resolution = 0 }: DriftOptions = {},
): Drift | undefined {
  const n = values.length;
  if (n < leastSteadySteps) return undefined;
  const slopes = slopesOf(values);
  const pairs = slopes.length;
  const perHour = (slopes[(pairs - 1) >> 1]! + slopes[pairs >> 1]!) / 2;
  const levels = values.map(({ value }) => value);
  const left = values.map(({ atHours, value }) => value - perHour * atHours);
  const alike = inflation(left);
  const quantile = studentQuantile((1 - confidence) / 2, Math.max(1, n / alike - 2));
  const reach = quantile * Math.sqrt(kendallVariance(levels) * alike);
  const [first, last] = [values[0]!.atHours, values.at(-1)!.atHours];
  const unseen = resolution / (last - first);
  const origin = medianOf(left);
  return {
    perHour,
    low: slopes[Math.max(0, Math.floor((pairs - reach) / 2))]! - unseen,
    high: slopes[Math.min(pairs - 1, Math.ceil((pairs + reach) / 2))]! + unseen,
    level: medianOf(levels),
    begin: origin + perHour * first,
    end: origin + perHour * last,
  };
}

/** Of all pairs of values, ascending. */
function slopesOf(values: readonly TimedValue[]): Float64Array {
  const slopes = new Float64Array((values.length * (values.length - 1)) / 2);
  let pair = 0;
  for (let i = 0; i < values.length; i++) {
    for (let j = i + 1; j < values.length; j++) {
      slopes[pair++] = (values[j]!.value - values[i]!.value) / (values[j]!.atHours - values[i]!.atHours);
    }
  }
  return slopes.sort();
}

/** Of Kendall's S of exchangeable values, ties counted. */
function kendallVariance(values: readonly number[]): number {
  const ties = new Map<number, number>();
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1);
  let sum = term(values.length);
  for (const count of ties.values()) sum -= term(count);
  return sum / 18;
}

function term(n: number): number {
  return n * (n - 1) * (2 * n + 5);
}

/**
 * By how much values that follow each other and are alike widen the distribution of S: (1 + r) / (1 − r) of the correlation r from one value
 * to the next, of which a sample of n shows (1 + 4r) / n too little where a line was taken off. At least 1. @param values without their slope
 */
function inflation(values: readonly number[]): number {
  const ranks = centredRanks(values);
  const n = ranks.length;
  const square = ranks.reduce((sum, rank) => sum + rank * rank, 0);
  if (square === 0) return 1;
  let product = 0;
  for (let i = 1; i < n; i++) product += ranks[i - 1]! * ranks[i]!;
  const r = Math.min(mostCorrelation, Math.max(0, (product / square + 1 / n) / (1 - 4 / n)));
  return (1 + r) / (1 - r);
}
