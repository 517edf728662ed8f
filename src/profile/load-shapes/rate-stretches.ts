import { sumBy } from '../../shared/counts.ts';
import type { LoadProfile } from '../load-profile.ts';
import type { RateStep } from '../rate-step.ts';

export type RateShape = Pick<LoadProfile, 'startRatePerSecond' | 'stages' | 'rateSteps'>;

/** A part of an arrival rate: it moves in a straight line between its ends. */
export interface RateStretch {
  /** Milliseconds after the rates begin; longer than 0. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly startPerSecond: number;
  readonly endPerSecond: number;
}

/** The stages that last, in order, and what steps make of them. */
export function stretchesOf(shape: RateShape): RateStretch[] {
  const { rateSteps = [] } = shape;
  return rateSteps.length === 0
    ? stretchesOfStages(shape)
    : amendStretches(stretchesOfStages(shape), rateSteps);
}

/** The highest rate with all steps, messages a second. */
export function amendedPeakOf(shape: RateShape): number {
  return stretchesOf(shape).reduce(
    (peak, { startPerSecond, endPerSecond }) => Math.max(peak, startPerSecond, endPerSecond),
    0,
  );
}

/** The rate from an instant on, messages a second. */
export function rateAt(shape: RateShape, ms: number): number {
  const stretch = makeFinder(stretchesOf(shape))(ms);
  return stretch === undefined ? 0 : perSecondAt(stretch, ms);
}

/** Messages of all stretches, fractional. */
export function areaOf(stretches: readonly RateStretch[]): number {
  return sumBy(
    stretches,
    ({ fromMs, toMs, startPerSecond, endPerSecond }) =>
      ((startPerSecond + endPerSecond) / 2_000) * (toMs - fromMs),
  );
}

/** Until the first step as planned; from each step on, times its factor or at its constant rate. */
function amendStretches(planned: readonly RateStretch[], steps: readonly RateStep[]): RateStretch[] {
  const endMs = planned.at(-1)?.toMs ?? 0;
  const firstMs = Math.min(endMs, steps[0]?.atMs ?? endMs);
  const amended = [...cutStretches(planned, 0, firstMs)];
  for (const [i, step] of steps.entries()) {
    const toMs = Math.min(endMs, steps[i + 1]?.atMs ?? endMs);
    if (step.atMs >= toMs) continue;
    if ('perSecond' in step) {
      const { atMs: fromMs, perSecond } = step;
      amended.push({ fromMs, toMs, startPerSecond: perSecond, endPerSecond: perSecond });
    } else amended.push(...cutStretches(planned, step.atMs, toMs, step.factor));
  }
  return amended;
}

/** What stretches have within an interval, times a factor. */
export function cutStretches(
  stretches: readonly RateStretch[],
  fromMs: number,
  toMs: number,
  factor = 1,
): RateStretch[] {
  return stretches.flatMap((stretch) => {
    const from = Math.max(fromMs, stretch.fromMs);
    const to = Math.min(toMs, stretch.toMs);
    if (from >= to) return [];
    const startPerSecond =
      factor * (from === stretch.fromMs ? stretch.startPerSecond : perSecondAt(stretch, from));
    return [{ fromMs: from, toMs: to, startPerSecond, endPerSecond: factor * perSecondAt(stretch, to) }];
  });
}

function stretchesOfStages({ startRatePerSecond, stages }: RateShape): RateStretch[] {
  let fromMs = 0;
  let startPerSecond = startRatePerSecond;
  return stages.flatMap(({ durationMs, targetPerSecond }) => {
    const stretch = { fromMs, toMs: fromMs + durationMs, startPerSecond, endPerSecond: targetPerSecond };
    fromMs = stretch.toMs;
    startPerSecond = targetPerSecond;
    // A stage of no length only makes the rate jump.
    return durationMs > 0 ? [stretch] : [];
  });
}

/** The sum of rates that begin together, each times its weight: it bends, or jumps, where one of them does. A rate that is over adds nothing. */
export function sumStretches(
  rates: readonly { readonly stretches: readonly RateStretch[]; readonly weight?: number }[],
): RateStretch[] {
  const ends = rates.flatMap(({ stretches }) => stretches.flatMap(({ fromMs, toMs }) => [fromMs, toMs]));
  const instants = [...new Set(ends)].sort((a, b) => a - b);
  const parts = rates.map(({ stretches, weight = 1 }) => ({ find: makeFinder(stretches), weight }));
  return instants.slice(1).map((toMs, i) => {
    const fromMs = instants[i]!;
    const under = parts.flatMap(({ find, weight }) => {
      const stretch = find(fromMs);
      return stretch === undefined ? [] : [{ stretch, weight }];
    });
    const sumAt = (ms: number) => sumBy(under, ({ stretch, weight }) => weight * perSecondAt(stretch, ms));
    return { fromMs, toMs, startPerSecond: sumAt(fromMs), endPerSecond: sumAt(toMs) };
  });
}

/** The stretch that holds an instant; each call is for a later one, so that all of them together take one pass. */
function makeFinder(stretches: readonly RateStretch[]): (ms: number) => RateStretch | undefined {
  let i = 0;
  return (ms) => {
    while (i < stretches.length && stretches[i]!.toMs <= ms) i++;
    const stretch = stretches[i];
    return stretch !== undefined && stretch.fromMs <= ms ? stretch : undefined;
  };
}

function perSecondAt({ fromMs, toMs, startPerSecond, endPerSecond }: RateStretch, ms: number): number {
  // Its own ends are exact.
  if (ms === toMs) return endPerSecond;
  return startPerSecond + ((endPerSecond - startPerSecond) * (ms - fromMs)) / (toMs - fromMs);
}

/** The load that several loads make together, all beginning at once. A jump is a stage that lasts no time. */
export function sumLoads(loads: readonly RateShape[]): RateShape {
  const [only, ...more] = loads;
  if (only !== undefined && more.length === 0)
    return { startRatePerSecond: only.startRatePerSecond, stages: only.stages };
  const stages: { durationMs: number; targetPerSecond: number }[] = [];
  const stretches = sumStretches(loads.map((load) => ({ stretches: stretchesOf(load) })));
  let reached = stretches[0]?.startPerSecond ?? 0;
  for (const { fromMs, toMs, startPerSecond, endPerSecond } of stretches) {
    if (startPerSecond !== reached) stages.push({ durationMs: 0, targetPerSecond: startPerSecond });
    stages.push({ durationMs: toMs - fromMs, targetPerSecond: endPerSecond });
    reached = endPerSecond;
  }
  return { startRatePerSecond: stretches[0]?.startPerSecond ?? 0, stages };
}
