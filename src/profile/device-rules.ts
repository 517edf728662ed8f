import { formatPlural } from '../shared/format.ts';
import type { DevicesChange } from './device-step.ts';
import type { GroupSettings } from './load-profile.ts';
import { hasSchedule } from './load-shapes/resolved-load.ts';

/** A group of whose devices an action may take in some. */
export type DeviceGroup = Pick<
  GroupSettings,
  'connect' | 'devices' | 'lifecycle' | 'command' | 'observe' | 'users' | 'startRatePerSecond' | 'stages'
> & { readonly name?: string | undefined };

/** Whether devices of a group stay connected over MQTT, and send by a schedule where they send. */
export function canTakeDevices(group: Omit<DeviceGroup, 'devices'>): boolean {
  const { connect, lifecycle, command, observe } = group;
  const isDevices = command === undefined && observe === undefined && hasSchedule(group);
  return isDevices && connect.protocol === 'mqtt' && lifecycle === undefined;
}

/**
 * Why the number of devices of these groups cannot be changed.
 * @param groups those of the name that an action has, or all where it has none
 * @returns a sentence; undefined: it can
 */
export function whyNotDevices(
  groups: readonly DeviceGroup[],
  { devices }: DevicesChange,
): string | undefined {
  const [only, ...more] = groups.filter(canTakeDevices);
  if (only === undefined)
    return 'No devices stay connected by themselves: over HTTP, with a lifecycle, as users and in a backend they do not.';
  if (more.length > 0)
    return `Several groups have such devices: ${[only, ...more].map(({ name }) => name).join(', ')}.`;
  if (devices <= only.devices) return undefined;
  return `${only.name === undefined ? 'The run' : only.name} has ${formatPlural(only.devices, 'device')}.`;
}
