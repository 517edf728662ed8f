import { makeDeviceChoice } from '../device-choice.ts';
import type { GroupPlan } from '../plan.ts';

/** Other choices are counted from an instant after the plan's: below 0 there is none. */
const outageSalt = -1;

/**
 * Whether the network does not reach a device of a group, by its index in the group. A larger outage includes the devices of a smaller one.
 * @param devices of the group, or of the part of it that is simulated
 */
export function makeOutageChoice(
  { devices: all, seed }: Pick<GroupPlan['profile'], 'devices' | 'seed'>,
  share: number,
  devices = all,
): (device: number) => boolean {
  return makeDeviceChoice({ devices, share, seed, salt: outageSalt });
}
