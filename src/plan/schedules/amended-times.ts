import { type AmendedRate, sameShare } from '../amended-rate.ts';
import type { ArrivalTimes } from './arrival-kinds.ts';
import { firstPlace } from './reordered-schedule.ts';

/**
 * When messages are due once steps have changed their rate: message n, due at x by the plan, is due at N′⁻¹(N(x)) (`AmendedRate`). So any
 * pattern goes faster or slower from a step on, and what is due before a step does not depend on it.
 * @param planned messages due by the plan, which repeats, at least up to the end of the amended rate
 */
export function amendTimes(planned: ArrivalTimes, rate: AmendedRate): ArrivalTimes {
  const offsetMs = (n: number) => rate.dueMs(planned.offsetMs(n));

  function dueBefore(instantMs: number): number {
    const isBefore = (n: number) => offsetMs(n) < instantMs;
    if (planned.dueBefore === undefined) return firstPlace(planned.messages, isBefore);
    // The pattern counts its own times. Rounding puts few messages on the other side.
    let count = Math.min(planned.dueBefore(rate.plannedMsOf(instantMs)), planned.messages);
    while (count < planned.messages && isBefore(count)) count++;
    while (count > 0 && !isBefore(count - 1)) count--;
    return count;
  }

  // What is due at the end itself is not sent, however its instant is rounded.
  const messages = dueBefore(rate.durationMs * (1 - sameShare));
  return {
    messages,
    offsetMs,
    ...(planned.dueBefore && { dueBefore: (instantMs: number) => Math.min(messages, dueBefore(instantMs)) }),
    turns: planned.turns,
  };
}
