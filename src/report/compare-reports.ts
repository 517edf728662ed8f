import type { LatencyName } from '../measure/latency-names.ts';
import type { MessageLedger } from '../measure/run-ledger.ts';
import { partKeyOf } from '../profile/threshold-metrics.ts';
import { formatCount } from '../shared/format.ts';
import { conditionCautions } from './condition-cautions.ts';
import type { KindReport } from './group-reports.ts';
import { hasArrivals, heldMessages } from './ledger-equations.ts';
import type { Report } from './report-model.ts';

/** Two runs, figure by figure. */
export interface Comparison {
  readonly baseline: ComparedRun;
  readonly candidate: ComparedRun;
  /** Share (0–1) by which a figure may be worse. */
  readonly tolerance: number;
  /** Why the two may not be comparable, one sentence each. */
  readonly cautions: readonly string[];
  /** Why nothing follows from the comparison: a generator that was the bottleneck. One sentence each; empty where it is conclusive. */
  readonly inconsistencies: readonly string[];
  readonly figures: readonly ComparedFigure[];
  /** Thresholds that the baseline passed and the candidate did not. One that only one of them has is not compared. */
  readonly brokenThresholds: readonly string[];
  /** Whether the candidate is worse than the tolerance allows. */
  readonly isRegression: boolean;
}

export type ComparedRun = Pick<Report, 'runId' | 'name' | 'verdict' | 'startedAt'>;

export interface ComparedFigure {
  /** `end_to_end_latency p99`, `lost_messages rate` */
  readonly figure: string;
  readonly kind: FigureKind;
  readonly better: 'less' | 'more';
  /** Null where it was not measured, or of too few samples. */
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** Candidate less baseline, in the unit of the figure; null where either is null. */
  readonly difference: number | null;
  /**
   * The difference relative to the baseline: 0.1 is a tenth more. Null where a ratio would say nothing: the baseline is negative or
   * too small (`leastBaseline`), the candidate is negative, or either is null. Then only the difference is used.
   */
  readonly change: number | null;
  readonly outcome: 'worse' | 'better' | 'same' | 'unknown';
}

/** Milliseconds; a share from 0 to 1; messages a second. */
export type FigureKind = 'latency' | 'share' | 'rate';

export const defaultTolerance = 0.1;

/** Of a percentile to compare: the 99th of fewer samples than this is one of the two largest. */
const leastSamples = 100;
/** Arrivals are stamped in whole milliseconds: a difference of one is none. */
const latencyFloorMs = 1;

/**
 * From here on a percentage of the baseline says something. Below it (2 % of 0.05 ms, a hundred times one lost message) the ratio
 * of two figures is the ratio of their noise.
 */
const leastBaseline: Readonly<Record<FigureKind, number>> = { latency: 1, share: 0.001, rate: 1 };

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
const percentiles = ['p50', 'p95', 'p99'] as const;

/** @param tolerance share (0–1) by which a figure may be worse */
export function compareReports(baseline: Report, candidate: Report, tolerance: number): Comparison {
  const figures = [...figuresOf(baseline, candidate), ...kindFiguresOf(baseline, candidate)].map((figure) =>
    judge(figure, tolerance),
  );
  const brokenThresholds = brokenBetween(baseline, candidate);
  return {
    baseline: runOf(baseline),
    candidate: runOf(candidate),
    tolerance,
    cautions: cautionsOf(baseline, candidate),
    inconsistencies: inconsistenciesOf(baseline, candidate),
    figures,
    brokenThresholds,
    isRegression: brokenThresholds.length > 0 || figures.some(({ outcome }) => outcome === 'worse'),
  };
}

function runOf({ runId, name, verdict, startedAt }: Report): ComparedRun {
  return { runId, name, verdict, startedAt };
}

type Measured = Omit<ComparedFigure, 'difference' | 'change' | 'outcome'>;

function figuresOf(baseline: Report, candidate: Report): Measured[] {
  const both = <T>(of: (report: Report) => T) => ({ baseline: of(baseline), candidate: of(candidate) });
  const share = (figure: string, part: keyof MessageLedger, whole: keyof MessageLedger): Measured => ({
    figure,
    kind: 'share',
    better: 'less',
    ...both(({ messages }) => (messages[whole] > 0 ? (messages[part] ?? 0) / messages[whole] : null)),
  });
  // What neither run has measured is no row of a comparison.
  const isObserved = hasArrivals(baseline) || hasArrivals(candidate);
  const ofEither = latencies.filter((name) =>
    [baseline, candidate].some(({ latencyMs }) => (latencyMs[name]?.count ?? 0) > 0),
  );
  const shareOfArrivals = (...given: Parameters<typeof share>) => (isObserved ? [share(...given)] : []);
  const ofLatencies = ofEither.flatMap((name) =>
    percentiles.map(
      (percentile): Measured => ({
        figure: `${name} ${percentile}`,
        kind: 'latency',
        better: 'less',
        ...both(({ latencyMs }) =>
          (latencyMs[name]?.count ?? 0) >= leastSamples ? (latencyMs[name]?.[percentile] ?? null) : null,
        ),
      }),
    ),
  );
  return [
    ...ofLatencies,
    ...shareOfArrivals('lost_messages rate', 'lost', 'sent'),
    ...shareOfArrivals('not_read_messages rate', 'notRead', 'sent'),
    ...shareOfArrivals('dead_lettered_messages rate', 'deadLettered', 'sent'),
    share('dropped_messages rate', 'dropped', 'intended'),
    {
      figure: 'throttled_messages rate',
      kind: 'share',
      better: 'less',
      ...both(({ messages, throttling }) =>
        messages.sent > 0 ? throttling.publishes / messages.sent : null,
      ),
    },
    share('failed_messages rate', 'failed', 'sent'),
    share('unacknowledged_messages rate', 'unacknowledged', 'sent'),
    ...shareOfArrivals('duplicate_messages rate', 'duplicates', 'sent'),
    {
      figure: 'devices_not_connected rate',
      kind: 'share',
      better: 'less',
      ...both(({ devices }) => (devices.planned - devices.connected) / devices.planned),
    },
    {
      figure: 'throughput rate',
      kind: 'rate',
      better: 'more',
      ...both(({ rates }) => rates.throughputPerSecond),
    },
  ];
}

