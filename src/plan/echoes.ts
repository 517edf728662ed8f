import type { LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import { makeDeviceTurns } from './device-turns.ts';
import { kindsOf } from './kinds.ts';
import type { GroupPlan, Slice } from './plan.ts';
import { sharesOf } from './slices.ts';

type EchoProfile = Pick<LoadProfile, 'connect' | 'echo' | 'devices'>;

/** Devices of a group that subscribe to their own topic: a share of all, at least one where the share is above 0. */
export function echoingDevices({ connect, echo, devices }: EchoProfile): number {
  // Over HTTPS there is nothing to subscribe with.
  return connect.protocol === 'mqtt' ? Math.ceil(echo.fraction * devices) : 0;
}

/**
 * Of a group, how many devices before one of its own echo: ⌊i·E/D⌋ of the first i. They are spread evenly, and there is no list
 * of them.
 */
export function echoingBefore(profile: EchoProfile): (deviceInGroup: number) => number {
  const echoing = echoingDevices(profile);
  return (device) => Math.floor((device * echoing) / profile.devices);
}

/**
 * Messages of a group that come back to the devices that sent them. Devices take turns: before publish n each has sent as many
 * as the device of publish n, and those whose turn came before it in the same round one more.
 */
export function echoedMessages(group: GroupPlan): number {
  if (echoingDevices(group.profile) === 0) return 0;
  return sumBy(kindsOf(group).flatMap(sharesOf), (share) => countEchoesBefore(share)(share.messages));
}

/** Devices of a slice that subscribe to their own topic. */
export function echoingWithin({ group, firstDevice, devices }: SliceDevices): number {
  const before = echoingBefore(group.profile);
  const first = firstDevice - group.firstDevice;
  return before(first + devices) - before(first);
}

type SliceDevices = Pick<Slice, 'group' | 'firstDevice' | 'devices'>;

/** Of a slice's publishes 0 … n − 1, how many are of devices that subscribe to their own topic: devices take turns. */
export function countEchoesBefore({ group, firstDevice, devices }: SliceDevices): (n: number) => number {
  const before = echoingBefore(group.profile);
  const first = firstDevice - group.firstDevice;
  const each = before(first + devices) - before(first);
  const { deviceOf, messageOf } = makeDeviceTurns(devices);
  return (n) => messageOf(n) * each + before(first + deviceOf(n)) - before(first);
}
