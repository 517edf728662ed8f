import type { Random } from '../shared/random.ts';
import { centredRanks } from './centred-ranks.ts';
import { medianOf } from './median-interval.ts';

/** Where the level of a series changed. */
export interface ChangePoint {
  /** The first value after the change: 1 … n − 1. */
  readonly at: number;
  /** How often values that did not change show as large a shift: 0–1. */
  readonly chance: number;
}

export interface ChangePointOptions {
  readonly random: Random;
  /** Share (0–1) of series without a change in which one is found, at most. */
  readonly falsePositives?: number;
}

/** Values before the first change, between two and after the last: fewer can be two outliers. */
const leastValues = 3;
const permutations = 1_999;
/** Share (0–1) of series without a change in which one is found, unless another is asked for. */
export const defaultFalsePositives = 0.01;

/**
 * Where the level of a series changed: the cumulative sum of ranks (Pettitt's statistic, weighted by √(k(n − k)) so that a late change
 * counts as an early one), judged by a permutation test, and then the same of both parts. Ranks make it indifferent to the distribution
 * and to single outliers. In a series of exchangeable values the chance of any change is at most `falsePositives`, because only a part
 * of a series that has one is searched further.
 *
 * Ten values are the fewest that 1 % can be shown with: five and five can be divided in 252 ways.
 * @param values in their order in time
 * @returns ascending
 */
export function findChangePoints(
  values: readonly number[],
  { random, falsePositives = defaultFalsePositives }: ChangePointOptions,
): ChangePoint[] {
  if (values.length < 2 * leastValues) return [];
  const ranks = centredRanks(values);
  const shift = largestShift(ranks);
  let asLarge = 1;
  for (let i = 0; i < permutations; i++) {
    shuffle(ranks, random);
    if (largestShift(ranks) >= shift * (1 - 1e-12)) asLarge++;
  }
  const chance = asLarge / (permutations + 1);
  if (chance > falsePositives) return [];
  const at = placeOfChange(values);
  const before = findChangePoints(values.slice(0, at), { random, falsePositives });
  const after = findChangePoints(values.slice(at), { random, falsePositives });
  return [...before, { at, chance }, ...after.map((each) => ({ ...each, at: each.at + at }))];
}

/** max over k of |r₁ + … + r_k| / √(k(n − k)) */
function largestShift(ranks: Float64Array): number {
  const n = ranks.length;
  let sum = 0;
  let shift = 0;
  for (let k = 1; k <= n - leastValues; k++) {
    sum += ranks[k - 1]!;
    if (k >= leastValues) shift = Math.max(shift, Math.abs(sum) / Math.sqrt(k * (n - k)));
  }
  return shift;
}

/** Where two medians fit the values best, by the sum of absolute deviations: ranks show whether there is a change, and not where. */
function placeOfChange(values: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY;
  let place = leastValues;
  for (let k = leastValues; k <= values.length - leastValues; k++) {
    const deviation = deviationOf(values.slice(0, k)) + deviationOf(values.slice(k));
    if (deviation < least) {
      least = deviation;
      place = k;
    }
  }
  return place;
}

function deviationOf(values: readonly number[]): number {
  const median = medianOf(values);
  return values.reduce((sum, value) => sum + Math.abs(value - median), 0);
}

/** Fisher and Yates, in place. */
function shuffle(values: Float64Array, random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
}
