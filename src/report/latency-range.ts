import { LatencyHistogram } from '../measure/latency-histogram.ts';
import type { ThresholdExpression } from '../profile/threshold-expression.ts';
import { exactly, type ValueRange } from './counter-range.ts';

/**
 * A figure of latencies some of which have not ended: a message that has not arrived is at least as late as it is old, and may never
 * arrive.
 * @param overdue of each that has not ended, the least that it can come to; undefined: all have ended
 * @returns null where there is none
 */
export function latencyRange(
  measured: LatencyHistogram,
  overdue: LatencyHistogram | undefined,
  expression: ThresholdExpression,
): ValueRange | null {
  if (overdue === undefined || overdue.count === 0) return exactly(latencyOf(measured, expression));
  const atLeast = latencyOf(withOverdue(measured, overdue), expression);
  if (atLeast === null) return null;
  const { aggregation } = expression;
  if (aggregation === 'count') return exactly(measured.count);
  return { atLeast, atMost: Math.max(atLeast, latestOf(measured, overdue.count, expression)) };
}

/** As if each had ended as soon as it can. */
export function withOverdue(
  measured: LatencyHistogram,
  overdue: LatencyHistogram | undefined,
): LatencyHistogram {
  if (overdue === undefined || overdue.count === 0) return measured;
  const all = new LatencyHistogram();
  all.merge(measured);
  all.merge(overdue);
  return all;
}

/** As if none of them ever ended. */
function latestOf(
  measured: LatencyHistogram,
  overdue: number,
  { aggregation, percentile = 50 }: ThresholdExpression,
): number {
  if (aggregation === 'min' && measured.count > 0) return measured.percentileAt(0);
  if (aggregation !== 'p' && aggregation !== 'med') return Number.POSITIVE_INFINITY;
  const share = ((aggregation === 'med' ? 50 : percentile) / 100) * (1 - 2 ** -50);
  const rank = Math.max(1, Math.ceil(share * (measured.count + overdue)));
  return rank > measured.count
    ? Number.POSITIVE_INFINITY
    : measured.percentileAt((rank / measured.count) * 100);
}

export function latencyOf(
  histogram: LatencyHistogram,
  { aggregation, percentile = 0 }: ThresholdExpression,
): number | null {
  if (aggregation === 'count') return histogram.count;
  if (histogram.count === 0) return null;
  const { mean, min, max, p50 } = histogram.summary();
  switch (aggregation) {
    case 'p':
      return histogram.percentileAt(percentile);
    case 'avg':
      return mean;
    case 'min':
      return min;
    case 'max':
      return max;
    case 'med':
      return p50;
    case 'rate':
    case 'value':
      return null;
  }
}
