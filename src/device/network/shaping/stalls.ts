import type { Stall } from '../../../profile/network-presets.ts';

/**
 * The instant at which a byte passes that is ready at `atMs`: the same, or the end of the stall that it falls into. A device's stalls
 * begin every `everySeconds`, from a phase of its own.
 * @param atMs epoch milliseconds @param phase in [0, 1)
 */
export function passesAt(atMs: number, stall: Stall | undefined, phase: number): number {
  if (stall === undefined) return atMs;
  const everyMs = stall.everySeconds * 1_000;
  const sinceMs = (((atMs - phase * everyMs) % everyMs) + everyMs) % everyMs;
  return sinceMs < stall.forMs ? atMs + stall.forMs - sinceMs : atMs;
}
