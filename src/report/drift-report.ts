import { driftOf } from '../measure/drift.ts';
import { percentileWithin } from '../measure/latency-buckets.ts';
import { type TimedLatencyName, timedLatencyNames } from '../measure/latency-names.ts';
import type { LatencySeries } from '../measure/latency-series.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import type { Plan } from '../plan/plan.ts';
import { leastSteadySteps, type SteadyTime, steadyTimeOf } from '../plan/steady-time.ts';
import { slopeThresholdsOf } from '../profile/slope-thresholds.ts';

/** Whether figures changed over the run, in the time of it that one rate was planned for. */
export interface DriftReport {
  /** Planned messages a second in the time that counts, of all groups. */
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly secondsPerStep: number;
  /** Of each interval: so high that, of a steady run, no interval misses 0 with a probability of 0.95. */
  readonly confidence: number;
  /** Empty: there was too little time at one rate. */
  readonly figures: readonly FigureDrift[];
}

/** A straight line through a figure by time. */
export interface FigureDrift {
  /** As a threshold names it. */
  readonly metric: TimedLatencyName | 'lost_messages' | 'dropped_messages' | 'memory';
  /** `p(99)`; the share of messages that were sent, or due: `rate`; bytes of a slice's process: `value`. */
  readonly aggregation: string;
  readonly unit: 'ms' | 'share' | 'bytes';
  /** Steps that have a value. */
  readonly steps: number;
  /** The median of their values, and the line at the first and at the last of them. */
  readonly level: number;
  readonly begin: number;
  readonly end: number;
  /** The slope, and the interval that has it with `confidence`: the unit of the figure per hour. */
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
}

/** What a figure was in a step of the run. */
interface StepValue {
  readonly value: number;
  /** By how much it may change and seem the same. */
  readonly resolution: number;
}

type Figure = Pick<FigureDrift, 'metric' | 'aggregation' | 'unit'> & {
  /** @param from epoch seconds @param to not included; null: nothing was measured */
  readonly read: (from: number, to: number) => StepValue | null;
};

const chanceOfAny = 0.05;

/**
 * @returns undefined for a run with too little time at one rate, unless a threshold is about a slope; and for a search, which changes the
 * rate by itself
 */
export function driftReportOf(plan: Plan, ledger: RunLedger): DriftReport | undefined {
  if (plan.profile.search !== undefined) return undefined;
  const time = steadyTimeOf(plan, ledger.stoppedOn?.at);
  const asked = slopeThresholdsOf(plan.profile.thresholds);
  const { ratePerSecond, seconds, secondsPerStep } = time;
  const measured =
    time.steps.length < leastSteadySteps
      ? []
      : figuresOf(ledger, asked).map((figure) => seriesOf(figure, time));
  const known = measured.filter(({ values }) => values.length >= leastSteadySteps);
  if (known.length === 0 && asked.length === 0) return undefined;
  const confidence = 1 - chanceOfAny / Math.max(1, known.length);
  const figures = known.flatMap(({ figure, values, resolution }): FigureDrift[] => {
    const drift = driftOf(values, { confidence, resolution });
    if (drift === undefined) return [];
    const { metric, aggregation, unit } = figure;
    const { level, begin, end, perHour, low, high } = drift;
    const line = { level, begin, end, perHour, low, high };
    const rounded = Object.entries(line).map(([name, value]) => [name, Number(value.toPrecision(6))]);
    return [
      { metric, aggregation, unit, steps: values.length, ...(Object.fromEntries(rounded) as typeof line) },
    ];
  });
  return { ratePerSecond, seconds, secondsPerStep, confidence: Number(confidence.toPrecision(6)), figures };
}

function seriesOf(figure: Figure, { steps, secondsPerStep }: SteadyTime) {
  const known = steps.flatMap((from) => {
    const step = figure.read(from, from + secondsPerStep);
    return step === null ? [] : [{ ...step, atHours: from / 3_600 }];
  });
  return { figure, values: known, resolution: Math.max(0, ...known.map(({ resolution }) => resolution)) };
}

/** Those that every run has, and those that its thresholds are about. */
function figuresOf(ledger: RunLedger, asked: ReturnType<typeof slopeThresholdsOf>): Figure[] {
  const latencies = timedLatencyNames.flatMap((name) => {
    if (ledger.latencies[name].count === 0) return [];
    const more = asked.filter(({ metric }) => metric === name).map(({ percentile = 50 }) => percentile);
    const percentiles = [...new Set([50, 99, ...more])].sort((a, b) => a - b);
    return percentiles.map((percentile) => latencyFigure(name, percentile, ledger.latencySeries[name]));
  });
  const { memory } = ledger;
  return [
    ...latencies,
    ...lossFigures(ledger),
    {
      metric: 'memory',
      aggregation: 'value',
      unit: 'bytes',
      read: (from, to) => exact(memory.meanBetween(from, to)),
    },
  ];
}

function latencyFigure(metric: TimedLatencyName, percentile: number, series: LatencySeries): Figure {
  return {
    metric,
    aggregation: `p(${percentile})`,
    unit: 'ms',
    read: (from, to) => {
      const found = percentileWithin(series.countsBetween(from, to), percentile / 100);
      return found === undefined ? null : { value: found.ms, resolution: found.resolutionMs };
    },
  };
}

/**
 * By time it is known how many messages were due, were sent and arrived in a step, and not which: a message that is in flight between two
 * steps counts in the second. Where nothing is missing of the whole run, nothing is missing in any step.
 */
function lossFigures({ messages, observers, perSecond }: RunLedger): Figure[] {
  const { startSecond, secondsPerStep = 1, intended, sent, arrivals } = perSecond;
  const sumBetween = (counts: readonly number[], from: number, to: number) => {
    let sum = 0;
    const end = (to - startSecond) / secondsPerStep;
    for (let i = (from - startSecond) / secondsPerStep; i < end; i++) sum += counts[i] ?? 0;
    return sum;
  };
  const missing =
    (count: number, whole: readonly number[], rest: readonly number[]): Figure['read'] =>
    (from, to) => {
      const of = sumBetween(whole, from, to);
      if (of === 0) return null;
      return exact(count === 0 ? 0 : (of - sumBetween(rest, from, to)) / of);
    };
  const [primary] = Object.values(observers);
  return [
    ...(primary !== undefined && primary.due === messages.sent && messages.sent > 0
      ? [shareFigure('lost_messages', missing(messages.lost, sent, arrivals))]
      : []),
    shareFigure('dropped_messages', missing(messages.dropped, intended, sent)),
  ];
}

function shareFigure(metric: FigureDrift['metric'], read: Figure['read']): Figure {
  return { metric, aggregation: 'rate', unit: 'share', read };
}

function exact(value: number | null): StepValue | null {
  return value === null ? null : { value, resolution: 0 };
}

/**
 * The slope and its bounds in percent an hour: of the figure's median; of a share, in percent of what it is a share of.
 * @returns null for a figure that is nothing by itself
 */
export function percentPerHour({
  unit,
  level,
  perHour,
  low,
  high,
}: FigureDrift): Record<'perHour' | 'low' | 'high', number> | null {
  if (unit !== 'share' && level <= 0) return null;
  const percent = (value: number) => (100 * value) / (unit === 'share' ? 1 : level);
  return { perHour: percent(perHour), low: percent(low), high: percent(high) };
}
