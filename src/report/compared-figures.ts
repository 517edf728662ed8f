import type { LatencyOverTime } from '../live/latency-over-time.ts';
import type { LatencyName } from '../measure/latency-names.ts';
import type { LatencySummary } from '../measure/latency-summary.ts';
import type { MessageLedger } from '../measure/run-ledger.ts';
import { partKeyOf } from '../profile/threshold-metrics.ts';
import type { KindReport } from './group-reports.ts';
import type { FigureOfRuns } from './judge-change.ts';
import { hasArrivals } from './ledger-equations.ts';
import type { Report } from './report-model.ts';
import { objectiveFigures, searchFiguresOf } from './search-figures.ts';
import { comparedAs, kindOfRun, type RunKind } from './search-outcome.ts';
import { comparedPercentiles, leastSamples, withinRunNoise } from './within-run-noise.ts';

/** Latencies that a regression is judged by. Send lag is not one: the generator causes it. */
const latencies = [
  'end_to_end_latency',
  'rule_latency',
  'transit',
  'echo_latency',
  'puback_round_trip',
  'pubcomp_round_trip',
  'response_time',
  'connect',
] as const satisfies readonly LatencyName[];

/**
 * What runs are compared by: searches by their answers, other runs by what any of them has measured, in a fixed order. Between searches and
 * other runs there is nothing to compare: a search has many loads. Nor is there between levels of two quantities.
 */
export function figuresOf(
  baseline: readonly Report[],
  candidate: readonly Report[],
): readonly FigureOfRuns[] {
  const reports = [...baseline, ...candidate];
  const [first] = reports;
  if (first === undefined || new Set(reports.map(comparedAs)).size > 1) return [];
  return figuresByKind[kindOfRun(first)](baseline, candidate);
}

const figuresByKind: Readonly<Record<RunKind, typeof figuresOf>> = {
  load: wholeFiguresOf,
  search: searchFiguresOf,
  objective: () => objectiveFigures,
};

/** Of kinds of message, those that each side has. */
function wholeFiguresOf(baseline: readonly Report[], candidate: readonly Report[]): FigureOfRuns[] {
  const reports = [...baseline, ...candidate];
  const shareOfArrivals = (...given: Parameters<typeof ledgerShare>) =>
    reports.some(hasArrivals) ? [ledgerShare(...given)] : [];
  const [lost] = shareOfArrivals('lost_messages rate', 'lost', 'sent');
  return [
    ...latencies
      .filter((name) => reports.some(({ latencyMs }) => (latencyMs[name]?.count ?? 0) > 0))
      .flatMap((name) => latencyFigures(name, summaryIn(name))),
    ...(lost === undefined ? [] : [{ ...lost, isCounted: true as const }]),
    ...shareOfArrivals('not_read_messages rate', 'notRead', 'sent'),
    ...shareOfArrivals('dead_lettered_messages rate', 'deadLettered', 'sent'),
    ledgerShare('dropped_messages rate', 'dropped', 'intended'),
    shareFigure('throttled_messages rate', ({ messages, throttling }) => [
      throttling.publishes,
      messages.sent,
    ]),
    ledgerShare('failed_messages rate', 'failed', 'sent'),
    ledgerShare('unacknowledged_messages rate', 'unacknowledged', 'sent'),
    ...shareOfArrivals('duplicate_messages rate', 'duplicates', 'sent'),
    shareFigure('devices_not_connected rate', ({ devices }) => [
      devices.planned - devices.connected,
      devices.planned,
    ]),
    throughput,
    ...kindFiguresOf(baseline, candidate),
  ];
}

function latencyFigures(name: string, of: (report: Report) => TimedSummary | undefined): FigureOfRuns[] {
  // One bootstrap gives the noise of all three percentiles.
  const known = new Map<Report, ReturnType<typeof withinRunNoise>>();
  const noiseOf = (report: Report, { summary, series }: TimedSummary) => {
    const noise = known.get(report) ?? withinRunNoise(summary, series);
    known.set(report, noise);
    return noise;
  };
  return comparedPercentiles.map((percentile) => ({
    figure: `${name} ${percentile}`,
    kind: 'latency',
    better: 'less',
    of(report) {
      const found = of(report);
      if (found === undefined || found.summary.count < leastSamples) return null;
      return { value: found.summary[percentile], ...noiseOf(report, found)[percentile] };
    },
  }));
}

interface TimedSummary {
  readonly summary: LatencySummary;
  readonly series?: LatencyOverTime | undefined;
}

function summaryIn(name: (typeof latencies)[number]): (report: Report) => TimedSummary | undefined {
  return ({ latencyMs, latencyOverTime }) => {
    const summary = latencyMs[name];
    const series: Partial<Record<string, LatencyOverTime>> = latencyOverTime;
    return summary && { summary, series: series[name] };
  };
}

function shareFigure(
  figure: string,
  of: (report: Report) => readonly [count: number, all: number],
): FigureOfRuns {
  return {
    figure,
    kind: 'share',
    better: 'less',
    of(report) {
      const [count, trials] = of(report);
      return trials > 0 ? { value: count / trials, trials } : null;
    },
  };
}

function ledgerShare(figure: string, part: keyof MessageLedger, whole: keyof MessageLedger): FigureOfRuns {
  return shareFigure(figure, ({ messages }) => [messages[part] ?? 0, messages[whole] ?? 0]);
}

const throughput: FigureOfRuns = {
  figure: 'throughput rate',
  kind: 'rate',
  better: 'more',
  of({ rates: { throughputPerSecond, publishedSeconds } }) {
    // Of a count n of arrivals that do not depend on each other, √n is the standard deviation.
    const sd = publishedSeconds > 0 ? Math.sqrt(throughputPerSecond / publishedSeconds) : 0;
    return { value: throughputPerSecond, sd };
  },
};

/** Of the kinds of message that both sides have: `lost_messages{group:meters,kind:alarm} rate`. */
function kindFiguresOf(baseline: readonly Report[], candidate: readonly Report[]): FigureOfRuns[] {
  const keysOf = (reports: readonly Report[]) =>
    new Set(reports.flatMap((report) => [...kindsIn(report).keys()]));
  const after = keysOf(candidate);
  const reports = [...baseline, ...candidate];
  return [...keysOf(baseline)].flatMap((key) => {
    const isMeasured = reports.some(
      (report) => (kindsIn(report).get(key)?.latencyMs.end_to_end_latency.count ?? 0) > 0,
    );
    if (!after.has(key) || !isMeasured) return [];
    return [
      ...latencyFigures(`end_to_end_latency{${key}}`, (report) => {
        const summary = kindsIn(report).get(key)?.latencyMs.end_to_end_latency;
        return summary && { summary };
      }),
      {
        ...shareFigure(`lost_messages{${key}} rate`, (report) => {
          const messages = kindsIn(report).get(key)?.messages;
          return [messages?.lost ?? 0, messages?.sent ?? 0];
        }),
        isCounted: true as const,
      },
    ];
  });
}

/** By `partKeyOf`. */
function kindsIn({ groups = [], kinds = [] }: Report): ReadonlyMap<string, KindReport> {
  return new Map([
    ...kinds.map((each): [string, KindReport] => [partKeyOf({ kind: each.kind }), each]),
    ...groups.flatMap(({ group, kinds: own = [] }) =>
      own.map((each): [string, KindReport] => [partKeyOf({ group, kind: each.kind }), each]),
    ),
  ]);
}
