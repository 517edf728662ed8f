import type { ArrivalWindow } from '../measure/arrival-window.ts';
import type { Clock } from '../shared/clock.ts';

/** Tries of one window, and the wait between two. */
const maxTries = 5;
const tryAgainMs = 1_000;

/** Stores arrival windows one after the other, beside the reading: a store that is slow for a while holds up nothing. */
export class WindowQueue {
  readonly #store: (window: ArrivalWindow) => Promise<void>;
  readonly #clock: Clock;
  #last: Promise<void> = Promise.resolve();
  #unstored: string | undefined;

  constructor(store: (window: ArrivalWindow) => Promise<void>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  add(window: ArrivalWindow): void {
    this.#last = this.#last.then(() => this.#put(window));
  }

  /** @returns why a window is not stored; undefined: all are */
  async close(): Promise<string | undefined> {
    await this.#last;
    return this.#unstored;
  }

  async #put(window: ArrivalWindow): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#store(window);
        return;
      } catch (error) {
        if (tries === maxTries) {
          this.#unstored ??= error instanceof Error ? error.name : String(error);
          return;
        }
      }
      await new Promise<void>((resolve) => void this.#clock.setTimer(tryAgainMs, resolve));
    }
  }
}
