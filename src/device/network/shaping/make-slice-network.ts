import { makeDeviceChoice } from '../../../plan/device-choice.ts';
import type { Slice } from '../../../plan/plan.ts';
import type { Clock } from '../../../shared/clock.ts';
import { SliceNetwork } from './slice-network.ts';

/** Other choices are counted from an instant after the plan's: below 0 there is none. */
const outageSalt = -1;

/** The network of a slice's devices, as the profile plans it. A larger outage includes the devices of a smaller one. */
export function makeSliceNetwork({ group, firstDevice }: Slice, clock: Clock): SliceNetwork {
  const { devices, seed, network: planned } = group.profile;
  const first = firstDevice - group.firstDevice;
  const choices = new Map<number, (device: number) => boolean>();
  return new SliceNetwork({
    clock,
    seed,
    firstDevice,
    planned,
    isOut(share, device) {
      const choice = choices.get(share) ?? makeDeviceChoice({ devices, share, seed, salt: outageSalt });
      choices.set(share, choice);
      return choice(first + device);
    },
  });
}
