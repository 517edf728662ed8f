import { type RateStretch, stretchesOf, sumStretches } from '../profile/load-shapes/rate-stretches.ts';
import { sumBy } from '../shared/counts.ts';
import { bookStepsOf } from './book-steps.ts';
import { type GroupedPlan, groupsOf } from './groups.ts';
import { kindProfilesOf } from './kinds.ts';

/** The time of a run at one planned rate, in steps: what is measured in one of them can be compared with what is measured in another. */
export interface SteadyTime {
  /** Of all groups, planned messages a second. */
  readonly ratePerSecond: number;
  /** Without the time that the rate settles in. */
  readonly seconds: number;
  readonly secondsPerStep: number;
  /** Where each begins, epoch seconds, ascending. They need not follow each other: a rate may come again. */
  readonly steps: readonly number[];
}

/** A slope is computed of so many steps at least. */
export const leastSteadySteps = 20;
/** A run of up to two hours with so much time at one rate has as many, settling included. */
export const leastSteadyMs = 660_000;
/** More steps make a slope no better known. */
const mostSteps = 120;
const shortestStepSeconds = 30;
/** After the rate has changed, queues and caches take a while to come to rest. */
const settleMs = 50_000;

/**
 * The rates, of each kind of message, that are planned for the longest: ramps never count, nor do other plateaus.
 * @param until epoch milliseconds: where the run ended, if it did so before its plan
 */
export function steadyTimeOf(plan: GroupedPlan, until = Number.POSITIVE_INFINITY): SteadyTime {
  const { publishAt } = plan.timeline;
  const { from: bookFrom, secondsPerStep: bookStep } = bookStepsOf(plan);
  /** To where a step of the run's series begins. */
  const aligned = (second: number, round: (steps: number) => number) =>
    bookFrom + bookStep * round((second - bookFrom) / bookStep);
  const [longest] = plateausOf(plan)
    .map(({ ratePerSecond, stretches }) => {
      const settled = stretches
        .map(({ fromMs, toMs }) => ({
          from: aligned((publishAt + fromMs + settleMs) / 1_000, Math.ceil),
          to: aligned(Math.min(publishAt + toMs, until) / 1_000, Math.floor),
        }))
        .filter(({ from, to }) => from < to);
      return { ratePerSecond, settled, seconds: sumBy(settled, ({ from, to }) => to - from) };
    })
    // Without messages little can be measured: that is steady only where nothing else is.
    .toSorted(
      (a, b) =>
        Number(b.ratePerSecond > 0 && b.seconds > 0) - Number(a.ratePerSecond > 0 && a.seconds > 0) ||
        b.seconds - a.seconds,
    );
  const { ratePerSecond = 0, settled = [], seconds = 0 } = longest ?? {};
  const least = Math.max(shortestStepSeconds, 10 * Math.ceil(seconds / mostSteps / 10));
  const secondsPerStep = bookStep * Math.ceil(least / bookStep);
  const steps = settled.flatMap(({ from, to }) =>
    Array.from({ length: Math.floor((to - from) / secondsPerStep) }, (_, i) => from + i * secondsPerStep),
  );
  return { ratePerSecond, seconds, secondsPerStep, steps };
}

/** So long a stretch at one rate has enough steps, milliseconds: those of a run of more than two hours are longer. */
export function leastSteadyMsOf(plan: GroupedPlan): number {
  const { secondsPerStep } = bookStepsOf(plan);
  const shortest = secondsPerStep * Math.ceil(shortestStepSeconds / secondsPerStep);
  // At each end of a stretch a step of the run may lie across it.
  return Math.max(leastSteadyMs, 1_000 * (leastSteadySteps * shortest + 2 * secondsPerStep) + settleMs);
}

/** How long the plan has one rate, at most and without a break; milliseconds. */
export function longestPlateauMs(plan: GroupedPlan): number {
  const stretches = plateausOf(plan).flatMap((plateau) => plateau.stretches);
  return Math.max(0, ...stretches.map(({ fromMs, toMs }) => toMs - fromMs));
}

interface Plateau {
  readonly ratePerSecond: number;
  readonly stretches: readonly Pick<RateStretch, 'fromMs' | 'toMs'>[];
}

/** By the rates of all kinds of message of all groups: stretches with the same ones, those that follow each other as one. */
function plateausOf(plan: GroupedPlan): Plateau[] {
  const rates = groupsOf(plan)
    .flatMap(({ profile }) => kindProfilesOf(profile))
    .map((profile) => stretchesOf(profile));
  const sums = sumStretches(rates.map((stretches) => ({ stretches })));
  // A sum of rates that each have another weight is the same only where all of them are.
  const marks = sumStretches(rates.map((stretches, i) => ({ stretches, weight: Math.sqrt(i + 2) })));
  const plateaus = new Map<
    string,
    { ratePerSecond: number; stretches: { fromMs: number; toMs: number }[] }
  >();
  for (const [i, { fromMs, toMs, startPerSecond, endPerSecond }] of marks.entries()) {
    const mark = startPerSecond.toPrecision(9);
    if (mark !== endPerSecond.toPrecision(9)) continue;
    const plateau = plateaus.get(mark) ?? { ratePerSecond: sums[i]!.startPerSecond, stretches: [] };
    plateaus.set(mark, plateau);
    const last = plateau.stretches.at(-1);
    if (last?.toMs === fromMs) last.toMs = toMs;
    else plateau.stretches.push({ fromMs, toMs });
  }
  return [...plateaus.values()];
}
