import { studentQuantile } from '../measure/student-t.ts';
import type { Report } from './report-model.ts';

/** Milliseconds; a share from 0 to 1; messages a second; a level of a search, in the unit of what it searched; a ratio of two of them. */
export type FigureKind = 'latency' | 'share' | 'rate' | 'level' | 'ratio';

/** A figure that runs are compared by. */
export interface FigureOfRuns {
  /** `end_to_end_latency p99`, `lost_messages rate` */
  readonly figure: string;
  readonly kind: FigureKind;
  readonly better: 'less' | 'more';
  /** One message where the other side has none is a difference, whatever the noise. */
  readonly isCounted?: true;
  /** Null where the run did not measure it, or in too few samples. */
  of(report: Report): FigureSample | null;
}

/** One figure of one run. */
export interface FigureSample {
  readonly value: number;
  /** Of a share: how many it is a share of. */
  readonly trials?: number;
  /** Noise within the run, in the unit of the figure: its standard deviation and the degrees of freedom of that. */
  readonly sd?: number;
  readonly degrees?: number;
}

/** The typical value of each side, and how far apart two sides of the same thing may be by chance. */
export interface MeasuredChange {
  readonly baseline: number;
  readonly candidate: number;
  /**
   * In the unit of the figure: a candidate further from the baseline than this differs by more than noise, at the confidence asked for.
   * Null: nothing is known of the noise.
   */
  readonly noise: number | null;
  readonly isBeyondNoise: boolean;
}

/**
 * From here on a percentage of the baseline says something. Below it (2 % of 0.05 ms, a hundred times one lost message) the ratio
 * of two figures is the ratio of their noise.
 */
export const leastBaseline: Readonly<Record<FigureKind, number>> = {
  latency: 1,
  share: 0.001,
  rate: 1,
  level: 1,
  ratio: 0.01,
};

/** Where runs of one thing differ by a spread that does not depend on the level, so that Student's t holds. */
interface Scale {
  to(sample: FigureSample): number;
  back(y: number): number;
  /** Variance within the run; undefined: not known. */
  variance(sample: FigureSample): number | undefined;
}

const linear: Scale = {
  to: ({ value }) => value,
  back: (y) => y,
  variance: ({ sd }) => (sd === undefined ? undefined : sd * sd),
};

/** Latencies and rates of runs differ by a factor: `sd / value` is the standard deviation of the logarithm. */
const logarithmic: Scale = {
  to: ({ value }) => Math.log(value),
  back: Math.exp,
  variance: ({ value, sd }) => (sd === undefined ? undefined : (sd / value) ** 2),
};

/** asin √p has variance 1/(4n) whatever p; one is added to the count and to the rest, so that 0 of n is no certainty. */
const arcsine: Scale = {
  to: ({ value, trials = 0 }) => Math.asin(Math.sqrt((Math.max(0, value) * trials + 1) / (trials + 2))),
  back: (y) => Math.sin(Math.min(y, Math.PI / 2)) ** 2,
  variance: ({ trials = 0 }) => 1 / (4 * (trials + 2)),
};

function scaleOf(kind: FigureKind, samples: readonly FigureSample[]): Scale {
  if (kind === 'share') return arcsine;
  return samples.every(({ value }) => value >= leastBaseline[kind]) ? logarithmic : linear;
}

interface Side {
  readonly runs: number;
  readonly mean: number;
  /** Sum of squared deviations of the runs from their mean; 0 of one run. */
  readonly squares: number;
  /** Mean of the variances within its runs; undefined: not known. */
  readonly within: number | undefined;
  /** Fewest degrees of freedom of these. */
  readonly degrees: number;
}

/**
 * Student's t between the runs of both sides. Runs of the same thing have one variance, so both sides estimate it, and a side of one run
 * has that of the other; it is never taken for less than the variance within runs: three runs that are alike by chance prove
 * nothing. With one run on each side, only the noise within the runs is known: what differs from run to run is not in it.
 * @param baseline at least one; so `candidate`
 * @param alpha how often a side is beyond the noise by chance, each way
 */
export function measureChange(
  kind: FigureKind,
  baseline: readonly FigureSample[],
  candidate: readonly FigureSample[],
  alpha: number,
): MeasuredChange {
  const scale = scaleOf(kind, [...baseline, ...candidate]);
  const before = sideOf(baseline, scale);
  const after = sideOf(candidate, scale);
  const typical = (samples: readonly FigureSample[], { mean }: Side) =>
    samples.length === 1 ? samples[0]!.value : kind === 'share' ? pooledShare(samples) : scale.back(mean);
  const width = noiseWidth(before, after, alpha);
  const values = { baseline: typical(baseline, before), candidate: typical(candidate, after) };
  if (width === undefined) return { ...values, noise: null, isBeyondNoise: true };
  return {
    ...values,
    noise: scale.back(before.mean + width) - scale.back(before.mean),
    isBeyondNoise: Math.abs(after.mean - before.mean) > width,
  };
}

function pooledShare(samples: readonly FigureSample[]): number {
  const trials = samples.reduce((sum, each) => sum + (each.trials ?? 0), 0);
  return trials === 0 ? 0 : samples.reduce((sum, each) => sum + each.value * (each.trials ?? 0), 0) / trials;
}

function sideOf(samples: readonly FigureSample[], scale: Scale): Side {
  const ys = samples.map((sample) => scale.to(sample));
  const mean = meanOf(ys);
  const within = samples.map((sample) => scale.variance(sample)).filter((each) => each !== undefined);
  return {
    runs: ys.length,
    mean,
    squares: ys.reduce((sum, y) => sum + (y - mean) ** 2, 0),
    within: within.length === 0 ? undefined : meanOf(within),
    degrees: Math.min(...samples.map(({ degrees = Number.POSITIVE_INFINITY }) => degrees)),
  };
}

/** Half the width of the interval that holds the difference of two sides of the same thing; undefined: not known. */
function noiseWidth(before: Side, after: Side, alpha: number): number | undefined {
  const degrees = before.runs + after.runs - 2;
  if (degrees === 0) return noiseWithin(before, after, alpha);
  const pooled = (before.squares + after.squares) / degrees;
  const variance = Math.max(pooled, before.within ?? 0, after.within ?? 0);
  return studentQuantile(alpha, degrees) * Math.sqrt(variance * (1 / before.runs + 1 / after.runs));
}

/** Of one run each; degrees of freedom by Welch and Satterthwaite. */
function noiseWithin(before: Side, after: Side, alpha: number): number | undefined {
  if (before.within === undefined || after.within === undefined) return undefined;
  const variance = before.within + after.within;
  if (variance === 0) return 0;
  const degrees = variance ** 2 / (before.within ** 2 / before.degrees + after.within ** 2 / after.degrees);
  return studentQuantile(alpha, degrees) * Math.sqrt(variance);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
