import { SliceNetwork } from '../../../src/device/network/shaping/slice-network.ts';
import { changeNetwork } from '../../../src/profile/network-conditions.ts';
import type { NetworkForm } from '../../../src/profile/network-presets.ts';
import type { Clock } from '../../../src/shared/clock.ts';

/** The network of a slice's devices. An outage is of the first devices. The caller closes it. */
export function makeTestNetwork(form: NetworkForm, devices: number, clock: Clock): SliceNetwork {
  return new SliceNetwork({
    clock,
    seed: 1,
    firstDevice: 0,
    planned: changeNetwork({}, form),
    isOut: (share, device) => device < share * devices,
  });
}
