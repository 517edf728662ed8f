import { sumBy } from '../shared/counts.ts';
import { formatPlural } from '../shared/format.ts';
import type { GroupSettings } from './load-profile.ts';
import type { ReconnectChange } from './reconnect-step.ts';

/**
 * From one turn of a device to the next, at least: it has to be connected by then, and a client id may connect once a second
 * (`connectsPerSecondPerClientId`).
 */
const secondsPerTurn = 2;

/** A group whose devices an action may let connect again. */
export type ReconnectingGroup = Pick<GroupSettings, 'connect' | 'devices' | 'lifecycle' | 'command'> & {
  readonly name?: string | undefined;
};

/** Whether devices of a group keep connections that they may end and make again. */
export function canReconnect({ connect, lifecycle, command }: Omit<ReconnectingGroup, 'devices'>): boolean {
  return connect.protocol === 'mqtt' && lifecycle === undefined && command === undefined;
}

/**
 * Why devices of these groups cannot connect again at a rate.
 * @param groups those of the name that an action has, or all where it has none
 * @returns a sentence; undefined: they can
 */
export function whyNotReconnects(
  groups: readonly ReconnectingGroup[],
  { reconnectsPerSecond }: ReconnectChange,
): string | undefined {
  const able = groups.filter(canReconnect);
  if (able.length === 0)
    return 'No devices stay connected by themselves: over HTTP, with a lifecycle and in a backend they do not.';
  const devices = sumBy(able, (each) => each.devices);
  if (reconnectsPerSecond * secondsPerTurn <= devices) return undefined;
  const most = formatPlural(Math.floor(devices / secondsPerTurn), 'connect');
  return `${formatPlural(devices, 'device')} ${devices === 1 ? 'makes' : 'make'} at most ${most} a second: a device needs ${secondsPerTurn} s from one to the next.`;
}

/** How many devices that many connects a second need. */
export function devicesFor({ reconnectsPerSecond }: ReconnectChange): number {
  return Math.ceil(reconnectsPerSecond * secondsPerTurn);
}
