import type { LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import type { DeviceTurns } from './device-turns.ts';
import { kindsOf } from './kinds.ts';
import type { GroupPlan, Slice } from './plan.ts';
import { makeSliceSchedule } from './schedule.ts';
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

/** Messages of a group that come back to the devices that sent them. */
export function echoedMessages(group: GroupPlan): number {
  if (echoingDevices(group.profile) === 0) return 0;
  return sumBy(kindsOf(group), (kind) =>
    sumBy(sharesOf(kind), (share) => {
      const { turns, messages } = makeSliceSchedule(share, kind.stream);
      return countEchoesBefore(share, turns)(messages);
    }),
  );
}

/** Devices of a slice that subscribe to their own topic. */
export function echoingWithin({ group, firstDevice, devices }: SliceDevices): number {
  const before = echoingBefore(group.profile);
  const first = firstDevice - group.firstDevice;
  return before(first + devices) - before(first);
}

type SliceDevices = Pick<Slice, 'group' | 'firstDevice' | 'devices'>;

/** Of a slice's publishes 0 … n − 1 of a stream, how many are of devices that subscribe to their own topic. */
export function countEchoesBefore(
  { group, firstDevice }: SliceDevices,
  turns: Pick<DeviceTurns, 'countOf'>,
): (n: number) => number {
  const before = echoingBefore(group.profile);
  const first = firstDevice - group.firstDevice;
  const beforeFirst = before(first);
  const chosenBefore = (i: number) => before(first + i) - beforeFirst;
  return (n) => turns.countOf(n, chosenBefore);
}
