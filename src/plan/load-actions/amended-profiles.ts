import type { LoadProfile, RunProfile } from '../../profile/load-profile.ts';
import { amendConnects, amendDevices } from './amend-connections.ts';
import { amendRates } from './amend-rates.ts';
import { amendUsers } from './amend-users.ts';
import type { Amend, ChangeOf, LoadAction, LoadChange, LoadKind } from './load-action.ts';

/** By what an action changes. No amendment reads the steps of another one. */
const amendments: { readonly [Kind in LoadKind]: Amend<Kind> } = {
  rate: amendRates,
  users: amendUsers,
  connects: amendConnects,
  devices: amendDevices,
};

/** Whether an action changes the load: slices and the ledger then derive what is intended from it. */
export function isLoadChange<Action extends { readonly kind: string }>(
  action: Action,
): action is Extract<Action, LoadChange> {
  return Object.hasOwn(amendments, action.kind);
}

/** Changes of the load in the profile's timeline. */
export function plannedLoadActionsOf({ timeline = [] }: Pick<RunProfile, 'timeline'>): LoadAction[] {
  return timeline.flatMap(({ atMs, group, action }) =>
    isLoadChange(action) ? [{ atMs, ...(group === undefined ? {} : { group }), change: action }] : [],
  );
}

/**
 * Groups with the load that actions give them, each until the next action on the same quantity.
 * @param actions of the same instant, the later one wins
 * @param names of the groups; absent: a flat profile
 */
export function amendProfiles(
  profiles: readonly LoadProfile[],
  actions: readonly LoadAction[],
  names: readonly string[] = [],
): readonly LoadProfile[] {
  const inTime = actions.toSorted((a, b) => a.atMs - b.atMs);
  const kinds = Object.keys(amendments) as LoadKind[];
  return kinds.reduce((amended, kind) => amendBy(kind, amended, inTime, names), profiles);
}

function amendBy<Kind extends LoadKind>(
  kind: Kind,
  profiles: readonly LoadProfile[],
  actions: readonly LoadAction[],
  names: readonly string[],
): readonly LoadProfile[] {
  const own = actions.filter((action): action is LoadAction<ChangeOf<Kind>> => action.change.kind === kind);
  if (own.length === 0) return profiles;
  const groups = profiles.map((profile, i) => ({ name: names[i], profile }));
  return amendments[kind](groups, own);
}
