import { countEchoesBefore, echoingDevices } from '../plan/echoes.ts';
import type { Slice } from '../plan/plan.ts';
import type { SliceSchedule } from '../plan/schedule.ts';

/** What the numbers of messages mean that come back to the devices that sent them. */
export interface EchoNumbers {
  readonly deviceOf: (n: number) => number;
  /** A message's place among those that come back. */
  readonly rankOf: (n: number) => number;
}

/** Undefined where no device subscribes to its own topic. */
export function echoNumbersOf(slice: Slice, { turns }: SliceSchedule): EchoNumbers | undefined {
  return echoingDevices(slice.group.profile) > 0
    ? { deviceOf: turns.deviceOf, rankOf: countEchoesBefore(slice) }
    : undefined;
}
