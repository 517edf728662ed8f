import { type RateChange, rateChangeOf } from '../../profile/rate-step.ts';
import type { UsersChange } from '../../profile/user-step.ts';
import type { ActionKind, LiveAction } from './action.ts';
import { usersKind } from './users.ts';

/** Changes the arrival rate of a group, or of all, from its instant on. */
export const rateKind: ActionKind<RateChange> = {
  kind: 'rate',
  takesEffect: 'ahead',
  isAnnouncedUnstored: false,
  parse: rateChangeOf,
  prepare: (slice, _change, announced) => () => slice.changeRate(announced),
};

/** Undefined for an action of another kind. */
export function rateOf({ action }: LiveAction): RateChange | undefined {
  return action.kind === rateKind.kind ? rateKind.parse(action) : undefined;
}

/** Of an action that changes a rate or the number of users; undefined for one of another kind. */
export function loadChangeOf(live: LiveAction): RateChange | UsersChange | undefined {
  return live.action.kind === usersKind.kind ? usersKind.parse(live.action) : rateOf(live);
}
