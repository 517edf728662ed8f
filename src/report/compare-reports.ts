import { formatCount } from '../shared/format.ts';
import { figuresOf } from './compared-figures.ts';
import { conditionCautions } from './condition-cautions.ts';
import {
  type FigureKind,
  type FigureOfRuns,
  type FigureSample,
  leastBaseline,
  measureChange,
} from './judge-change.ts';
import { heldMessages } from './ledger-equations.ts';
import type { Report } from './report-model.ts';
import { cameToItsEnd } from './run-end.ts';
import { describeNoAnswer } from './search-figures.ts';
import { comparedAs, kindOfRun, searchOutcomeOf } from './search-outcome.ts';

export type { FigureKind } from './judge-change.ts';

/** Two runs, or two sets of runs of the same load, figure by figure. */
export interface Comparison {
  readonly baseline: readonly ComparedRun[];
  readonly candidate: readonly ComparedRun[];
  /** Share (0–1) by which a figure may be worse. */
  readonly tolerance: number;
  /** `runs`: from run to run. `run`: there is one run on each side, and only what differs within it is known. */
  readonly noiseWithin: 'runs' | 'run';
  /** Why the two may not be comparable, one sentence each. */
  readonly cautions: readonly string[];
  /** Why nothing follows from the comparison: a generator that was the bottleneck. One sentence each; empty where it is conclusive. */
  readonly inconsistencies: readonly string[];
  readonly figures: readonly ComparedFigure[];
  /** Thresholds that the baseline passed and the candidate did not. One that only one of them has is not compared. */
  readonly brokenThresholds: readonly string[];
  /** Whether the candidate is worse than the tolerance allows, by more than the noise. */
  readonly isRegression: boolean;
}

export type ComparedRun = Pick<Report, 'runId' | 'name' | 'verdict' | 'startedAt'> & {
  /** What a search found, a sentence; absent: it was none. */
  readonly answer?: string;
};

export interface ComparedFigure {
  /** `end_to_end_latency p99`, `lost_messages rate` */
  readonly figure: string;
  readonly kind: FigureKind;
  readonly better: 'less' | 'more';
  /**
   * Of several runs the geometric mean; of shares, and of latencies and rates near zero, the mean. Null where it was not measured, or
   * of too few samples.
   */
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** Candidate less baseline, in the unit of the figure; null where either is null. */
  readonly difference: number | null;
  /**
   * The difference relative to the baseline: 0.1 is a tenth more. Null where a ratio would say nothing: the baseline is negative or
   * too small (`leastBaseline`), the candidate is negative, or either is null. Then only the difference is used.
   */
  readonly change: number | null;
  /** The difference that chance explains (`falsePositives`), in the unit of the figure. Null: not known. */
  readonly noise: number | null;
  /**
   * `noise`: past the tolerance, and no more than chance explains. `unclear`: more than chance within a run explains, and one run on each
   * side does not show how far runs of the same thing are apart.
   */
  readonly outcome: 'worse' | 'better' | 'same' | 'noise' | 'unclear' | 'unknown';
}

/** Share (0–1) by which a figure may be worse. With one run on each side, a latency past it is `unclear`. */
export const defaultTolerance = 0.1;
/** The same where that is measured, by at least two runs on a side. */
export const defaultSetTolerance = 0.05;

/** Chance (0–1) that any figure of two sides of the same thing is beyond the noise, and worse. Each figure has its part of it. */
export const falsePositives = 0.01;

/** Arrivals are stamped in whole milliseconds: a difference of one is none. */
const latencyFloorMs = 1;

/** Two runs. @param tolerance share (0–1) by which a figure may be worse, what differs from run to run included */
export function compareReports(baseline: Report, candidate: Report, tolerance: number): Comparison {
  return compareRuns([baseline], [candidate], tolerance);
}

/**
 * Compares runs of one load with earlier runs of it.
 * @param baseline at least one; so `candidate`
 * @param tolerance share (0–1) by which a figure may be worse; absent: the default
 */
export function compareRuns(
  baseline: readonly Report[],
  candidate: readonly Report[],
  tolerance?: number,
): Comparison {
  const isRepeated = baseline.length + candidate.length > 2;
  const allowed = tolerance ?? (isRepeated ? defaultSetTolerance : defaultTolerance);
  const limits: Limits = {
    tolerance: allowed,
    // How far runs of the same thing are apart is not measured: the user may state it, by a tolerance.
    judgesLatencies: isRepeated || tolerance !== undefined,
  };
  const samples = figuresOf(baseline, candidate).map((figure) => ({
    figure,
    before: samplesOf(figure, baseline),
    after: samplesOf(figure, candidate),
  }));
  const tested = samples.filter(({ before, after }) => {
    const [first, ...others] = [...before, ...after];
    return before.length > 0 && after.length > 0 && others.some(({ value }) => value !== first?.value);
  });
  const alpha = falsePositives / Math.max(1, tested.length);
  const figures = samples.map((each) => judge(each, limits, alpha));
  const brokenThresholds = brokenBetween(baseline, candidate);
  return {
    baseline: baseline.map(runOf),
    candidate: candidate.map(runOf),
    tolerance: allowed,
    noiseWithin: isRepeated ? 'runs' : 'run',
    cautions: cautionsOf(baseline, candidate),
    inconsistencies: [...inconsistenciesOf(baseline, candidate), ...describeUnclear(figures)],
    figures,
    brokenThresholds,
    isRegression: brokenThresholds.length > 0 || figures.some(({ outcome }) => outcome === 'worse'),
  };
}

function runOf(report: Report): ComparedRun {
  const { runId, name, verdict, startedAt } = report;
  const outcome = searchOutcomeOf(report);
  return { runId, name, verdict, startedAt, ...(outcome && { answer: outcome.answer }) };
}

