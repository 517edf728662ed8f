import { makeOutageChoice } from '../../../plan/network/outage-choice.ts';
import type { Slice } from '../../../plan/plan.ts';
import type { KernelSetting } from '../../../profile/kernel-network.ts';
import type { Clock } from '../../../shared/clock.ts';
import { parseIpv4 } from '../../../shared/ipv4.ts';
import { SliceNetwork } from './slice-network.ts';

/** What the kernel makes of the network, if anything. */
interface KernelNetwork {
  readonly settings?: readonly KernelSetting[] | undefined;
  /** From which device 0 connects: the kernel distinguishes devices by their addresses. */
  readonly firstAddress?: string | undefined;
}

/** The network of a slice's devices, as the profile plans it. A larger outage includes the devices of a smaller one. */
export function makeSliceNetwork(
  { group, firstDevice }: Slice,
  clock: Clock,
  { settings, firstAddress }: KernelNetwork = {},
): SliceNetwork {
  const { seed, network: planned } = group.profile;
  const first = firstDevice - group.firstDevice;
  const choices = new Map<number, (device: number) => boolean>();
  return new SliceNetwork({
    clock,
    seed,
    firstDevice,
    planned,
    ...(settings && firstAddress && { kernel: { settings, firstAddress: parseIpv4(firstAddress) } }),
    isOut(share, device) {
      const choice = choices.get(share) ?? makeOutageChoice(group.profile, share);
      choices.set(share, choice);
      return choice(first + device);
    },
  });
}
