import { parseRate } from '../../profile/rate-step.ts';
import type { IssuableAction } from './issuable-action.ts';
import { rateKind } from './load-kinds.ts';
import { refuseRate } from './with-actions.ts';

const { kind } = rateKind;

export const issuableRate: IssuableAction = {
  kind,
  settings: {
    rate: {
      takes: '1.5x or 12000',
      meaning:
        'Makes the arrival rate a factor of the planned one (1x: as planned), or so many messages a second.',
    },
  },
  read({ rate = '' }) {
    const change = parseRate(rate);
    return 'message' in change ? [{ path: kind, ...change }] : { kind, ...change };
  },
  refuse(plan, _action, group) {
    const message = refuseRate(plan, group);
    const hint =
      plan.profile.groups === undefined
        ? 'a closed model has users to change, and idle devices have neither'
        : 'name a group of devices that send at a rate: group=NAME';
    return message === undefined ? [] : [{ path: kind, message, hint }];
  },
};
