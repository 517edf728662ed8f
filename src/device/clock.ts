/** Time as an argument: tests drive a ten-minute run in milliseconds with a virtual one. */
export interface Clock {
  /** Epoch milliseconds, fractional; never goes back. */
  now(): number;
  /** Calls `fn` once, at the earliest after `delayMs` (0: as soon as pending I/O was served). */
  setTimer(delayMs: number, fn: () => void): CancelTimer;
}

export type CancelTimer = () => void;

/**
 * Wall-clock time with the monotonic clock's resolution and steadiness: `performance.now()` plus an epoch that is read
 * anew here. `performance.timeOrigin` will not do: an execution environment that was frozen between two invocations
 * has a monotonic clock that stood still.
 */
export function makeSystemClock(): Clock {
  const epochMs = calibrateEpoch();
  return {
    now: () => epochMs + performance.now(),
    setTimer(delayMs, fn) {
      if (delayMs <= 0) {
        const immediate = setImmediate(fn);
        return () => clearImmediate(immediate);
      }
      // Node truncates to whole milliseconds: rounded up, a timer does not wake early only to sleep again.
      const timer = setTimeout(fn, Math.ceil(delayMs));
      return () => clearTimeout(timer);
    },
  };
}

/**
 * Epoch milliseconds at which `performance.now()` was 0. `Date.now()` is the wall clock rounded down and read first, so
 * each difference is at most the true one, however long the process was kept waiting between the two readings; the
 * largest seen over a little more than a millisecond is true to a few microseconds.
 */
function calibrateEpoch(): number {
  const until = performance.now() + 1.5;
  let epochMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const wallMs = Date.now();
    const now = performance.now();
    epochMs = Math.max(epochMs, wallMs - now);
    if (now >= until) return epochMs;
  }
}
