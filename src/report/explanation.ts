import type { Reconciliation } from './usage-model.ts';

/** CloudWatch's counts for the run. */
export interface CloudWatchView {
  /** By metric (`PublishIn.Success`); empty where there is no data yet. */
  readonly sums: Readonly<Record<string, number>>;
  /** The metrics that were queried: one without a sum is 0, for CloudWatch has no series before the first event. */
  readonly requested: readonly string[];
}

/** Null: not queried, or CloudWatch has no data at all. */
export function cloudWatchSum({ sums, requested }: CloudWatchView, metric: string): number | null {
  const known = sums[metric];
  if (known !== undefined) return known;
  return requested.includes(metric) && Object.keys(sums).length > 0 ? 0 : null;
}

/** Something that makes CloudWatch count more than the run does, or less where the count is negative. */
export interface Explanation {
  readonly count: number;
  /** Text after its count. */
  readonly why: string;
  /** True: the run's counts prove the number. False: it is an upper bound, and may be none. */
  readonly isCertain: boolean;
}

export const certain = (count: number, why: string): Explanation => ({ count, why, isCertain: true });
export const possible = (count: number, why: string): Explanation => ({ count, why, isCertain: false });

/** The certain ones are there in full; the others are taken in their order, each up to its count, while something is left. */
export function explain(
  difference: number,
  reasons: readonly Explanation[],
): Pick<Reconciliation, 'difference' | 'explanations' | 'unexplained'> {
  let rest = difference;
  const explanations: Explanation[] = [];
  const take = (explanation: Explanation, count: number): void => {
    if (count === 0) return;
    explanations.push({ ...explanation, count });
    rest -= count;
  };
  for (const each of reasons) if (each.isCertain) take(each, each.count);
  for (const each of reasons) {
    if (each.isCertain || Math.sign(each.count) !== Math.sign(rest)) continue;
    take(each, Math.sign(rest) * Math.min(Math.abs(rest), Math.abs(each.count)));
  }
  return { difference, explanations, unexplained: rest };
}

export function ofDeadSlices(
  count: number,
  what: 'publishes' | 'connects' | 'echoes' | 'deliveries',
  done: string,
): Explanation {
  return possible(count, `that may be ${what} which slices that died had ${done} and not recorded`);
}
