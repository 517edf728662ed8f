import type { MeasuredInterval } from './judged-interval.ts';

/** A service as a queue: what an interval and the one before it show of it. */
export interface QueueView {
  /** The level that it serves, as if it had been busy all the time; at most so much where it was not. */
  readonly capacity: number;
  /** What the metric comes to when the next level takes effect, milliseconds: the queue goes on growing, or is emptied, until then. */
  readonly atChangeMs: number;
  /** From one change of the level to the next. */
  readonly periodMs: number;
}

/** From an interval until the next level, where none has been measured yet. */
const firstDeadMs = 3_000;
/** A queue is emptied at most so fast: a shorter latency has other causes. */
const fastestShare = 0.5;

/**
 * The latency of a queue that is never empty grows by λ/μ − 1 of each second, whatever the service: with levels λ₁ for the time a
 * and λ₂ for the time b between the ends of two intervals, μ = (a λ₁ + b λ₂) / (a + b + ΔW). Where the level before let the queue be
 * empty, a has no part in it. Either is too low where it does not apply, so that the higher one does.
 */
export function viewQueue(before: MeasuredInterval | undefined, last: MeasuredInterval): QueueView {
  const { level, at, holdUntil, metric } = last;
  const underMs = holdUntil - at;
  if (before === undefined) return { capacity: level, atChangeMs: metric, periodMs: underMs + firstDeadMs };
  const deadMs = Math.max(0, at - before.holdUntil);
  const periodMs = underMs + deadMs;
  const grownMs = metric - before.metric;
  const both =
    (before.level * deadMs + level * underMs) / Math.max(fastestShare * periodMs, periodMs + grownMs);
  const alone = (level * underMs) / (underMs + Math.max(0, grownMs));
  const capacity = grownMs > 0 ? Math.max(alone, both) : both;
  const atChangeMs = Math.max(0, metric + (level / capacity - 1) * deadMs);
  return { capacity, atChangeMs, periodMs };
}

/** The share of the way from the idle service's metric to the objective that is used up. */
export function usedShare(metric: number, idleMs: number, at: number): number {
  return (metric - idleMs) / Math.max(1, at - idleMs);
}

/**
 * A level nearer to an objective that is far away. Latency over that of the idle service is 1 − ρ in M/M/1, so that two metrics predict the
 * level of the objective; with several servers latency stays flat for longer, and the prediction is bounded by what is left of the
 * way: at most twice the level.
 */
export function approachObjective(at: number, idleMs: number, { level, metric }: MeasuredInterval): number {
  const most = level * 2 ** (1 - usedShare(metric, idleMs, at));
  if (metric <= flatUntil * idleMs) return most;
  return Math.min(most, (level / (1 - idleMs / metric)) * (1 - idleMs / at));
}

/** Below so many times the metric of the idle service noise would predict anything. */
const flatUntil = 1.5;

/** A level changes by no more than that in one interval while the objective is near. */
const [mostRise, mostFall] = [1.1, 0.7];
/** A queue counts as never empty if its latency is so many times that of the idle service. */
const busyFactor = 2;

/**
 * A level that brings a near objective nearer. As a queue, the service is given what it serves plus what takes the error away in two
 * periods: u = μ (1 + (at − W) / 2T), the proportional part with the gain 1 / 2T, and with the integral part in μ. As a service whose
 * latency is a function of the level, with the elasticity of M/M/1: m / idle. The larger of the two changes applies: each is too
 * small for the other service.
 */
export function trackObjective(
  at: number,
  idleMs: number,
  before: MeasuredInterval | undefined,
  last: MeasuredInterval,
): number {
  const { level, metric } = last;
  const { capacity, periodMs, atChangeMs } = viewQueue(before, last);
  const isBusy =
    before !== undefined && Math.min(before.metric, metric) > Math.max(at / 4, busyFactor * idleMs);
  const asQueue = (isBusy || metric > at ? capacity : level) * (1 + (at - atChangeMs) / (2 * periodMs));
  const asFunction = level * (at / metric) ** (idleMs / (3 * metric));
  const wanted = Math.abs(asQueue - level) > Math.abs(asFunction - level) ? asQueue : asFunction;
  return Math.min(mostRise * level, Math.max(mostFall * level, wanted));
}
