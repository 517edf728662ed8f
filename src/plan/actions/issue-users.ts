import { hintOfUsers, whyNotUsers } from '../../profile/user-rules.ts';
import { parseUsers, usersChangeOf } from '../../profile/user-step.ts';
import { groupProfilesOf } from '../groups.ts';
import type { IssuableAction } from './issuable-action.ts';
import { usersKind } from './load-kinds.ts';

const { kind } = usersKind;

export const issuableUsers: IssuableAction = {
  kind,
  settings: {
    users: {
      takes: '50',
      meaning: 'Makes so many users of a closed model active: at most as many as its group has devices.',
    },
  },
  read({ users = '' }) {
    const change = parseUsers(users);
    return 'message' in change ? [{ path: kind, ...change }] : { kind, ...change };
  },
  refuse({ profile }, action, group) {
    const groups = groupProfilesOf(profile).map((each, i) => ({ ...each, name: profile.groups?.[i]?.name }));
    const named = groups.filter(({ name }) => group === undefined || name === group);
    const change = usersChangeOf(action);
    const message = change && whyNotUsers(named, change);
    const hint = hintOfUsers(groups, 'name a group with users, group=NAME');
    return message === undefined ? [] : [{ path: kind, message, hint }];
  },
};