function samplesOf(figure: FigureOfRuns, reports: readonly Report[]): FigureSample[] {
  return reports.map((report) => figure.of(report)).filter((sample) => sample !== null);
}

interface SampledFigure {
  readonly figure: FigureOfRuns;
  readonly before: readonly FigureSample[];
  readonly after: readonly FigureSample[];
}

interface Limits {
  readonly tolerance: number;
  readonly judgesLatencies: boolean;
}

function judge(
  { figure, before, after }: SampledFigure,
  { tolerance, judgesLatencies }: Limits,
  alpha: number,
): ComparedFigure {
  const { figure: name, kind, better, isCounted } = figure;
  const named = { figure: name, kind, better };
  if (before.length === 0 || after.length === 0) {
    const only = (samples: readonly FigureSample[]) =>
      samples.length === 0 ? null : measureChange(kind, samples, samples, alpha).baseline;
    return {
      ...named,
      baseline: only(before),
      candidate: only(after),
      difference: null,
      change: null,
      noise: null,
      outcome: 'unknown',
    };
  }
  const { baseline, candidate, noise, isBeyondNoise } = measureChange(kind, before, after, alpha);
  const difference = candidate - baseline;
  const isRatio = baseline >= leastBaseline[kind] && candidate >= 0;
  const judged = {
    ...named,
    baseline,
    candidate,
    difference,
    change: isRatio ? difference / baseline : null,
    noise,
  };
  // A share of a negative baseline has no meaning: only the difference counts.
  const allowed = Math.max(Math.max(0, baseline) * tolerance, kind === 'latency' ? latencyFloorMs : 0);
  if (Math.abs(difference) <= allowed) return { ...judged, outcome: 'same' };
  const isNew = isCounted === true && (baseline === 0 || candidate === 0);
  if (!isBeyondNoise && !isNew) return { ...judged, outcome: 'noise' };
  if (kind === 'latency' && !judgesLatencies) return { ...judged, outcome: 'unclear' };
  return { ...judged, outcome: difference < 0 === (better === 'less') ? 'better' : 'worse' };
}

/** Latencies that may be worse. */
export function mayBeWorse({ figures }: Pick<Comparison, 'figures'>): readonly ComparedFigure[] {
  return figures.filter(({ outcome, difference }) => outcome === 'unclear' && (difference ?? 0) > 0);
}

function describeUnclear(figures: readonly ComparedFigure[]): string[] {
  if (mayBeWorse({ figures }).length === 0) return [];
  return [
    'One run on each side does not show how far runs of the same thing are apart: compare several, or say by --tolerance how far.',
  ];
}

/** Of sets: every run of the baseline passed it, and more than half of the candidate's did not. */
function brokenBetween(baseline: readonly Report[], candidate: readonly Report[]): string[] {
  const nameOf = ({ metric, expression }: { metric: string; expression: string }) =>
    `${metric} ${expression}`;
  const passesIn = (name: string, { thresholds }: Report) =>
    thresholds.some((each) => each.passed && nameOf(each) === name);
  const failed = candidate.flatMap(({ thresholds }) =>
    thresholds.filter(({ passed }) => !passed).map(nameOf),
  );
  return [...new Set(failed)].filter(
    (name) =>
      baseline.every((report) => passesIn(name, report)) &&
      failed.filter((each) => each === name).length * 2 > candidate.length,
  );
}

function cautionsOf(baseline: readonly Report[], candidate: readonly Report[]): string[] {
  const [first, ...others] = [...baseline, ...candidate] as [Report, ...Report[]];
  const isPair = others.length === 1;
  const ended = [...baseline, ...candidate].flatMap((report, i) => {
    const which = isPair ? `The ${i === 0 ? 'baseline' : 'candidate'}` : `Run ${report.runId}`;
    return cameToItsEnd(report) ? [] : [`${which} ended before its time.`];
  });
  return [...new Set(others.flatMap((other) => differences(first, other))), ...ended];
}

function differences(baseline: Report, candidate: Report): string[] {
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
  differ('the rate by stages', (report) =>
    kindOfRun(report) === 'load'
      ? report.rates.stages
          .map(({ seconds, targetPerSecond }) => `${targetPerSecond}/s for ${seconds} s`)
          .join(', ')
      : 'that of a search',
  );
  cautions.push(...conditionCautions(baseline, candidate));
  return cautions;
}

/** Messages that did not arrive and are not lost are missing from the run's latencies. */
function describeHeld(which: string, { messages }: Report): string[] {
  const held = heldMessages(messages).map(({ name, count }) => `${formatCount(count)} ${name}`);
  return held.length === 0 ? [] : [`Of ${which}’s messages, ${held.join(', ')}: its figures leave them out.`];
}

function inconsistenciesOf(baseline: readonly Report[], candidate: readonly Report[]): string[] {
  const isPair = baseline.length + candidate.length === 2;
  const kinds = new Set([...baseline, ...candidate].map(comparedAs));
  if (kinds.size > 1)
    return [
      'Searches and other runs, or searches of two kinds or quantities, are not compared: a search has many loads.',
    ];
  return [
    ...baseline.map((report) => ['the baseline', report] as const),
    ...candidate.map((report) => ['the candidate', report] as const),
  ].flatMap(([side, report]) => {
    const which = isPair ? side : `run ${report.runId}`;
    // Levels above the knee strain the generator, too; each hold was judged with that in mind.
    if (kindOfRun(report) !== 'load') return describeNoAnswer(which, report);
    return [
      ...(report.generator.health.state === 'bottleneck'
        ? [`The generator of ${which} was the bottleneck: its figures say little of the service.`]
        : []),
      ...describeHeld(which, report),
    ];
  });
}
