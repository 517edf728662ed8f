import { changeNetwork } from '../profile/network-conditions.ts';
import type { NetworkConditions } from '../profile/network-presets.ts';
import type { LiveAction } from './actions/action.ts';
import { networkOf } from './actions/network.ts';
import { groupsOf } from './groups.ts';
import type { Plan } from './plan.ts';
import { plannedActionsOf } from './storms.ts';

/** Conditions of a group's network until the next ones. */
export interface NetworkStretch {
  /** Epoch milliseconds; null: from the start. */
  readonly from: number | null;
  readonly conditions: NetworkConditions;
}

/**
 * What the network of each group's devices is, as the profile and the actions of the run make it: by number of the group, in the order of
 * time. Groups whose network never does anything are not in it.
 * @param actions that were issued while the run went on
 * @param endAt epoch milliseconds: what comes later changes nothing
 */
export function networkStretchesOf(
  plan: Plan,
  actions: readonly LiveAction[],
  endAt: number,
): ReadonlyMap<number, readonly NetworkStretch[]> {
  const changes = [...plannedActionsOf(plan), ...actions]
    .filter((action) => networkOf(action) !== undefined && action.at < endAt)
    .toSorted((a, b) => a.at - b.at);
  const stretches = groupsOf(plan).map(({ number, group, profile }) => {
    const own = changes.filter((action) => action.group === undefined || action.group === group);
    return [number, stretchesOf(profile.network ?? {}, own)] as const;
  });
  return new Map(stretches.filter(([, list]) => list.some(({ conditions }) => !isNone(conditions))));
}

/**
 * Conditions of a group's network at an instant.
 * @param planned by the profile
 * @param actions of the group that change it, in any order
 */
export function networkAt(
  planned: NetworkConditions,
  actions: readonly LiveAction[],
  at: number,
): NetworkConditions {
  const changes = actions.filter((action) => action.at <= at).toSorted((a, b) => a.at - b.at);
  return stretchesOf(planned, changes).at(-1)!.conditions;
}

function stretchesOf(planned: NetworkConditions, changes: readonly LiveAction[]): NetworkStretch[] {
  const list: NetworkStretch[] = [{ from: null, conditions: planned }];
  for (const action of changes) {
    const { from, conditions: before } = list.at(-1)!;
    // Of two at one instant the first one lasts no time.
    if (from === action.at) list.pop();
    list.push({ from: action.at, conditions: changeNetwork(before, networkOf(action)!) });
  }
  return list;
}

function isNone(conditions: NetworkConditions): boolean {
  return Object.keys(conditions).length === 0;
}
