import type { CancelTimer, Clock } from '../../shared/clock.ts';

export type { CancelTimer, Clock };

/** The machine's clock is the wall, in whole milliseconds: what AWS stamps into `timestamp()` and `SentTimestamp`. */
export const wallClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
};

/** A clock that is ahead of another by so much; negative: behind. */
export function offsetClock(clock: Clock, offsetMs: number): Clock {
  return {
    now: () => clock.now() + offsetMs,
    setTimer: (delayMs, fn) => clock.setTimer(delayMs, fn),
  };
}

/** Calls `fn` every `periodMs` until cancelled. */
export function repeat(clock: Clock, periodMs: number, fn: () => void): CancelTimer {
  let cancel = clock.setTimer(periodMs, tick);
  function tick(): void {
    cancel = clock.setTimer(periodMs, tick);
    fn();
  }
  return () => cancel();
}
