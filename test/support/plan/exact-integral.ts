import type { RateChange } from '../../../src/profile/rate-step.ts';

/** A fraction of whole numbers, whose denominator is more than 0. */
export type Fraction = readonly [numerator: bigint, denominator: bigint];

/** Rates and durations in whole numbers, so that their integral is a fraction. */
export interface ExactLoad {
  readonly startRatePerSecond: number;
  readonly stages: readonly { readonly durationMs: number; readonly targetPerSecond: number }[];
}

export interface ExactStep {
  /** Whole milliseconds. */
  readonly ms: number;
  /** A factor in whole thousandths, or a whole rate. */
  readonly change: RateChange;
}

export interface ExactIntegral {
  /** N, of the planned rate. */
  readonly planned: Fraction;
  /** N′, of the amended one. */
  readonly amended: Fraction;
  /** Whether N′ is there already before the end, because nothing is due at last. */
  readonly isEarly: boolean;
}

/** The integrals over the whole load without any rounding. @param steps in order, no two at one instant */
export function integrate(load: ExactLoad, steps: readonly ExactStep[]): ExactIntegral {
  const endMs = load.stages.reduce((ms, { durationMs }) => ms + durationMs, 0);
  const within = (step: ExactStep | undefined, fromMs: number, toMs: number): Fraction => {
    const { change = { factor: 1 } } = step ?? {};
    if ('perSecond' in change) return [BigInt(change.perSecond) * BigInt(toMs - fromMs), 1_000n];
    const factor: Fraction = [BigInt(Math.round(change.factor * 1_000)), 1_000n];
    return times(minus(plannedBy(load, toMs), plannedBy(load, fromMs)), factor);
  };
  const parts = [
    within(undefined, 0, steps[0]?.ms ?? endMs),
    ...steps.map((step, i) => within(step, step.ms, steps[i + 1]?.ms ?? endMs)),
  ];
  return {
    planned: plannedBy(load, endMs),
    amended: parts.reduce(plus),
    isEarly: within(steps.at(-1), endMs - 1, endMs)[0] === 0n,
  };
}

/** How many of the messages x = (n + φ) · N ÷ M of a slice, n = 0, 1, 2 …, N′ reaches before the end. */
export function reachedBefore(
  { planned, amended, isEarly }: ExactIntegral,
  { messages, phase }: { readonly messages: number; readonly phase: Fraction },
): number {
  // n < N′ · M ÷ N − φ, or n ≤ it.
  const [numerator, denominator] = minus(times(amended, [BigInt(messages) * planned[1], planned[0]]), phase);
  if (numerator < 0n) return 0;
  const whole = numerator / denominator;
  const isWhole = numerator % denominator === 0n;
  return Number(isWhole && !isEarly ? whole : whole + 1n);
}

function plannedBy({ startRatePerSecond, stages }: ExactLoad, untilMs: number): Fraction {
  let sum: Fraction = [0n, 1n];
  let fromMs = 0;
  let rate = startRatePerSecond;
  for (const { durationMs, targetPerSecond } of stages) {
    const ms = Math.min(durationMs, untilMs - fromMs);
    if (ms > 0) {
      // (r₀ · t + (r₁ − r₀) · t² ÷ 2d) ÷ 1,000
      const twice =
        2n * BigInt(rate) * BigInt(ms) * BigInt(durationMs) +
        BigInt(targetPerSecond - rate) * BigInt(ms) * BigInt(ms);
      sum = plus(sum, [twice, 2_000n * BigInt(durationMs)]);
    }
    fromMs += durationMs;
    rate = targetPerSecond;
  }
  return sum;
}

function plus([a, b]: Fraction, [c, d]: Fraction): Fraction {
  return [a * d + c * b, b * d];
}

function minus(a: Fraction, [c, d]: Fraction): Fraction {
  return plus(a, [-c, d]);
}

function times([a, b]: Fraction, [c, d]: Fraction): Fraction {
  return [a * c, b * d];
}
