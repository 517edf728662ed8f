import type { Thresholds } from './load-profile.ts';
import { parseThresholdExpression } from './threshold-expression.ts';
import { thresholdMetricAliases, thresholdMetricOf } from './threshold-metrics.ts';

/** A threshold about the slope of a figure: where it stands in the profile, and the figure. */
export interface SlopeThreshold {
  readonly path: string;
  readonly metric: string;
  /** `p(99)`, `rate`, `value` */
  readonly aggregation: string;
  /** Of aggregation `p(N)`. */
  readonly percentile?: number;
}

/** In the profile's order. */
export function slopeThresholdsOf(thresholds: Thresholds): SlopeThreshold[] {
  return Object.entries(thresholds).flatMap(([name, list]) =>
    list.flatMap(({ expression }, i) => {
      const slope = slopeOf(name, expression);
      return slope === undefined ? [] : [{ path: `thresholds.${name}[${i}]`, ...slope }];
    }),
  );
}

/** The figure that a threshold is about the slope of; undefined: it is about a value. */
export function slopeOf(name: string, expression: string): Omit<SlopeThreshold, 'path'> | undefined {
  const metric = thresholdMetricOf(name);
  const parsed = metric && parseThresholdExpression(expression, metric);
  if (parsed === undefined || 'wrong' in parsed || parsed.isSlope !== true) return undefined;
  const percentile = parsed.aggregation === 'med' ? 50 : parsed.percentile;
  return {
    metric: thresholdMetricAliases[name] ?? name,
    ...(percentile === undefined
      ? { aggregation: parsed.aggregation === 'rate' ? 'rate' : 'value' }
      : { aggregation: `p(${percentile})`, percentile }),
  };
}
