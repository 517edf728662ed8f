import type { ArrivalWindow } from './arrival-window.ts';
import type { QuickestEcho } from './slice-result.ts';
import { stampResolutionMs } from './stamped-latency.ts';

/**
 * How far the service's clocks are ahead of one slice's, θ, milliseconds: at least `atLeastMs`, less than `atMostMs`.
 * Negative: behind.
 */
export interface SliceClock {
  readonly slice: number;
  /** Null without an echo that also arrived. */
  readonly atLeastMs: number | null;
  readonly atMostMs: number;
}

/**
 * Bounds of θ from what slices and arrival windows stored, slice by slice: each slice has a clock of its own.
 *
 * A message sent at s, on the slice's clock, passes the service later, at s + l. The service's clock then reads s + l + θ,
 * and its stamp is that rounded down: stamp ≤ s + l + θ < stamp + 1. As l > 0, θ < stamp + 1 − s, for each message: the
 * smallest stamp − s of a slice bounds it, and the millisecond that the stamp left out is part of the bound.
 *
 * A message that was back at its device e later, on the slice's clock alone, had passed the rules engine by then: l ≤ e, so
 * θ ≥ stamp − s − e ≥ (the smallest stamp − s) − e, with nothing to correct, for stamps are rounded down. It holds for a
 * message whose stamp is among those: one that arrived.
 */
export class SliceClocks {
  readonly #leastTransitUs = new Map<number, number>();
  readonly #quickestEchoes = new Map<number, QuickestEcho>();

  addSlice(slice: number, quickestEcho: QuickestEcho | undefined): void {
    if (quickestEcho !== undefined) this.#quickestEchoes.set(slice, quickestEcho);
  }

  addWindow({ leastTransitUs = {} }: ArrivalWindow): void {
    for (const [key, us] of Object.entries(leastTransitUs)) {
      const slice = Number(key);
      this.#leastTransitUs.set(slice, Math.min(us, this.#leastTransitUs.get(slice) ?? us));
    }
  }

  /**
   * Of the slices that messages arrived from.
   * @param hasArrived whether a message of a slice is among the arrivals
   * @param resolutionMs what the stamps left out; 0: they are not rounded
   */
  bounds(
    hasArrived: (slice: number, message: Pick<QuickestEcho, 'stream' | 'n'>) => boolean,
    resolutionMs: number = stampResolutionMs,
  ): SliceClock[] {
    return [...this.#leastTransitUs]
      .sort(([a], [b]) => a - b)
      .map(([slice, us]) => {
        const echo = this.#quickestEchoes.get(slice);
        const isBound = echo !== undefined && hasArrived(slice, echo);
        return {
          slice,
          atLeastMs: isBound ? (us - echo.us) / 1_000 : null,
          atMostMs: (us + resolutionMs * 1_000) / 1_000,
        };
      });
  }
}
