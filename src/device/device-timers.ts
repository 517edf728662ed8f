import type { CancelTimer, Clock } from '../shared/clock.ts';

/** One timer for each device of a slice: what is to happen to it next. */
export class DeviceTimers {
  readonly #clock: Clock;
  readonly #timers = new Map<number, CancelTimer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(device: number): boolean {
    return this.#timers.has(device);
  }

  /** In place of what was to happen. */
  set(device: number, delayMs: number, then: () => void): void {
    this.cancel(device);
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(device);
      then();
    });
    this.#timers.set(device, timer);
  }

  cancel(device: number): void {
    this.#timers.get(device)?.();
    this.#timers.delete(device);
  }

  cancelAll(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
