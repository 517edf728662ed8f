import { formatDuration, parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { maxDevicesPerSlice } from '../shared/run-bounds.ts';
import type { ConnectSettings, GroupSettings } from './load-profile.ts';
import { checkThinkTime } from './load-shapes/think-time.ts';
import { parseBandwidth, socketsPerConnection } from './network-conditions.ts';
import type { NetworkForm, NetworkObject } from './network-presets.ts';
import { meanMsOf, resolveThinkTime } from './time-distribution.ts';

const longestDelayMs = 60_000;
const longestStallMs = 600_000;
const leastBitsPerSecond = 100;

/**
 * Checks the settings of a network against one another.
 * @param form as the schema has let it through
 * @param path of it in the profile, or of a flag
 */
export function checkNetwork(form: NetworkForm, path: string): InputError[] {
  if (typeof form === 'string') return [];
  return [...checkDelay(form, path), ...checkBandwidth(form, path), ...checkStall(form, path)];
}

/** The settings of a group that decide how its network can be changed. */
export interface ShapedGroup {
  readonly connect: Pick<ConnectSettings, 'protocol' | 'client'>;
  /** Empty: it does nothing. Absent: the profile names none. */
  readonly network?: object | undefined;
}

/**
 * Why the network of such devices cannot be changed in this way; undefined: it can. The dense client's connections always go through a
 * network; those of the others do where the profile has one, because that costs CPU.
 */
export function whyUnshaped(
  form: NetworkForm,
  { connect: { protocol, client }, network }: ShapedGroup,
): Pick<InputError, 'message' | 'hint'> | undefined {
  if (protocol === 'mqtt' && client === 'dense') return undefined;
  const whose = protocol === 'https' ? 'requests over HTTP' : `the client ${client}`;
  if (network === undefined)
    return {
      message: `cannot be changed for ${whose}, whose connections go through a network only if the profile names one`,
      hint: 'name network in the profile: "none" does nothing at first',
    };
  if (typeof form === 'string' || (form.duplicate ?? 0) === 0) return undefined;
  return {
    message: `cannot send packets twice for ${whose}: packets of MQTT are known for the dense client alone`,
    hint: 'remove duplicate, or use MQTT and set connect.client to "dense"',
  };
}

/** Checks the network of a profile or a group against its client and its slices. */
export function checkShaped(
  form: NetworkForm,
  profile: Pick<GroupSettings, 'connect' | 'network' | 'slices'>,
): InputError[] {
  const why = whyUnshaped(form, profile);
  const most = Math.floor(maxDevicesPerSlice / socketsPerConnection(profile));
  if (why !== undefined) return [{ path: 'network', ...why }];
  if ((profile.slices.devicesPerSlice ?? 0) <= most) return [];
  const message =
    'is more than a Lambda has sockets for: with a network, the client device-sdk takes three for each device';
  return [{ path: 'slices.devicesPerSlice', message, hint: `set it to ${most} or less` }];
}

function checkDelay({ delay }: NetworkObject, path: string): InputError[] {
  if (delay === undefined) return [];
  const errors = checkThinkTime(delay).map((error) => ({ ...error, path: `${path}.delay` }));
  if (errors.length > 0) return errors;
  const time = resolveThinkTime(delay);
  const longestMs = time.kind === 'uniform' ? time.maxMs : meanMsOf(time);
  if (longestMs <= longestDelayMs) return [];
  const most = formatDuration(longestDelayMs);
  return [{ path: `${path}.delay`, message: `is longer than ${most} one way`, hint: `give at most ${most}` }];
}

function checkBandwidth({ bandwidth }: NetworkObject, path: string): InputError[] {
  if (bandwidth === undefined || bandwidth === 'none') return [];
  const ways = typeof bandwidth === 'string' ? [['', bandwidth]] : Object.entries(bandwidth);
  return ways.flatMap(([way, text]) => {
    if (text === undefined || parseBandwidth(text) >= leastBitsPerSecond) return [];
    const at = `${path}.bandwidth${way === '' ? '' : `.${way}`}`;
    const hint = `give ${leastBitsPerSecond}bit or more, or an outage`;
    return [{ path: at, message: `${text} is too little for any connection`, hint }];
  });
}

function checkStall({ stall }: NetworkObject, path: string): InputError[] {
  if (stall === undefined || stall === 'none') return [];
  const forMs = parseDuration(stall.for) ?? 0;
  const mostMs = Math.min(longestStallMs, stall.everySeconds * 1_000);
  if (forMs > 0 && forMs < mostMs) return [];
  const hint = `give more than 0s and less than ${formatDuration(mostMs)}`;
  const message = `${stall.for} does not fit into ${stall.everySeconds} s`;
  return [{ path: `${path}.stall.for`, message: forMs === 0 ? 'is no time at all' : message, hint }];
}
