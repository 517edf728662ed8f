import { type RateShape, type RateStretch, stretchesOf } from '../profile/load-shapes/rate-stretches.ts';

/**
 * The arrival rate over the run's publishing time: piecewise linear, as in k6's ramping-arrival-rate. Its integral
 * N(t) is how many messages are intended by t; the inverse N⁻¹(x) is when message x is. Both are closed forms of the
 * stage that t or x falls in, so that nothing is simulated and nothing adds up errors.
 *
 * With r₀, r₁ the rates at a stage's ends, d its duration and a = (r₁ − r₀) / 2d, all in milliseconds:
 *
 *   N(t)   = r₀t + at²
 *   N⁻¹(x) = 2x / (r₀ + √(r₀² + 4ax))
 *
 * The second is the quadratic's root in the form that does not subtract two near numbers, and holds for a = 0 as well.
 */
export interface ArrivalRate {
  readonly durationMs: number;
  /** N at the end: fractional. */
  readonly messages: number;
  readonly peakPerSecond: number;
  /** The stages that last, in order. */
  readonly stretches: readonly RateStretch[];
  /** Messages intended in the first `offsetMs`, fractional. Fast where it grows from call to call. */
  readonly messagesBy: (offsetMs: number) => number;
  /**
   * When message x (0 ≤ x ≤ `messages`, fractional) is intended: milliseconds after the schedule's zero, within
   * 0 … `durationMs`, and never earlier than for a smaller x. Tens of nanoseconds where x grows from call to call.
   */
  readonly offsetMsOf: (x: number) => number;
}

/** Of the stages alone, without steps. */
export function makePlannedRate({ startRatePerSecond, stages }: RateShape): ArrivalRate {
  const count = stages.length;
  const startRate = new Float64Array(count);
  const lengthMs = new Float64Array(count);
  // One longer than the stages: where each begins, and where the last ends.
  const beginsMs = new Float64Array(count + 1);
  const beginsAt = new Float64Array(count + 1);
  // r₀² and 4a: what is left of the discriminant once x is known.
  const startRateSquared = new Float64Array(count);
  const fourA = new Float64Array(count);

  let ratePerMs = startRatePerSecond / 1_000;
  let peakPerMs = ratePerMs;
  stages.forEach((stage, i) => {
    const targetPerMs = stage.targetPerSecond / 1_000;
    startRate[i] = ratePerMs;
    lengthMs[i] = stage.durationMs;
    beginsMs[i + 1] = beginsMs[i]! + stage.durationMs;
    beginsAt[i + 1] = beginsAt[i]! + ((ratePerMs + targetPerMs) / 2) * stage.durationMs;
    startRateSquared[i] = ratePerMs * ratePerMs;
    fourA[i] = stage.durationMs > 0 ? (2 * (targetPerMs - ratePerMs)) / stage.durationMs : 0;
    ratePerMs = targetPerMs;
    peakPerMs = Math.max(peakPerMs, ratePerMs);
  });

  const durationMs = beginsMs[count]!;
  const messages = beginsAt[count]!;

  // The stage of the last answer, only so that the next search is short: the answer depends on its argument alone.
  let stage = 0;
  const last = count - 1;

  function messagesBy(offsetMs: number): number {
    if (offsetMs >= durationMs) return messages;
    if (offsetMs <= 0) return 0;
    while (offsetMs >= beginsMs[stage + 1]!) stage++;
    while (offsetMs < beginsMs[stage]!) stage--;
    const t = offsetMs - beginsMs[stage]!;
    const within = t * (startRate[stage]! + (fourA[stage]! / 4) * t);
    return Math.min(beginsAt[stage]! + within, beginsAt[stage + 1]!);
  }

  function offsetMsOf(x: number): number {
    while (stage < last && x >= beginsAt[stage + 1]!) stage++;
    while (stage > 0 && x < beginsAt[stage]!) stage--;
    const rest = x - beginsAt[stage]!;
    // Rounding can carry the discriminant below zero at the foot of a ramp down.
    const discriminant = startRateSquared[stage]! + fourA[stage]! * rest;
    const divisor = startRate[stage]! + (discriminant > 0 ? Math.sqrt(discriminant) : 0);
    // The foot of a ramp up, or a stage without load.
    if (divisor === 0) return beginsMs[stage]!;
    const t = (2 * rest) / divisor;
    return t < lengthMs[stage]! ? beginsMs[stage]! + t : beginsMs[stage + 1]!;
  }

  return {
    durationMs,
    messages,
    peakPerSecond: peakPerMs * 1_000,
    stretches: stretchesOf({ startRatePerSecond, stages }),
    messagesBy,
    offsetMsOf,
  };
}
