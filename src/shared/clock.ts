/** Time as an argument: tests drive a ten-minute run in milliseconds with a virtual one. */
export interface Clock {
  /** Epoch milliseconds, fractional; never goes back. */
  now(): number;
  /** Calls `fn` once, at the earliest after `delayMs` (0: as soon as pending I/O was served). */
  setTimer(delayMs: number, fn: () => void): CancelTimer;
  /** How far `now()` may be behind the wall clock that it was set by; it is never ahead. Absent: it is no such clock. */
  readonly bracketMs?: number;
}

export type CancelTimer = () => void;

/**
 * Wall-clock time with the monotonic clock's resolution and steadiness: `performance.now()` plus an epoch that is read
 * anew here. `performance.timeOrigin` will not do: an execution environment that was frozen between two invocations
 * has a monotonic clock that stood still.
 */
export function makeSystemClock(): Clock {
  const { epochMs, bracketMs } = calibrateEpoch({ wall: Date.now, monotonic: () => performance.now() });
  return {
    bracketMs,
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

/** The two clocks of a machine, milliseconds. */
export interface ClockReadings {
  /** Since the epoch, rounded down to whole ones. */
  wall(): number;
  /** Fractional, from any instant. */
  monotonic(): number;
}

export interface Calibration {
  /** Epoch milliseconds at which the monotonic clock was 0: the true instant, or up to `bracketMs` before it. */
  readonly epochMs: number;
  readonly bracketMs: number;
}

/** The narrowest bracket of a wall-clock tick to wait for, and how long to wait for it. */
const bracketGoalMs = 0.01;
const calibrationLimitMs = 200;
/** A double near today's epoch is right to 0.00012 ms. */
const roundingMs = 0.001;

/**
 * A wall clock that reads w, rounded down, between two readings a and b of the monotonic one puts the epoch between w − b
 * and w + 1 − a. That holds however long the process was kept waiting between any two of the three, so every reading only
 * narrows the bracket; the readings around a tick narrow it to their own distance, unless the process was preempted there.
 * Then the next tick does, for up to 200 ms. The lower end is taken: a device's stamp is never ahead of its machine's clock.
 */
export function calibrateEpoch({ wall, monotonic }: ClockReadings): Calibration {
  let before = monotonic();
  const until = before + calibrationLimitMs;
  let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (;;) {
    const wallMs = wall();
    const after = monotonic();
    const [reached, limit] = [wallMs - after, wallMs + 1 - before];
    const wasSet = reached > most + roundingMs || limit < least - roundingMs;
    least = wasSet ? reached : Math.max(least, reached);
    most = wasSet ? limit : Math.min(most, limit);
    const bracketMs = Math.max(0, most - least);
    if (bracketMs <= bracketGoalMs || after >= until) return { epochMs: least, bracketMs };
    before = after;
  }
}
