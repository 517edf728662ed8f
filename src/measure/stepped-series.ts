/** Where the counts of a series stand in time. */
export interface CountedSteps {
  /** Epoch seconds: where the first begins. */
  readonly startSecond: number;
  /** Absent: 1. */
  readonly secondsPerStep?: number;
}

/** Counters by step, and of some of them the most that one second of each step had: where a step is a second, the counts themselves. */
type PeakedSeries<Counter extends string> = Readonly<Partial<Record<Counter, readonly number[]>>> & {
  readonly peaks?: Readonly<Partial<Record<Counter, readonly number[]>>>;
};

/** By step: the most that one second of it had. */
export function peaksOf<Counter extends string>(
  series: PeakedSeries<Counter>,
  counter: Counter,
): readonly number[] {
  return series.peaks?.[counter] ?? series[counter] ?? [];
}

/** The most that one second had; 0 without any. */
export function busiestOf<Counter extends string>(series: PeakedSeries<Counter>, counter: Counter): number {
  return peaksOf(series, counter).reduce((most, peak) => Math.max(most, peak), 0);
}

/** Epoch milliseconds: where a step ends. @param step its place in the series */
export function endOfStep({ startSecond, secondsPerStep = 1 }: CountedSteps, step: number): number {
  return (startSecond + (step + 1) * secondsPerStep) * 1_000;
}
