import * as z from 'zod';
import type { InputError } from '../shared/errors.ts';
import { type DeviceGroup, whyNotDevices } from './device-rules.ts';
import { mostDevices } from './device-step.ts';
import type { PlannedAction } from './planned-action.ts';
import { type RatedGroup, whyUnrated } from './rate-rules.ts';
import { parseRate } from './rate-step.ts';
import { type ReconnectingGroup, whyNotReconnects } from './reconnect-rules.ts';
import { mostReconnectsPerSecond } from './reconnect-step.ts';
import { type GroupWithUsers, hintOfUsers, whyNotUsers } from './user-rules.ts';
import { maxUsers } from './user-step.ts';

/** Settings of a timeline's entry that change the load from its instant on. */
export const loadSettings = {
  rate: z
    .union([z.string(), z.number()])
    .optional()
    .meta({
      description:
        'Changes the arrival rate from then on: "1.5x" is a factor of the rate that the load says for each instant, 1x as planned; a number is messages a second of all these devices together.',
      examples: ['1.5x', 200],
    }),
  users: z
    .int()
    .min(0)
    .max(maxUsers)
    .optional()
    .meta({
      description:
        'How many users of a closed model are active from then on, at most as many as its group has devices. Of several groups with users, group names the one.',
      examples: [50],
    }),
  connects: z
    .number()
    .min(0)
    .max(mostReconnectsPerSecond)
    .optional()
    .meta({
      description:
        'How many devices a second end their connections from then on and connect again, one after the other; 0 ends it.',
      examples: [50],
    }),
  devices: z
    .int()
    .min(0)
    .max(mostDevices)
    .optional()
    .meta({
      description:
        'How many devices of a group are connected and send from then on, at most as many as it has; the others disconnect and wait. Of several groups, group names the one.',
      examples: [500],
    }),
};

/** What an entry says of the load. */
export type LoadSettings = z.output<z.ZodObject<typeof loadSettings>>;

export const loadSettingNames = Object.keys(loadSettings) as (keyof LoadSettings)[];

/** The actions of an entry on the load. A wrong rate has an error of its own. */
export function loadActionsOf({ rate, users, connects, devices }: LoadSettings): PlannedAction['action'][] {
  const change = rate === undefined ? undefined : parseRate(rate);
  return [
    ...(change === undefined || 'message' in change ? [] : [{ kind: 'rate' as const, ...change }]),
    ...(users === undefined ? [] : [{ kind: 'users' as const, count: users }]),
    ...(connects === undefined ? [] : [{ kind: 'connects' as const, perSecond: connects }]),
    ...(devices === undefined ? [] : [{ kind: 'devices' as const, count: devices }]),
  ];
}

/** A group whose load the timeline may change. */
export type LoadedGroup = RatedGroup &
  GroupWithUsers &
  ReconnectingGroup &
  DeviceGroup & { readonly name?: string | undefined };

/**
 * Why an entry cannot change the load of these groups.
 * @param named those of the name that it has, or all where it has none; at least one
 * @param path of the entry, for its errors
 */
export function refuseLoadChange(
  { rate, users, connects, devices }: LoadSettings,
  path: string,
  { named, group }: { readonly named: readonly LoadedGroup[]; readonly group: string | undefined },
): InputError[] {
  const hasGroups = named.some(({ name }) => name !== undefined);
  const refusals: [setting: keyof LoadSettings, message: string | undefined, hint: string][] = [
    [
      'rate',
      rate === undefined ? undefined : withWhy('has no rate to change', whyUnrated(named, group)),
      hasGroups ? 'set group to one that sends at a rate, or remove it' : 'remove it',
    ],
    [
      'users',
      users === undefined ? undefined : withWhy('cannot be changed', whyNotUsers(named, { count: users })),
      hintOfUsers(named, 'set group to one with users'),
    ],
    [
      'connects',
      connects === undefined
        ? undefined
        : withWhy('cannot be made', whyNotReconnects(named, { reconnectsPerSecond: connects })),
      hasGroups
        ? 'set group to one of devices that stay connected over MQTT, or give fewer'
        : 'give fewer, of devices that stay connected over MQTT',
    ],
    [
      'devices',
      devices === undefined ? undefined : withWhy('cannot be changed', whyNotDevices(named, { devices })),
      hasGroups
        ? 'set group to one of devices that stay connected over MQTT, and give at most as many as it has'
        : 'give at most as many as there are, of devices that stay connected over MQTT',
    ],
  ];
  return refusals.flatMap(([setting, message, hint]) =>
    message === undefined ? [] : [{ path: `${path}.${setting}`, message, hint }],
  );
}

function withWhy(message: string, why: string | undefined): string | undefined {
  return why === undefined ? undefined : `${message}. ${why}`;
}
