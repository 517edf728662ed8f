import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { suggestFrom } from '../shared/nearest.ts';
import type { GroupProfile, GroupSettings, LoadProfile, RunProfile } from './load-profile.ts';

/** What a group of devices may have, and a backend may not. Defaults at the top are not a backend's. */
export const settingsOfDevices = ['messages', 'echo', 'lifecycle', 'network', 'reply', 'users'] as const;

const longestMs = 600_000;
const shortestTimeoutMs = 100;

/** What `command` and `reply` mean for the other settings of their group. */
export function checkCommandSettings(
  { command, reply, connect, users, echo, lifecycle, messages }: LoadProfile,
  isGiven: (setting: 'command') => boolean,
): InputError[] {
  const errors: InputError[] = [];
  if (command === undefined && isGiven('command')) {
    const hint = 'set from to "backend", or remove it';
    errors.push({ path: 'command', message: 'has no meaning for devices', hint });
  }
  if (reply !== undefined) {
    const { leastMs, mostMs } = reply.delay;
    const path = 'reply.delay';
    if (leastMs > mostMs) {
      const hint = 'write the shorter time first, such as "50ms..200ms"';
      errors.push({ path, message: 'ends before it begins', hint });
    }
    if (mostMs > longestMs) errors.push({ path, message: 'is too long', hint: 'give up to 10m' });
    if (connect.protocol === 'https') {
      const hint = 'remove it, or set connect.protocol to "mqtt"';
      const message = 'has no meaning over https, where no device receives a command';
      errors.push({ path: 'reply', message, hint });
    }
  }
  if (command === undefined) return errors;
  const { replyTimeoutMs } = command;
  if (replyTimeoutMs < shortestTimeoutMs || replyTimeoutMs > longestMs) {
    const bounds = `${formatDuration(shortestTimeoutMs)} to ${formatDuration(longestMs)}`;
    errors.push({ path: 'command.replyTimeout', message: `must be ${bounds}`, hint: `give ${bounds}` });
  }
  const ofDevices = { messages, lifecycle, reply, users, echo: echo.fraction > 0 ? echo : undefined };
  for (const [path, value] of Object.entries(ofDevices)) {
    if (value === undefined) continue;
    const hint = 'remove it: it is for groups of devices';
    errors.push({ path, message: 'has no meaning for a backend', hint });
  }
  return errors;
}

/** What the backends of a profile mean for its groups. */
export function checkCommands(profile: RunProfile & Pick<GroupSettings, 'command'>): InputError[] {
  const { groups } = profile;
  if (groups === undefined) {
    if (profile.command === undefined) return [];
    const hint = 'give two groups: one of devices, and one with "from": "backend"';
    return [{ path: 'from', message: 'is a backend, and there are no devices to send commands to', hint }];
  }
  return groups.flatMap((group) => checkReceivers(group, groups));
}

function checkReceivers({ name, command }: GroupProfile, groups: readonly GroupProfile[]): InputError[] {
  if (command === undefined) return [];
  const { to } = command;
  const path = `groups.${name}.command.to`;
  // Devices that observe presence do nothing else.
  const ofDevices = groups.filter((group) => group.command === undefined && group.observe === undefined);
  const receivers = ofDevices.filter(({ connect }) => connect.protocol === 'mqtt');
  if (to === undefined) {
    if (receivers.length > 0) return [];
    const hint = 'let a group of devices connect over mqtt';
    return [{ path, message: 'finds no device that can receive commands', hint }];
  }
  if (receivers.some((group) => group.name === to)) return [];
  if (ofDevices.some((group) => group.name === to)) {
    const hint = 'set its connect.protocol to "mqtt", or name another group';
    return [{ path, message: `names ${to}, whose devices receive nothing over https`, hint }];
  }
  const names = receivers.map((group) => group.name);
  return [
    {
      path,
      message: `names no group of devices: ${to}`,
      hint: suggestFrom(to, names, 'those over mqtt are'),
    },
  ];
}
