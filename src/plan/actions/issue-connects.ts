import { whyNotReconnects } from '../../profile/reconnect-rules.ts';
import { parseReconnects, reconnectChangeOf } from '../../profile/reconnect-step.ts';
import { groupProfilesOf } from '../groups.ts';
import type { IssuableAction } from './issuable-action.ts';
import { connectsKind } from './load-kinds.ts';

const { kind } = connectsKind;

export const issuableConnects: IssuableAction = {
  kind,
  settings: {
    connects: {
      takes: '50',
      meaning:
        'Lets so many devices a second end their connections and connect again, one after the other; 0 ends it.',
    },
  },
  read({ connects = '' }) {
    const change = parseReconnects(connects);
    return 'message' in change
      ? [{ path: kind, ...change }]
      : { kind, perSecond: change.reconnectsPerSecond };
  },
  refuse({ profile }, action, group) {
    const named = groupProfilesOf(profile).filter(
      (_, i) => group === undefined || profile.groups?.[i]?.name === group,
    );
    const change = reconnectChangeOf(action);
    const message = change && whyNotReconnects(named, change);
    const hint = profile.groups
      ? 'name a group of devices that stay connected over MQTT, group=NAME, or give fewer'
      : 'give fewer, of devices that stay connected over MQTT';
    return message === undefined ? [] : [{ path: kind, message, hint }];
  },
};
