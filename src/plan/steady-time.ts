import type { LoadProfile } from '../profile/load-profile.ts';
import {
  cutStretches,
  type RateStretch,
  stretchesOf,
  sumStretches,
} from '../profile/load-shapes/rate-stretches.ts';
import { sumOf } from '../shared/counts.ts';
import { bookStepsOf } from './book-steps.ts';
import { type GroupedPlan, groupsOf, isOfDevices } from './groups.ts';
import { kindProfilesOf } from './kinds.ts';
import { takenStretchesOf } from './taken-devices.ts';

/** The time of a run at one planned rate, in steps: what is measured in one of them can be compared with what is measured in another. */
export interface SteadyTime {
  /** Planned messages of devices a second, of all groups. */
  readonly ratePerSecond: number;
  /** Without the time that the rate settles in. Where no stretch holds a step: the longest. */
  readonly seconds: number;
  readonly secondsPerStep: number;
  /** Where each begins, epoch seconds, ascending. They need not follow each other: a rate may come again. */
  readonly steps: readonly number[];
}

/** A slope is computed of so many steps at least. */
export const leastSteadySteps = 20;
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
  const shortest = shortestStepOf(bookStep);
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
      const lengths = settled.map(({ from, to }) => to - from);
      return {
        ratePerSecond,
        settled,
        seconds: sumOf(lengths),
        /** Of stretches that hold a step. */
        usableSeconds: sumOf(lengths.filter((length) => length >= shortest)),
        longestSeconds: Math.max(0, ...lengths),
      };
    })
    // Without messages little can be measured: that is steady only where nothing else is.
    .toSorted(
      (a, b) =>
        Number(b.ratePerSecond > 0 && b.seconds > 0) - Number(a.ratePerSecond > 0 && a.seconds > 0) ||
        b.usableSeconds - a.usableSeconds ||
        b.seconds - a.seconds,
    );
  const { ratePerSecond = 0, settled = [], usableSeconds = 0, longestSeconds = 0 } = longest ?? {};
  const seconds = usableSeconds > 0 ? usableSeconds : longestSeconds;
  const wanted = bookStep * Math.ceil((10 * Math.ceil(seconds / mostSteps / 10)) / bookStep);
  // A step lies within one stretch.
  const secondsPerStep = Math.max(shortest, Math.min(wanted, longestSeconds));
  const all = settled.flatMap(({ from, to }) =>
    Array.from({ length: Math.floor((to - from) / secondsPerStep) }, (_, i) => from + i * secondsPerStep),
  );
  // Of very many stretches that are short, one in so many.
  const oneIn = Math.ceil(all.length / mostSteps);
  if (oneIn <= 1) return { ratePerSecond, seconds, secondsPerStep, steps: all };
  const steps = all.filter((_, i) => i % oneIn === 0);
  return { ratePerSecond, seconds: steps.length * secondsPerStep, secondsPerStep, steps };
}

/** Whole steps of the run's series. */
function shortestStepOf(bookStep: number): number {
  return bookStep * Math.ceil(shortestStepSeconds / bookStep);
}

/** With so much time at one rate and without a break, a run has `leastSteadySteps`; settling included, in whole minutes. */
export function leastSteadyMsOf(plan: GroupedPlan): number {
  const { secondsPerStep: bookStep } = bookStepsOf(plan);
  // A step of the run's series is cut at each end.
  const seconds = settleMs / 1_000 + leastSteadySteps * shortestStepOf(bookStep) + 2 * bookStep;
  return 60_000 * Math.ceil(seconds / 60);
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
  const rates = groupsOf(plan).flatMap((group) =>
    ratesOf(group.profile).map((stretches) => ({ stretches, weight: Number(isOfDevices(group)) })),
  );
  const sums = sumStretches(rates);
  // Sines of whole numbers are linearly independent over the rationals (Lindemann–Weierstrass): this sum is the same only where all rates are.
  const marks = sumStretches(rates.map(({ stretches }, i) => ({ stretches, weight: 2 + Math.sin(i + 1) })));
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

/** Of each kind of message of a group: its rate, times the share of the group's devices that are taken in. */
function ratesOf(profile: LoadProfile): RateStretch[][] {
  const rates = kindProfilesOf(profile).map((kind) => stretchesOf(kind));
  if (profile.deviceSteps === undefined) return rates;
  const taken = takenStretchesOf(profile);
  return rates.map((stretches) =>
    taken.flatMap(({ fromMs, toMs, startUsers, endUsers }) => {
      const shareAt = (ms: number) =>
        (startUsers + ((endUsers - startUsers) * (ms - fromMs)) / (toMs - fromMs)) / profile.devices;
      return cutStretches(stretches, fromMs, toMs).map((part) => ({
        ...part,
        startPerSecond: part.startPerSecond * shareAt(part.fromMs),
        endPerSecond: part.endPerSecond * shareAt(part.toMs),
      }));
    }),
  );
}
