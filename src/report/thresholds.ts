import { LatencyHistogram } from '../measure/latency-histogram.ts';
import type { LatencyName } from '../measure/latency-names.ts';
import type { CountsByReason } from '../measure/reason-counts.ts';
import type { Thresholds } from '../profile/load-profile.ts';
import { slopeOf } from '../profile/slope-thresholds.ts';
import {
  parseThresholdExpression,
  satisfies,
  type ThresholdExpression,
} from '../profile/threshold-expression.ts';
import {
  type CounterMetric,
  cloudWatchPrefix,
  type GaugeMetric,
  isStatusOf,
  partKeyOf,
  splitSelector,
  type ThresholdMetric,
  thresholdMetricOf,
} from '../profile/threshold-metrics.ts';
import {
  type CountedParts,
  counterRange,
  exactly,
  isTrueOfAll,
  isTrueOfNone,
  type ValueRange,
} from './counter-range.ts';
import { type DriftReport, percentPerHour } from './drift-report.ts';
import { type CloudWatchView, cloudWatchSum } from './explanation.ts';
import { latencyOf, latencyRange } from './latency-range.ts';
import type { Rates, Report, ThresholdResult } from './report-model.ts';

/** Everything a threshold may judge. */
export interface Measured {
  readonly latencies: Readonly<Record<LatencyName, LatencyHistogram>>;
  /** Of what had not ended when it was measured, the least that it can come to. Absent: all had. */
  readonly overdue?: Overdue | undefined;
  /** Of requests, how long answers took, by status. */
  readonly statuses?: ReadonlyMap<number, LatencyHistogram> | undefined;
  /** The parts of the report that counter metrics name by path. */
  readonly counts: CountedParts;
  readonly rates: Rates;
  /** The parts of the report that gauges name by path. */
  readonly gauges: GaugedParts;
  readonly cloudwatch: CloudWatchView;
  /** What thresholds about slopes judge; absent: nothing is known of any. */
  readonly drift?: DriftReport | undefined;
  /** By `partKeyOf`: what a threshold with a selector judges. */
  readonly parts: Readonly<Record<string, MeasuredPart>>;
}

/** What is measured of a device group, or of a kind of message. */
export interface MeasuredPart extends Pick<Measured, 'counts' | 'rates' | 'overdue'> {
  /** What is not measured of the part is absent. */
  readonly latencies: Partial<Measured['latencies']>;
  /** Why publishes were never sent. */
  readonly droppedBy: CountsByReason;
}

export type Overdue = Readonly<Partial<Record<LatencyName, LatencyHistogram>>>;

/** A value that is not known yet is absent. */
export type GaugedParts = Partial<Pick<Report, 'rates' | 'generator' | 'cost' | 'storms' | 'connects'>>;

/** In the profile's order. A threshold that cannot be evaluated, or whose value is not known well enough, fails. */
export function evaluateThresholds(thresholds: Thresholds, measured: Measured): ThresholdResult[] {
  return Object.entries(thresholds).flatMap(([metric, list]) =>
    list.map(({ expression, isDefault }) => ({
      ...evaluate(metric, expression, measured),
      ...(isDefault === undefined ? {} : { isDefault }),
    })),
  );
}

function evaluate(name: string, text: string, measured: Measured): ThresholdResult {
  const metric = thresholdMetricOf(name);
  const expression = metric === undefined ? undefined : parseThresholdExpression(text, metric);
  if (metric === undefined || expression === undefined || 'wrong' in expression) {
    return { metric: name, expression: text, actual: null, passed: false };
  }
  if (expression.isSlope === true) return judgeSlope(name, text, expression, measured.drift);
  const range = measure(name, metric, expression, measured);
  if (range === null) return { metric: name, expression: text, actual: null, passed: false };
  const { atLeast, atMost } = range;
  if (atLeast === atMost) {
    return { metric: name, expression: text, actual: atLeast, passed: satisfies(expression, atLeast) };
  }
  return {
    metric: name,
    expression: text,
    actual: null,
    passed: isTrueOfAll(expression, range),
    range: { atLeast, atMost: Number.isFinite(atMost) ? atMost : null },
    ...(isTrueOfAll(expression, range) || isTrueOfNone(expression, range)
      ? {}
      : { isUndecided: true as const }),
  };
}

/** The slope has to satisfy its threshold wherever in its interval it lies: a run that is too short for that has not shown it. */
function judgeSlope(
  name: string,
  text: string,
  expression: ThresholdExpression,
  drift: DriftReport | undefined,
): ThresholdResult {
  const slope = slopeOf(name, text);
  const figure = drift?.figures.find(
    ({ metric, aggregation }) => metric === slope?.metric && aggregation === slope.aggregation,
  );
  const percent = figure && percentPerHour(figure);
  if (percent == null) return { metric: name, expression: text, actual: null, passed: false };
  const range = { atLeast: percent.low, atMost: percent.high };
  const isDecided = isTrueOfAll(expression, range) || isTrueOfNone(expression, range);
  return {
    metric: name,
    expression: text,
    actual: percent.perHour,
    passed: isTrueOfAll(expression, range),
    range,
    ...(isDecided ? {} : { isUndecided: true as const }),
  };
}

function measure(
  name: string,
  metric: ThresholdMetric | CounterMetric | GaugeMetric,
  expression: ThresholdExpression,
  measured: Measured,
): ValueRange | null {
  const { metric: base, status } = splitSelector(name);
  if (status !== undefined) return exactly(ofStatus(status, metric, expression, measured));
  const { gauges, cloudwatch } = measured;
  const key = partKeyOf(splitSelector(name));
  const judged = key === '' ? measured : measured.parts[key];
  if (judged === undefined) return null;
  const { latencies, counts, rates } = judged;
  switch (metric.kind) {
    case 'latency':
      return latencyRange(
        latencies[base as LatencyName] ?? new LatencyHistogram(),
        judged.overdue?.[base as LatencyName],
        expression,
      );
    case 'counter':
      return counterRange(metric as CounterMetric, expression.aggregation === 'count', counts);
    case 'throughput':
      return exactly(rates.throughputPerSecond);
    case 'gauge':
      return exactly(gaugeAt(gauges, (metric as GaugeMetric).reads));
    case 'cloudwatch':
      return exactly(cloudWatchSum(cloudwatch, name.slice(cloudWatchPrefix.length)));
  }
}

/** Of answers with this status: how long they took, how many they are, or which share of what was sent. */
function ofStatus(
  status: string,
  { kind }: ThresholdMetric,
  expression: ThresholdExpression,
  { statuses = new Map(), counts }: Measured,
): number | null {
  const all = new LatencyHistogram();
  for (const [each, histogram] of statuses) if (isStatusOf(status, each)) all.merge(histogram);
  if (kind === 'latency') return latencyOf(all, expression);
  if (expression.aggregation === 'count') return all.count;
  const { sent } = counts.messages;
  return sent > 0 ? all.count / sent : null;
}

/** `generator.startLagMs` */
function gaugeAt(gauges: GaugedParts, path: string): number | null {
  const [group, field] = path.split('.') as [keyof GaugedParts, string];
  const value = (gauges[group] as unknown as Readonly<Record<string, unknown>> | undefined)?.[field];
  return typeof value === 'number' ? value : null;
}
