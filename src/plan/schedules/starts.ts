import type { ArrivalPattern } from '../../profile/load-profile.ts';
import { partsOf } from '../../profile/load-shapes/arrival-pattern.ts';
import { makeBurstTurns } from '../device-turns.ts';
import { type EvenTurns, makeDraws } from './jitter.ts';
import type { Reordering } from './reordered-schedule.ts';

/**
 * Bursts, and messages that all devices send together: turn b begins at its start, and its `count` messages follow `spacingMs` apart.
 *
 * Devices together take their turns in period j = ⌊b ÷ devices⌋, at its beginning: evenly over `lastsMs`, or each at random within
 * it. Otherwise one follows the other everyMs ÷ devices later, so that each comes back after everyMs exactly.
 * @param phase 0–1, of the slice, so that slices interleave
 */
export function startsReordering(
  even: Omit<EvenTurns, 'turnMs' | 'turns' | 'peakPerMs'> & { readonly phase: number },
  pattern: Extract<ArrivalPattern, { kind: 'pulse' | 'burst' }>,
): Reordering {
  const { messages, devices, durationMs, phase } = even;
  const { starts, count, spacingMs } = partsOf(pattern);
  const lengthMs = (count - 1) * spacingMs;
  const pulse = pattern.kind === 'pulse' ? pattern : pattern.together;
  const gapMs = starts.lastsMs / devices;
  const lastMs = durationMs - lengthMs;
  const turns = makeBurstTurns(devices, count);
  const draw = makeDraws(even);
  const startMs = (b: number) => {
    if (pulse === undefined) return Math.min((b + phase) * gapMs, lastMs);
    return Math.floor(b / devices) * starts.everyMs + ((b % devices) + phase) * gapMs;
  };
  const drawnMs = (b: number) => {
    const period = Math.floor(b / devices);
    return period * starts.everyMs + draw(b % devices, period) * starts.lastsMs;
  };
  const isRandom = pulse?.isRandom === true;
  const beginsMs = isRandom ? drawnMs : startMs;
  // Bursts that begin while one lasts, with those that the end of the run draws together.
  const besides = Math.ceil(lengthMs / gapMs) + 3;
  const perRound = devices * count;
  return {
    messages,
    window: isRandom ? perRound : pulse === undefined ? besides * count : Math.min(besides * count, perRound),
    turnMs: (m) => startMs(Math.floor(m / count)),
    dueMs: (m) => beginsMs(Math.floor(m / count)) + (m % count) * spacingMs,
    turns,
  };
}
