import { disconnectKinds } from '../../profile/timeline.ts';
import { refuseDisconnect } from '../../profile/timeline-rules.ts';
import type { InputError } from '../../shared/errors.ts';
import { suggestFrom } from '../../shared/nearest.ts';
import { groupsOf } from '../groups.ts';
import { disconnectKind } from './disconnect.ts';
import { type IssuableAction, parseShare } from './issuable-action.ts';

const { kind } = disconnectKind;

export const issuableDisconnect: IssuableAction = {
  kind,
  settings: {
    disconnect: {
      takes: '20% or 0.2',
      meaning: 'Ends the connections of that share of the devices; they come back by their own backoff.',
    },
    'disconnect.how': {
      takes: disconnectKinds.join(', '),
      meaning: 'How they end: with a DISCONNECT, without one (the default), or with nothing at all.',
    },
  },
  read({ disconnect = '1', 'disconnect.how': how = 'drop' }) {
    const share = parseShare(disconnect);
    const errors: InputError[] = [];
    if (share === undefined || share === 0)
      errors.push({
        path: 'disconnect',
        message: `is no share of the devices: ${disconnect}`,
        hint: 'give more than 0 and at most 100%: disconnect=20%',
      });
    if (!disconnectKinds.some((each) => each === how))
      errors.push({
        path: 'disconnect.how',
        message: `is not known: ${how}`,
        hint: suggestFrom(how, disconnectKinds, 'known'),
      });
    return errors.length > 0 ? errors : { kind, share: share!, how };
  },
  refuse(plan, action, group) {
    const disconnect = disconnectKind.parse(action);
    if (disconnect === undefined) return [{ path: kind, message: 'is no disconnect' }];
    const groups = groupsOf(plan).filter((each) => group === undefined || each.group === group);
    return refuseDisconnect(
      disconnect,
      kind,
      groups.map(({ profile }) => profile),
    );
  },
};
