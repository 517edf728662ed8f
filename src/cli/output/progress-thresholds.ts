import type { RunTotals } from '../../live/run-totals.ts';
import type { Plan } from '../../plan/plan.ts';
import {
  parseThresholdExpression,
  satisfies,
  type ThresholdExpression,
  type ThresholdOperator,
} from '../../profile/threshold-expression.ts';
import {
  type CounterMetric,
  splitSelector,
  type ThresholdMetric,
  thresholdMetricOf,
} from '../../profile/threshold-metrics.ts';
import { formatCount, formatValue } from '../../shared/format.ts';

/** How the thresholds of a run stand. */
export interface LiveThresholds {
  /** Those that do not hold so far, each with its value; then how many hold. */
  readonly figures: readonly string[];
  readonly hasFailed: boolean;
}

/** A threshold that asks for little: one that asks for much says nothing before the end. */
const upperBounds: readonly ThresholdOperator[] = ['<', '<=', '==', '==='];
const equalities: readonly ThresholdOperator[] = ['==', '==='];

/**
 * The thresholds whose figures are known while a run goes on: upper bounds of counts of publishes, and of p99 of `end_to_end_latency`, of the
 * whole run. Undefined: there are none, or a search judges them by hold.
 */
export function liveThresholdsOf(totals: RunTotals, { profile }: Plan): LiveThresholds | undefined {
  if (profile.search !== undefined) return undefined;
  const all = Object.entries(profile.thresholds).flatMap(([name, list]) =>
    list.map(({ expression }) => ({
      name,
      text: expression,
      value: liveValueOf(name, expression, totals, profile),
    })),
  );
  const known = all.filter(({ value }) => value !== undefined);
  if (known.length === 0) return undefined;
  const failed = known.filter(({ value }) => !value!.holds);
  const holding = known.length - failed.length;
  const open = all.length - known.length;
  const others = [
    ...(holding > 0 ? [`✓ ${formatCount(holding)} ${holding === 1 ? 'holds' : 'hold'} so far`] : []),
    ...(open > 0 ? [`${formatCount(open)} known at the end`] : []),
  ];
  return {
    figures: [...failed.map(({ name, text, value }) => `✗ ${name} ${text}: ${value!.text}`), ...others],
    hasFailed: failed.length > 0,
  };
}

interface LiveValue {
  readonly text: string;
  readonly holds: boolean;
}

function liveValueOf(
  name: string,
  text: string,
  totals: RunTotals,
  profile: Plan['profile'],
): LiveValue | undefined {
  // Totals are of the whole run, not of a group, a kind of message or a status.
  if (splitSelector(name).metric !== name) return undefined;
  const metric = thresholdMetricOf(name);
  const expression = metric && parseThresholdExpression(text, metric);
  if (metric === undefined || expression === undefined || 'wrong' in expression) return undefined;
  if (expression.isSlope === true || !upperBounds.includes(expression.operator)) return undefined;
  if (name === 'end_to_end_latency') return latencyOf(expression, totals, profile);
  const value = isCounter(metric) ? countOf(metric, expression, totals) : undefined;
  if (value === undefined) return undefined;
  // What has to be reached is an upper bound only once it is passed.
  if (equalities.includes(expression.operator) && value < expression.value) return undefined;
  return { text: formatValue(value), holds: satisfies(expression, value) };
}

function latencyOf(
  expression: ThresholdExpression,
  { endToEndP99Ms }: RunTotals,
  { regions }: Plan['profile'],
): LiveValue | undefined {
  if (expression.percentile !== 99 || endToEndP99Ms === undefined) return undefined;
  const holds = satisfies(expression, endToEndP99Ms);
  // Of several Regions it is that of the slowest: the run's own is at most that.
  if (!holds && regions !== undefined) return undefined;
  return { text: `${formatValue(endToEndP99Ms)} ms`, holds };
}

function isCounter(metric: ThresholdMetric): metric is CounterMetric {
  return metric.kind === 'counter' && metric.isKnownAtEndOnly !== true;
}

function countOf(
  { counts, shareOf, less }: CounterMetric,
  { aggregation }: ThresholdExpression,
  totals: RunTotals,
): number | undefined {
  const { sent, dropped, throttled, failed, connectFailed } = totals;
  const known: Readonly<Record<string, number>> = {
    'messages.intended': sent + dropped,
    'messages.sent': sent,
    'messages.dropped': dropped,
    'messages.throttled': throttled,
    'messages.failed': failed,
    'devices.connectFailed': connectFailed,
  };
  const count = known[counts];
  if (count === undefined || less !== undefined) return undefined;
  if (aggregation === 'count') return count;
  const whole = known[shareOf];
  return whole === undefined || whole === 0 ? undefined : count / whole;
}
