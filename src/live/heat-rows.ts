/**
 * The rows of a latency heatmap: one for what is below zero, one for what is below a microsecond, then four to an octave
 * of microseconds: [2ᵏ·(1 + s/4), 2ᵏ·(1 + (s+1)/4)) for s of 0 to 3.
 */
export const heatRows = 2 + 4 * 32;

export function heatRowOf(latencyMs: number): number {
  const us = latencyMs * 1_000;
  if (us < 0) return 0;
  if (us < 1) return 1;
  const octave = Math.min(31, Math.floor(Math.log2(us)));
  return 2 + octave * 4 + Math.min(3, Math.floor((us / 2 ** octave - 1) * 4));
}

/** Where a row begins, milliseconds; minus infinity for what is below zero. */
export function heatRowFromMs(row: number): number {
  if (row < 2) return row === 0 ? Number.NEGATIVE_INFINITY : 0;
  return (2 ** Math.floor((row - 2) / 4) * (1 + ((row - 2) % 4) / 4)) / 1_000;
}
