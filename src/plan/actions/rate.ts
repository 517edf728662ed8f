import { type RateChange, rateChangeOf } from '../../profile/rate-step.ts';
import type { LoadChange } from '../rate-actions.ts';
import type { ActionKind, LiveAction } from './action.ts';
import { connectsKind } from './connects.ts';
import { devicesKind } from './devices.ts';
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

const loadKinds: readonly ActionKind<LoadChange>[] = [rateKind, usersKind, connectsKind, devicesKind];

/** Of an action that changes the load: what slices and the ledger derive from the plan and its actions. Undefined for another one. */
export function loadChangeOf({ action }: Pick<LiveAction, 'action'>): LoadChange | undefined {
  return loadKinds.find(({ kind }) => kind === action.kind)?.parse(action);
}
