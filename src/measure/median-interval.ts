/** A confidence interval of the median that the values were drawn around. */
export interface MedianInterval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** 0–1, exact for values drawn independently of one continuous distribution: at least what was asked for, where the values suffice. */
  readonly confidence: number;
}

/** @param values at least one */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * By order statistics: the true median lies between the kth smallest and the kth largest of n values with probability
 * 1 − 2·P(Bin(n, ½) < k). It assumes nothing of their distribution. The largest k that is still confident enough is taken; of fewer
 * values than that takes (6 for 95 %), the interval is their range, and `confidence` says how little that is: 94 % of 5, 75 % of 3, 0 of 1.
 * @param values at least one
 * @param confidence 0–1
 */
export function medianInterval(values: readonly number[], confidence = 0.95): MedianInterval {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const confidenceOf = (k: number) => 1 - 2 * binomialBelow(k, n);
  let k = 1;
  while (2 * (k + 1) <= n && confidenceOf(k + 1) >= confidence) k++;
  return {
    median: medianOf(sorted),
    low: sorted[k - 1]!,
    high: sorted[n - k]!,
    confidence: Math.max(0, confidenceOf(k)),
  };
}

/** P(Bin(n, ½) < k) */
function binomialBelow(k: number, n: number): number {
  let term = 2 ** -n;
  let sum = 0;
  for (let i = 0; i < k; i++) {
    sum += term;
    term *= (n - i) / (i + 1);
  }
  return sum;
}
