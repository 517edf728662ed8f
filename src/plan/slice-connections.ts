import type { LoadProfile } from '../profile/load-profile.ts';
import { socketsPerConnection } from '../profile/network-conditions.ts';
import type { InputError } from '../shared/errors.ts';
import { formatCount, formatPlural } from '../shared/format.ts';
import { maxDevicesPerSlice } from '../shared/run-bounds.ts';
import { settingOf } from './groups.ts';
import { mostConnections } from './lifecycle.ts';
import type { GroupPlan, Slice } from './plan.ts';

/** Connections to a web service that may be open at once: of each device, or of a whole slice. */
export type SliceConnections = { readonly perDevice: number } | { readonly ofSlice: number };

/**
 * What a slice may open. Of C connections that a group shares in S slices, slice s has ⌊C·(s+1)/S⌋ − ⌊C·s/S⌋: they sum to C, and none
 * has less than one, because C ≥ S (`checkWebConnections`).
 * @returns undefined where the group loads no web service
 */
export function webConnectionsOf({ slice, group }: Slice): SliceConnections | undefined {
  const { http } = group.profile;
  if (http === undefined) return undefined;
  const { connections } = http;
  if ('perDevice' in connections) return connections;
  const before = (s: number): number => Math.floor((connections.shared * s) / group.slices.count);
  const ofGroup = slice - group.firstSlice;
  return { ofSlice: before(ofGroup + 1) - before(ofGroup) };
}

/** The most that may be open: in one slice, and in all slices of the group. Undefined where the group loads no web service. */
export function mostWebConnections({
  profile,
  slices,
}: Pick<GroupPlan, 'profile' | 'slices'>): { readonly inSlice: number; readonly inAll: number } | undefined {
  if (profile.http === undefined) return undefined;
  const { connections } = profile.http;
  return 'perDevice' in connections
    ? {
        inSlice: connections.perDevice * slices.devicesPerSlice,
        inAll: connections.perDevice * profile.devices,
      }
    : { inSlice: Math.ceil(connections.shared / slices.count), inAll: connections.shared };
}

/**
 * The most that a slice's devices have open at once. Over HTTPS to IoT Core they share sockets: as many as there are requests under way,
 * even if none is answered in time.
 */
export function connectionsPerSlice(group: GroupPlan): number {
  const { profile, load, slices } = group;
  if (profile.connect.protocol === 'mqtt') return Math.ceil(slices.devicesPerSlice * perDeviceOf(profile));
  const underWay = Math.ceil((load.peakPerSecond / slices.count) * (profile.publish.ackTimeoutMs / 1_000));
  return mostWebConnections(group)?.inSlice ?? Math.min(maxDevicesPerSlice, underWay);
}

/** Connections that may be open at once for each device of a group; above 1 where new devices follow silent ones, whose connections linger. */
function perDeviceOf(profile: LoadProfile): number {
  const { protocol } = profile.connect;
  return protocol === 'mqtt' ? Math.max(1, mostConnections(profile) / profile.devices) : 1;
}

/** How many slices a group's connections allow: a Lambda holds only so many, and each slice needs one. */
export function slicesByConnections(profile: LoadProfile): {
  readonly least: number;
  readonly most: number;
} {
  const { devices, http } = profile;
  const connections = http?.connections ?? {
    perDevice: perDeviceOf(profile) * socketsPerConnection(profile),
  };
  if ('perDevice' in connections)
    return {
      least: Math.ceil(devices / Math.max(1, Math.floor(maxDevicesPerSlice / connections.perDevice))),
      most: Number.POSITIVE_INFINITY,
    };
  const least = Math.max(devices, connections.shared) / maxDevicesPerSlice;
  return { least: Math.ceil(least), most: connections.shared };
}

/** Silent devices whose places others take, with more connections in a slice than it can hold. */
export function checkLingering(group: GroupPlan): InputError[] {
  const { profile, slices } = group;
  const inSlice = connectionsPerSlice(group);
  if (profile.connect.protocol !== 'mqtt' || inSlice <= maxDevicesPerSlice) return [];
  const fewer = slices.devicesPerSlice > 1 ? 'put fewer devices into a slice (slices.devicesPerSlice), ' : '';
  return [
    {
      path: settingOf(group, 'lifecycle.disconnect'),
      message: `is silent: up to ${formatPlural(inSlice, 'connection')} would be open in a slice until the service closes those of devices that left, and a Lambda holds ${maxDevicesPerSlice}`,
      hint: `${fewer}shorten connect.keepAlive, or let fewer devices leave`,
    },
  ];
}

/** Shared connections that do not suffice for the group's slices, or are more than these can hold. */
export function checkWebConnections(group: GroupPlan): InputError[] {
  const { http } = group.profile;
  if (http === undefined || 'perDevice' in http.connections) return [];
  const { shared } = http.connections;
  const { count } = group.slices;
  const path = settingOf(group, 'http.connections.shared');
  if (shared < count)
    return [
      {
        path,
        message: `is ${formatCount(shared)}, and each of ${formatPlural(count, 'slice')} needs one`,
        hint: `set it to ${count} or more, or put more devices into a slice (slices.devicesPerSlice)`,
      },
    ];
  const inSlice = Math.ceil(shared / count);
  if (inSlice <= maxDevicesPerSlice) return [];
  return [
    {
      path,
      message: `makes ${formatPlural(inSlice, 'connection')} in a slice, and a Lambda holds ${maxDevicesPerSlice}`,
      hint: `set it to ${formatCount(maxDevicesPerSlice * count)} or less, or put fewer devices into a slice (slices.devicesPerSlice)`,
    },
  ];
}
