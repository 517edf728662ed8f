/**
 * A command that was due so shortly before a device lost its subscription may have been under way by then, milliseconds: it counts as due
 * while the device was offline. Send lag and delivery together take less, or the run has other problems.
 */
export const underWayMs = 1_000;

/**
 * How late a backend may send a command, milliseconds, for which receivers note what that makes uncertain: due within so long before a
 * device lost its subscription, it may have been sent after that; due within so long before the device had it again, also.
 */
export const lateWindowsMs = [2_000, 4_000, 8_000, 16_000] as const;

/** The least window that contains a lag; −1: it is longer than each of them. */
export function lateWindowOf(lagMs: number): number {
  return lateWindowsMs.findIndex((windowMs) => windowMs >= lagMs);
}
