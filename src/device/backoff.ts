import { type Backoff, drawBackoffMs } from '../profile/backoff.ts';
import type { Random } from '../shared/random.ts';

/** A device that has to connect again. */
export interface FailedDevice {
  readonly failedInARow: number;
  /** Since its last attempt was answered, or failed. */
  readonly sinceLastAnswerMs: number;
  /** From an answer to the next attempt at least: counted from the attempt itself, the next one may reach the service too soon. */
  readonly leastMs: number;
}

/** How long a device waits before it connects again, milliseconds: its backoff, and at least what the target asks for. */
export function reconnectDelayMs(
  backoff: Backoff,
  { failedInARow, sinceLastAnswerMs, leastMs }: FailedDevice,
  random: Random,
): number {
  return Math.max(drawBackoffMs(backoff, failedInARow, random), leastMs - sinceLastAnswerMs, 0);
}
