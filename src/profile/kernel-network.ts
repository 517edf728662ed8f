import type { NetworkConditions } from './network-presets.ts';

/** Settings of a network that a kernel can make of real packets, with `tc`. */
export type KernelSetting = 'bandwidth' | 'delay' | 'correlation' | 'loss' | 'corrupt';

/** Those that every kernel with `tc` makes, and those that need its module sch_netem. */
export const bandwidthSettings: readonly KernelSetting[] = ['bandwidth'];
export const netemSettings: readonly KernelSetting[] = ['delay', 'correlation', 'loss', 'corrupt'];

export function isKernelSetting(name: string): name is KernelSetting {
  return [...bandwidthSettings, ...netemSettings].some((each) => each === name);
}

/** The settings that the kernel makes, of those that it is to make. */
export function kernelPart(
  conditions: NetworkConditions,
  settings: readonly KernelSetting[],
): NetworkConditions {
  return filterSettings(conditions, (name) => settings.some((each) => each === name));
}

/** The other settings: the process of a slice makes them of its devices' bytes. */
export function userPart(
  conditions: NetworkConditions,
  settings: readonly KernelSetting[],
): NetworkConditions {
  return filterSettings(conditions, (name) => !settings.some((each) => each === name));
}

function filterSettings(conditions: NetworkConditions, keeps: (name: string) => boolean): NetworkConditions {
  return Object.fromEntries(Object.entries(conditions).filter(([name]) => keeps(name)));
}