/** Of the kinds of message that both runs have: `lost_messages{group:meters,kind:alarm} rate`. */
function kindFiguresOf(baseline: Report, candidate: Report): Measured[] {
  const kinds = kindsIn(candidate);
  return [...kindsIn(baseline)].flatMap(([key, before]) => {
    const after = kinds.get(key);
    if (after === undefined) return [];
    const both = <T>(of: (kind: KindReport) => T) => ({ baseline: of(before), candidate: of(after) });
    const isMeasured =
      before.latencyMs.end_to_end_latency.count + after.latencyMs.end_to_end_latency.count > 0;
    if (!isMeasured) return [];
    return [
      ...percentiles.map(
        (percentile): Measured => ({
          figure: `end_to_end_latency{${key}} ${percentile}`,
          kind: 'latency',
          better: 'less',
          ...both(({ latencyMs: { end_to_end_latency: all } }) =>
            all.count >= leastSamples ? all[percentile] : null,
          ),
        }),
      ),
      {
        figure: `lost_messages{${key}} rate`,
        kind: 'share',
        better: 'less',
        ...both(({ messages }) => (messages.sent > 0 ? messages.lost / messages.sent : null)),
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

function judge(figure: Measured, tolerance: number): ComparedFigure {
  const { baseline, candidate, better, kind } = figure;
  if (baseline === null || candidate === null) {
    return { ...figure, difference: null, change: null, outcome: 'unknown' };
  }
  const difference = candidate - baseline;
  const isRatio = baseline >= leastBaseline[kind] && candidate >= 0;
  const change = isRatio ? difference / baseline : null;
  const judged = { ...figure, difference, change };
  // A share of a negative baseline has no meaning: only the difference counts.
  const allowed = Math.max(Math.max(0, baseline) * tolerance, kind === 'latency' ? latencyFloorMs : 0);
  if (Math.abs(difference) <= allowed) return { ...judged, outcome: 'same' };
  return { ...judged, outcome: difference < 0 === (better === 'less') ? 'better' : 'worse' };
}

function brokenBetween(baseline: Report, candidate: Report): string[] {
  const nameOf = ({ metric, expression }: { metric: string; expression: string }) =>
    `${metric} ${expression}`;
  const passed = new Set(baseline.thresholds.filter((each) => each.passed).map(nameOf));
  return candidate.thresholds.filter((each) => !each.passed && passed.has(nameOf(each))).map(nameOf);
}

function cautionsOf(baseline: Report, candidate: Report): string[] {
  const cautions: string[] = [];
  const differ = (what: string, of: (report: Report) => string | number) => {
    if (of(baseline) !== of(candidate)) {
      cautions.push(`The load is not the same: ${what} was ${of(baseline)} and is ${of(candidate)}.`);
    }
  };
  differ('the number of devices', ({ devices }) => devices.planned);
  differ('the protocol', ({ protocol }) => protocol);
  differ('the client', ({ client }) => client);
  differ('QoS', ({ qos }) => qos);
  differ('the version of MQTT', ({ mqttVersion = '5' }) => mqttVersion);
  differ('the rate by stages', ({ rates }) =>
    rates.stages.map(({ seconds, targetPerSecond }) => `${targetPerSecond}/s for ${seconds} s`).join(', '),
  );
  cautions.push(...conditionCautions(baseline, candidate));
  for (const [which, { verdict, slices }] of [
    ['The baseline', baseline],
    ['The candidate', candidate],
  ] as const) {
    if (verdict === 'aborted' || slices.stopped > 0) cautions.push(`${which} ended before its time.`);
  }
  return cautions;
}

/** Messages that did not arrive and are not lost are missing from the run's latencies. */
function describeHeld(which: string, { messages }: Report): string[] {
  const held = heldMessages(messages).map(({ name, count }) => `${formatCount(count)} ${name}`);
  return held.length === 0 ? [] : [`Of ${which}’s messages, ${held.join(', ')}: its figures leave them out.`];
}

function inconsistenciesOf(baseline: Report, candidate: Report): string[] {
  const runs = [
    ['the baseline', baseline],
    ['the candidate', candidate],
  ] as const;
  return runs.flatMap(([which, report]) => [
    ...(report.generator.health.state === 'bottleneck'
      ? [`The generator of ${which} was the bottleneck: its figures say little of the service.`]
      : []),
    ...describeHeld(which, report),
  ]);
}
