import type { Plan } from './plan.ts';

/** When one leg of a slice works, epoch milliseconds. A message is the leg's if it is due within it. */
export interface LegTimeline {
  /** The leg's devices begin to connect. */
  readonly from: number;
  /** Absolute: the leg ends by itself by then. The next leg owns what is due from then on. */
  readonly until: number;
}

/** Legs of a slice: each is one Lambda invocation. Today's slices fit one. */
export function legsOf(plan: Plan, slice: number): readonly LegTimeline[] {
  return [timelineOfLeg(plan, slice, 0)];
}

/** Pure, so that a leg and the ledger derive the same stretch. @throws {RangeError} for a leg that the slice does not have */
export function timelineOfLeg({ timeline }: Plan, slice: number, leg: number): LegTimeline {
  if (leg !== 0) throw new RangeError(`leg ${leg} of slice ${slice}, which has one leg`);
  return { from: timeline.startAt, until: timeline.deadlineAt };
}
