import type { Plan } from './plan.ts';
import { makeSliceSchedule, type SliceSchedule } from './schedule.ts';
import { sliceOf } from './slices.ts';

/** One kind of message of one slice: publishes n = 0 … messages − 1, each with its intended time. */
export type Stream = Pick<SliceSchedule, 'messages' | 'offsetMs' | 'turns'>;

/** The streams of a slice, by their numbers. Today's profiles have one kind of message, so stream 0 is all there is. */
export function streamsOf(plan: Plan, slice: number): readonly Stream[] {
  return [makeSliceSchedule(sliceOf(plan, slice))];
}
