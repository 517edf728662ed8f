import { type UsersChange, usersChangeOf } from '../../profile/user-step.ts';
import type { ActionKind } from './action.ts';

/** Changes how many users of a closed model are active, from its instant on. */
export const usersKind: ActionKind<UsersChange> = {
  kind: 'users',
  takesEffect: 'ahead',
  isAnnouncedUnstored: false,
  parse: usersChangeOf,
  prepare: (slice, _change, announced) => () => slice.changeRate(announced),
};
