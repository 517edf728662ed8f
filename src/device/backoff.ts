import type { Random } from '../shared/random.ts';

/** Upper edge of the first delay. */
const baseMs = 1_000;
const capMs = 30_000;
/** AWS IoT Core: one connect a second for a client id (L-033DE216); a sooner one would only be refused. */
const perClientIdMs = 1_000;

/**
 * How long a device waits before it connects again: full jitter over a capped exponential, `random × min(cap, base · 2ᵃ)`,
 * a = failed attempts in a row, but never within a second of its last attempt.
 *
 * @param sinceLastAttemptMs time since the device's last attempt began
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function reconnectDelayMs(failedInARow: number, sinceLastAttemptMs: number, random: Random): number {
  const jitteredMs = random() * Math.min(capMs, baseMs * 2 ** failedInARow);
  return Math.max(jitteredMs, perClientIdMs - sinceLastAttemptMs, 0);
}
