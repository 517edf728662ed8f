import { whyNotDevices } from '../../profile/device-rules.ts';
import { devicesChangeOf, parseDevices } from '../../profile/device-step.ts';
import { groupProfilesOf } from '../groups.ts';
import type { IssuableAction } from './issuable-action.ts';
import { devicesKind } from './load-kinds.ts';

const { kind } = devicesKind;

export const issuableDevices: IssuableAction = {
  kind,
  settings: {
    devices: {
      takes: '500',
      meaning:
        'Lets so many devices of a group be connected and send; the others disconnect and wait. At most as many as it has.',
    },
  },
  read({ devices = '' }) {
    const change = parseDevices(devices);
    return 'message' in change ? [{ path: kind, ...change }] : { kind, count: change.devices };
  },
  refuse({ profile }, action, group) {
    const named = groupProfilesOf(profile)
      .map((each, i) => ({ ...each, name: profile.groups?.[i]?.name }))
      .filter(({ name }) => group === undefined || name === group);
    const change = devicesChangeOf(action);
    const message = change && whyNotDevices(named, change);
    const hint = profile.groups
      ? 'name a group of devices that stay connected over MQTT, group=NAME, and give at most as many as it has'
      : 'give at most as many as there are, of devices that stay connected over MQTT';
    return message === undefined ? [] : [{ path: kind, message, hint }];
  },
};
