import { type Aggregation, type ThresholdMetric, thresholdMetrics } from './threshold-metrics.ts';

/** Aggregations that a slope of this metric is known of; empty: none is. */
export function slopesOf({ kind, hasSlope }: ThresholdMetric): readonly Aggregation[] {
  if (hasSlope !== true) return [];
  return kind === 'latency' ? ['p', 'med'] : kind === 'counter' ? ['rate'] : ['value'];
}

/** Metrics whose slopes are known. */
export function slopeMetricNames(): string[] {
  const all: readonly (readonly [string, ThresholdMetric])[] = Object.entries(thresholdMetrics);
  return all.filter(([, { hasSlope }]) => hasSlope === true).map(([name]) => name);
}

/** What is wrong with the slope of an expression, or with its unit. @param groups of the grammar of thresholds */
export function checkSlope(
  text: string,
  { slope, unit, word, operator, value }: Readonly<Record<string, string | undefined>>,
  metric: ThresholdMetric,
): { readonly wrong: string; readonly hint: string } | undefined {
  if (slope === undefined) {
    if (unit === undefined) return undefined;
    return {
      wrong: `"${text}" has the unit of a slope, and is none`,
      hint: `leave out %/h, or judge the slope: "${slopeExampleOf(metric)}"`,
    };
  }
  const allowed = slopesOf(metric);
  if (allowed.length === 0) {
    return {
      wrong: `"${text}" is about a slope, and this metric (${metric.help}) is not measured by time`,
      hint: `slopes are known of ${slopeMetricNames().join(', ')}`,
    };
  }
  if (word !== undefined && !allowed.includes(word as Aggregation)) {
    const spelled = allowed.map((name) => (name === 'p' ? 'p(N)' : name)).join(' and ');
    return {
      wrong: `the slope of "${word}" is not known`,
      hint: `of this metric the slopes of ${spelled} are, such as "${slopeExampleOf(metric)}"`,
    };
  }
  if (unit !== undefined) return undefined;
  return {
    wrong: `"${text}" does not say in which unit its slope is`,
    hint: `write percent an hour: "${text.trim().slice(0, text.trim().indexOf('slope') + 5)}${operator}${value}%/h"`,
  };
}

function slopeExampleOf(metric: ThresholdMetric): string {
  switch (metric.kind) {
    case 'counter':
      return 'rate.slope<0.1%/h';
    case 'gauge':
      return 'value.slope<1%/h';
    default:
      return 'p(99).slope<1%/h';
  }
}
