import { type Handover, type LegTimeline, takingOverMs } from '../plan/legs.ts';
import type { Plan, Slice } from '../plan/plan.ts';
import { connectsAfterMs } from '../plan/presence.ts';
import { connectSettleMs, makeSliceSchedule } from '../plan/schedule.ts';

/** When devices of a slice connect in a leg, epoch milliseconds. */
export interface ConnectTurns {
  /** None connects before. */
  readonly startAt: number;
  /** When a device first connects: in the order of their numbers. */
  readonly turnAt: (device: number) => number;
  /** All have had their turn. */
  readonly overAt: number;
}

/**
 * A slice, or a leg, that comes late connects the devices that it should have by then at the slice's own rate, not all at once.
 * @param readyAt epoch milliseconds
 */
export function connectTurnsOf(
  plan: Plan,
  slice: Slice,
  { from, takesOver }: Pick<LegTimeline, 'from' | 'takesOver'>,
  readyAt: number,
): ConnectTurns {
  const { connectOffsetMs } = makeSliceSchedule(slice);
  const startAt = Math.max(from + connectsAfterMs(plan.profile, slice.group.profile), readyAt);
  const atOwnRate = (device: number) => startAt + connectOffsetMs(device);
  const afterMove = (device: number, { at, from }: Handover) => {
    const turnMs = at(device) + takingOverMs;
    return startAt <= from ? turnMs : Math.max(turnMs, atOwnRate(device));
  };
  const turnAt = (device: number) =>
    takesOver === undefined ? atOwnRate(device) : afterMove(device, takesOver);
  return { startAt, turnAt, overAt: turnAt(slice.devices - 1) + connectSettleMs };
}
