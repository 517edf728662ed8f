import { type Backoff, drawBackoffMs } from '../profile/backoff.ts';
import type { Random } from '../shared/random.ts';

/** A device that has to connect again. */
export interface FailedDevice {
  readonly failedInARow: number;
  /** Since its last attempt began. */
  readonly sinceLastAttemptMs: number;
  /** From the start of an attempt to the next at least. */
  readonly leastMs: number;
}

/** How long a device waits before it connects again, milliseconds: its backoff, and at least what the target asks for. */
export function reconnectDelayMs(
  backoff: Backoff,
  { failedInARow, sinceLastAttemptMs, leastMs }: FailedDevice,
  random: Random,
): number {
  return Math.max(drawBackoffMs(backoff, failedInARow, random), leastMs - sinceLastAttemptMs, 0);
}
