/** One measured quantity. */
export interface Figure {
  /** What was measured, and of what: `CPU a message, TCP, QoS 1, 1,000 devices: dense`. */
  readonly name: string;
  /** Median of the rounds. */
  readonly value: number;
  readonly unit: Unit;
  /** Against what was measured beside it in the same run. */
  readonly ratios?: readonly Ratio[];
  readonly goal?: Goal;
  /** A note for the reader: `the broker was full`. */
  readonly note?: string;
}

export type Unit = 'µs' | 'ms' | 's' | '/s' | '/CPU s' | 'MB' | 'bytes' | 'cores' | 'devices' | '';

export interface Ratio {
  /** The reference: `device-sdk`. */
  readonly to: string;
  /** Median over the rounds of value ÷ reference's value, both of the same round. */
  readonly value: number;
  readonly goal?: Goal;
}

export type Goal = { readonly atMost: number } | { readonly atLeast: number };

export function isMet(goal: Goal, value: number): boolean {
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** The middle one, or the mean of the two in the middle. @throws {RangeError} without values */
export function medianOf(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('a median needs a value');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
