import { amendedPeakOf, type RateShape, stretchesOf } from '../profile/load-shapes/rate-stretches.ts';
import type { RateStep } from '../profile/rate-step.ts';
import type { ArrivalRate } from './planned-rate.ts';

/**
 * An arrival rate with steps. With N the integral of the planned rate and N′ that of the amended one, which is N until the first step,
 * step j at tⱼ makes it
 *
 *   N′(t) = N′(tⱼ) + f · (N(t) − N(tⱼ))        with a factor f
 *   N′(t) = N′(tⱼ) + p · (t − tⱼ)              with a constant rate p
 *
 * until the next one. Its inverse is N⁻¹, or a division, of the part that N′ is in: closed forms again. A message is due when N′ reaches
 * it, so at the beginning of a stretch without messages, and not at all if N′ reaches it only at the end.
 */
export interface AmendedRate extends ArrivalRate {
  /**
   * When a message is due, N′⁻¹(N(x)), that would be due at x of the planned rate, milliseconds. Past its end that rate repeats:
   * N(x + D) = N(D) + N(x). What is due before a step is the same to the bit with that step and without it. Infinity: never.
   */
  readonly dueMs: (plannedMs: number) => number;
  /** When a message that is due at an instant would be due of the planned rate. */
  readonly plannedMsOf: (dueMs: number) => number;
}

interface Part {
  readonly step: RateStep;
  /** N and N′ at the step. */
  readonly planned: number;
  readonly amended: number;
}

/** So near to a step, relatively, rounding may put a message on its other side. */
const roundingShare = 1e-9;

/** So near, relatively, instants and places of messages are the same: rounding moves them less. */
export const sameShare = 1e-12;

/** @param shape with its steps @param planned of the same shape without them; of more than no messages */
export function amendRate(planned: ArrivalRate, shape: RateShape): AmendedRate {
  const { durationMs } = planned;
  const parts = partsOf(planned, shape.rateSteps ?? []);
  const whole = repeatRate(planned);
  const rests = restsOf(planned);

  function messagesBy(offsetMs: number): number {
    const part = parts.findLast(({ step }) => step.atMs <= offsetMs);
    return part === undefined ? planned.messagesBy(offsetMs) : messagesIn(part, planned, offsetMs);
  }

  // The part of the last answer, only so that the next search is short.
  let near = -1;

  /** @param before when message x is due without any step */
  function offsetOf(x: number, before: () => number): number {
    const margin = roundingShare * Math.max(1, x);
    while (near + 1 < parts.length && parts[near + 1]!.amended - margin <= x) near++;
    while (near >= 0 && parts[near]!.amended - margin > x) near--;
    return offsetWithin(near, x, margin, before);
  }

  /**
   * By the steps 0 … i. Where rounding might decide between two parts, the instant that message x has without step i does: at the step
   * itself the message is due still, also if nothing is due from then on.
   */
  function offsetWithin(i: number, x: number, margin: number, before: () => number): number {
    if (i < 0) return before();
    const part = parts[i]!;
    if (x <= part.amended + margin) {
      const without = offsetWithin(i - 1, x, margin, before);
      if (without * (1 - sameShare) <= part.step.atMs) return without;
    }
    return offsetIn(part, planned, rests, x);
  }

  const firstMs = parts[0]?.step.atMs ?? Number.POSITIVE_INFINITY;
  const messages = messagesBy(durationMs);
  return {
    durationMs,
    messages,
    peakPerSecond: amendedPeakOf(shape),
    stretches: stretchesOf(shape),
    messagesBy: (offsetMs) => (offsetMs >= durationMs ? messages : messagesBy(offsetMs)),
    offsetMsOf: (x) =>
      Math.min(
        durationMs,
        offsetOf(x, () => planned.offsetMsOf(x)),
      ),
    dueMs: (plannedMs) =>
      plannedMs < firstMs ? plannedMs : offsetOf(whole.messagesBy(plannedMs), () => plannedMs),
    plannedMsOf: (dueMs) => (dueMs < firstMs ? dueMs : whole.offsetMsOf(messagesBy(dueMs))),
  };
}

/** A rate that begins anew whenever it is over, endlessly. @param rate of more than no messages */
export function repeatRate(rate: ArrivalRate): ArrivalRate {
  const { durationMs, messages } = rate;
  return {
    ...rate,
    messagesBy: (offsetMs) => {
      const rounds = Math.max(0, Math.floor(offsetMs / durationMs));
      return rounds * messages + rate.messagesBy(offsetMs - rounds * durationMs);
    },
    offsetMsOf: (x) => {
      const rounds = Math.max(0, Math.floor(x / messages));
      return rounds * durationMs + rate.offsetMsOf(x - rounds * messages);
    },
  };
}

function partsOf(planned: ArrivalRate, steps: readonly RateStep[]): Part[] {
  const parts: Part[] = [];
  for (const step of steps) {
    const before = parts.at(-1);
    const plannedBy = planned.messagesBy(step.atMs);
    const amended = before === undefined ? plannedBy : messagesIn(before, planned, step.atMs);
    parts.push({ step, planned: plannedBy, amended });
  }
  return parts;
}

/** N′ at an instant of a part. */
function messagesIn({ step, planned: from, amended }: Part, planned: ArrivalRate, ms: number): number {
  return 'factor' in step
    ? amended + step.factor * (planned.messagesBy(ms) - from)
    : amended + (step.perSecond / 1_000) * (ms - step.atMs);
}

/** N′⁻¹ of a part; Infinity: message x is not due before the planned rate ends. */
function offsetIn(
  { step, planned: from, amended }: Part,
  planned: ArrivalRate,
  rests: readonly Rest[],
  x: number,
): number {
  const rest = Math.max(0, x - amended);
  if ('perSecond' in step)
    return step.perSecond === 0 ? Number.POSITIVE_INFINITY : step.atMs + rest / (step.perSecond / 1_000);
  const message = step.factor === 0 ? Number.POSITIVE_INFINITY : from + rest / step.factor;
  const atRest = rests.find(({ messages }) => Math.abs(message - messages) <= messages * sameShare);
  if (atRest !== undefined) return Math.max(step.atMs, atRest.fromMs);
  return message < planned.messages
    ? Math.max(step.atMs, planned.offsetMsOf(message))
    : Number.POSITIVE_INFINITY;
}

/** Where N stands still: from there on nothing is due for some time, or nothing at all. */
interface Rest {
  /** N. */
  readonly messages: number;
  readonly fromMs: number;
}

function restsOf({ stretches, messagesBy, messages, durationMs }: ArrivalRate): Rest[] {
  const rests = stretches
    .filter(({ startPerSecond, endPerSecond }) => startPerSecond === 0 && endPerSecond === 0)
    .map(({ fromMs }) => ({ messages: messagesBy(fromMs), fromMs }));
  return [...rests, { messages, fromMs: durationMs }].filter(
    (each, i, all) => i === 0 || all[i - 1]!.messages < each.messages,
  );
}
