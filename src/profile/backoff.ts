import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import type { Random } from '../shared/random.ts';

export const jitters = ['full', 'equal', 'none'] as const;

/** How long a device waits before it connects again: a capped exponential, and how chance spreads it. */
export interface Backoff {
  /** The wait after no failure; it doubles with each failure in a row. */
  readonly baseMs: number;
  readonly capMs: number;
  /** `full`: anything from 0 to the wait; `equal`: half of it, and anything from 0 to the other half; `none`: exactly the wait. */
  readonly jitter: (typeof jitters)[number];
}

/** Of a profile that says nothing of it. */
export const defaultBackoff: Backoff = { baseMs: 1_000, capMs: 30_000, jitter: 'full' };

/**
 * `min(cap, base · 2ⁿ)` after n failures in a row, with the jitter over it: milliseconds.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function drawBackoffMs(
  { baseMs, capMs, jitter }: Backoff,
  failedInARow: number,
  random: Random,
): number {
  const ceilingMs = Math.min(capMs, baseMs * 2 ** failedInARow);
  switch (jitter) {
    case 'full':
      return random() * ceilingMs;
    case 'equal':
      return ceilingMs / 2 + random() * (ceilingMs / 2);
    case 'none':
      return ceilingMs;
  }
}

/** The mean wait of a device that has failed often: its cap, with the jitter over it. */
export function meanBackoffMs({ capMs, jitter }: Backoff): number {
  const share = { full: 0.5, equal: 0.75, none: 1 } as const;
  return capMs * share[jitter];
}

const bounds = { leastBaseMs: 10, mostBaseMs: 3_600_000, mostCapMs: 86_400_000 } as const;

/** @param backoff undefined: the profile says nothing of it */
export function checkBackoff(backoff: Backoff | undefined): InputError[] {
  if (backoff === undefined) return [];
  const { baseMs, capMs } = backoff;
  const { leastBaseMs, mostBaseMs, mostCapMs } = bounds;
  return [
    ...checkWait('base', baseMs, [leastBaseMs, mostBaseMs]),
    ...checkWait('cap', capMs, [Math.max(baseMs, leastBaseMs), mostCapMs]),
  ];
}

function checkWait(name: string, ms: number, [least, most]: readonly [number, number]): InputError[] {
  if ((ms >= least && ms <= most) || least > most) return [];
  const range = `${formatDuration(least)} to ${formatDuration(most)}`;
  return [
    {
      path: `connect.backoff.${name}`,
      message: `must be ${range}, not ${formatDuration(ms)}`,
      hint: `give ${range}`,
    },
  ];
}

/** `1s, doubled up to 30s, full jitter` */
export function describeBackoff({ baseMs, capMs, jitter }: Backoff): string {
  const waits =
    baseMs === capMs
      ? formatDuration(baseMs)
      : `${formatDuration(baseMs)}, doubled up to ${formatDuration(capMs)}`;
  return `${waits}, ${jitter === 'none' ? 'no' : jitter} jitter`;
}
