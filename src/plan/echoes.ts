import type { LoadProfile } from '../profile/load-profile.ts';
import { makeDeviceTurns } from './device-turns.ts';
import type { Plan, Slice } from './plan.ts';
import { sliceOf } from './slices.ts';

/** Devices that subscribe to their own topic: a share of all, at least one where the share is above 0. */
export function echoingDevices({ echo, devices }: Pick<LoadProfile, 'echo' | 'devices'>): number {
  return Math.ceil(echo.fraction * devices);
}

/** Over HTTPS there is nothing to subscribe with. */
export function hasEchoes(profile: Pick<LoadProfile, 'connect' | 'echo' | 'devices'>): boolean {
  return profile.connect.protocol === 'mqtt' && echoingDevices(profile) > 0;
}

/**
 * Messages that come back to the devices that sent them. Devices take turns: before publish n each has sent as many as the
 * device of publish n, and those whose turn came before it in the same round one more.
 */
export function echoedMessages(plan: Plan): number {
  const { profile, slices } = plan;
  const echoing = echoingDevices(profile);
  if (echoing === 0) return 0;
  let echoed = 0;
  for (let slice = 0; slice < slices.count; slice++) {
    const share = sliceOf(plan, slice);
    echoed += countEchoesBefore(plan, share)(share.messages);
  }
  return echoed;
}

/** Of a slice's publishes 0 … n − 1, how many are of devices that subscribe to their own topic. */
export function countEchoesBefore(
  { profile }: Pick<Plan, 'profile'>,
  { firstDevice, devices }: Pick<Slice, 'firstDevice' | 'devices'>,
): (n: number) => number {
  const echoing = hasEchoes(profile) ? echoingDevices(profile) : 0;
  // Of the first i devices, ⌊i·E/D⌋ echo: they are spread evenly, and there is no list of them.
  const echoingBefore = (device: number) => Math.floor((device * echoing) / profile.devices);
  const before = echoingBefore(firstDevice);
  const each = echoingBefore(firstDevice + devices) - before;
  const { deviceOf, messageOf } = makeDeviceTurns(devices);
  return (n) => messageOf(n) * each + echoingBefore(firstDevice + deviceOf(n)) - before;
}
