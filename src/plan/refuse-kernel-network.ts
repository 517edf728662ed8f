import { type KernelSetting, netemSettings } from '../profile/kernel-network.ts';
import type { NetworkConditions } from '../profile/network-presets.ts';
import type { InputError } from '../shared/errors.ts';
import { isLoopback } from '../targets/target-check.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { groupsOf, settingOf } from './groups.ts';
import { networkStretchesOf } from './network-stretches.ts';
import type { GroupPlan, Plan } from './plan.ts';

/**
 * What of a run the kernel cannot make the network of, where it is to make that.
 * @param settings of a network that it makes; undefined: slices make it all
 */
export function refuseKernelNetwork(
  plan: Plan,
  settings: readonly KernelSetting[] | undefined,
): InputError[] {
  if (settings === undefined) return [];
  const stretches = networkStretchesOf(plan, [], Number.POSITIVE_INFINITY);
  return [
    ...refuseTarget(plan),
    ...groupsOf(plan).flatMap((group) => [
      ...refuseClient(group),
      ...refuseSettings(
        settingOf(group, 'network'),
        (stretches.get(group.number) ?? []).map(({ conditions }) => conditions),
        settings,
      ),
    ]),
  ];
}

/**
 * Settings that need a module of the kernel which is not there.
 * @param path of the network, for the errors
 */
export function refuseSettings(
  path: string,
  networks: readonly NetworkConditions[],
  settings: readonly KernelSetting[],
): InputError[] {
  const missing = netemSettings.filter(
    (name) => networks.some((network) => network[name] !== undefined) && !settings.includes(name),
  );
  return missing.map((name) => ({
    path: `${path}.${name}`,
    message: 'with --netem needs sch_netem, a module that the kernel of this machine does not have',
    hint: 'load it (modprobe sch_netem), remove the setting, or leave out --netem',
  }));
}

/** A namespace reaches the loopback addresses of the machine, of IPv4. */
function refuseTarget({ target }: Plan): InputError[] {
  if (target === undefined) return [];
  return traitsOf(target)
    .hostsOf(target)
    .filter((host) => !isLoopback(host) || host.includes('::1'))
    .map((host) => ({
      path: 'target',
      message: `${host} cannot be reached with --netem, whose slices reach 127.0.0.1 alone`,
      hint: 'leave out --netem, or name a target on 127.0.0.1',
    }));
}

function refuseClient(group: GroupPlan): InputError[] {
  const { connect, network } = group.profile;
  if (network === undefined || connect.protocol !== 'mqtt' || connect.client !== 'device-sdk') return [];
  return [
    {
      path: settingOf(group, 'connect.client'),
      message:
        'device-sdk chooses the addresses of its connections, and with --netem the kernel distinguishes devices by those',
      hint: 'set it to "dense", remove network from the group, or leave out --netem',
    },
  ];
}
