/** Time as an argument: tests drive a ten-minute run in milliseconds with a virtual one. */
export interface Clock {
  /** Epoch milliseconds, fractional; never goes back. */
  now(): number;
  /** Calls `fn` once, at the earliest after `delayMs` (0: as soon as pending I/O was served). */
  setTimer(delayMs: number, fn: () => void): CancelTimer;
  /** How far `now()` may be behind the wall clock that it was set by; it is never ahead. Absent: it is no such clock. */
  readonly bracketMs?: number;
  /** Goes on to narrow `bracketMs`, until it is narrow enough or until this instant, epoch milliseconds. */
  settle?(untilMs: number): Promise<void>;
}

export type CancelTimer = () => void;

/**
 * Wall-clock time with the monotonic clock's resolution and steadiness: `performance.now()` plus an epoch that is read
 * anew here. `performance.timeOrigin` will not do: an execution environment that was frozen between two invocations
 * has a monotonic clock that stood still.
 */
export function makeSystemClock(): Clock {
  const epoch = new CalibratedEpoch({ wall: Date.now, monotonic: () => performance.now() });
  const clock: Clock = {
    get bracketMs() {
      return epoch.bracketMs;
    },
    now: () => epoch.epochMs + performance.now(),
    setTimer(delayMs, fn) {
      if (delayMs <= 0) {
        const immediate = setImmediate(fn);
        return () => clearImmediate(immediate);
      }
      // Node truncates to whole milliseconds: rounded up, a timer does not wake early only to sleep again.
      return setLongTimer(Math.ceil(delayMs), fn);
    },
    async settle(untilMs) {
      while (!epoch.isSettled && clock.now() + attemptEveryMs + attemptMs <= untilMs) {
        await new Promise<void>((resolve) => void clock.setTimer(attemptEveryMs, resolve));
        epoch.narrow(attemptMs);
      }
    },
  };
  return clock;
}

/** Node fires a longer timer at once. */
const longestTimerMs = 2 ** 31 - 1;

/** `setTimeout` of any length: a run may last longer than Node's longest timer, of 24.8 days. */
export function setLongTimer(delayMs: number, fn: () => void): CancelTimer {
  if (delayMs <= longestTimerMs) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  }
  let cancel: CancelTimer = () => clearTimeout(timer);
  const timer = setTimeout(() => {
    cancel = setLongTimer(delayMs - longestTimerMs, fn);
  }, longestTimerMs);
  return () => cancel();
}

/** The two clocks of a machine, milliseconds. */
export interface ClockReadings {
  /** Since the epoch, rounded down to whole ones. */
  wall(): number;
  /** Fractional, from any instant. */
  monotonic(): number;
}

/** The narrowest bracket of a wall-clock tick to wait for, and how long to wait for it, all other work standing still. */
const bracketGoalMs = 0.01;
const calibrationLimitMs = 200;
/** Then, beside other work: a tick or two at a time. */
const attemptMs = 2;
const attemptEveryMs = 20;
/** A double near today's epoch is right to 0.00012 ms. */
const roundingMs = 0.001;

/**
 * A wall clock that reads w, rounded down, between two readings a and b of the monotonic one puts the epoch between w − b
 * and w + 1 − a. That holds however long the process was kept waiting between any two of the three, so every reading only
 * narrows the bracket; the readings around a tick narrow it to their own distance, unless the process was preempted there.
 * Then the next tick does, for up to 200 ms, and `narrow` tries others. The lower end is taken: a device's stamp is never
 * ahead of its machine's clock.
 */
export class CalibratedEpoch {
  readonly #readings: ClockReadings;
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;

  constructor(readings: ClockReadings) {
    this.#readings = readings;
    this.#read(calibrationLimitMs, true);
  }

  /** Epoch milliseconds at which the monotonic clock was 0: the true instant, or up to `bracketMs` before it. */
  get epochMs(): number {
    return this.#least;
  }

  get bracketMs(): number {
    return Math.max(0, this.#most - this.#least);
  }

  get isSettled(): boolean {
    return this.bracketMs <= bracketGoalMs;
  }

  /** Tries again for so long. It only ever sets the clock forward: to a wall clock that was set since, it does not follow. */
  narrow(limitMs: number): void {
    this.#read(limitMs, false);
  }

  #read(limitMs: number, followsWall: boolean): void {
    const { wall, monotonic } = this.#readings;
    let before = monotonic();
    const until = before + limitMs;
    for (;;) {
      const wallMs = wall();
      const after = monotonic();
      const [reached, limit] = [wallMs - after, wallMs + 1 - before];
      const wasSet = reached > this.#most + roundingMs || limit < this.#least - roundingMs;
      if (wasSet && !followsWall) return;
      this.#least = wasSet ? reached : Math.max(this.#least, reached);
      this.#most = wasSet ? limit : Math.min(this.#most, limit);
      if (this.isSettled || after >= until) return;
      before = after;
    }
  }
}

/** Waits for all of this work, but no longer than `limitMs`. */
export async function settledWithin(clock: Clock, limitMs: number, work: readonly unknown[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.setTimer(limitMs, resolve);
  await Promise.race([Promise.all(work), promise]);
  cancel();
}
