import { formatDuration, parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import type { ConnectSettings } from './load-profile.ts';
import { checkThinkTime } from './load-shapes/think-time.ts';
import { parseBandwidth } from './network-conditions.ts';
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

/** Why the network of such devices cannot be changed; undefined: it can. */
export function whyUnshaped({
  protocol,
  client,
}: Pick<ConnectSettings, 'protocol' | 'client'>): Pick<InputError, 'message' | 'hint'> | undefined {
  if (protocol === 'https')
    return {
      message: 'cannot be changed for requests over HTTP',
      hint: 'remove it, or set connect.protocol to "mqtt"',
    };
  if (client !== 'dense')
    return {
      message: `cannot be changed for the client ${client}, which opens its own connections`,
      hint: 'remove it, or set connect.client to "dense"',
    };
  return undefined;
}

/** Of the network of a profile or a group, which does nothing if it is `none`. */
export function checkShaped(
  form: NetworkForm | undefined,
  connect: Pick<ConnectSettings, 'protocol' | 'client'>,
): InputError[] {
  const why = whyUnshaped(connect);
  const isNone = form === undefined || form === 'none';
  return why === undefined || isNone ? [] : [{ path: 'network', ...why }];
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
