import { whyUnrated } from '../../profile/rate-rules.ts';
import { sumBy } from '../../shared/counts.ts';
import { groupProfilesOf, intendedPeakOf } from '../groups.ts';
import { plannedLoadOf } from '../kinds.ts';
import type { LoadAction } from '../load-actions/load-action.ts';
import type { Plan } from '../plan.ts';
import type { LiveAction } from './action.ts';
import { loadChangeOf } from './load-kinds.ts';

/** An action; for a slice in which it took effect at another instant, that instant too. */
export interface AmendingAction extends LiveAction {
  readonly k?: number;
  /** Epoch milliseconds; Infinity: never. Absent: `at`. */
  readonly tookEffectAt?: number;
}

/**
 * The plan of a run whose rates, or users, these actions change: what every slice and the ledger derive the same from. Steps of the profile's
 * timeline are part of any plan. Without an action that changes a rate or users it is the plan itself.
 * @param actions of the run, of all kinds, in the order in which they were stored
 */
export function withActions(plan: Plan, actions: readonly AmendingAction[]): Plan {
  const { publishAt } = plan.timeline;
  const loadActions = actions
    .flatMap(({ at, k, tookEffectAt, group, action }): LoadAction[] => {
      const change = loadChangeOf({ action });
      if (change === undefined) return [];
      return [
        {
          atMs: at - publishAt,
          ...(k === undefined ? {} : { k }),
          ...(tookEffectAt === undefined ? {} : { fromMs: tookEffectAt - publishAt }),
          ...(group === undefined ? {} : { group }),
          change,
        },
      ];
    })
    .toSorted((a, b) => a.atMs - b.atMs);
  if (loadActions.length === 0) return plan;
  const profiles = groupProfilesOf(plan.profile, loadActions);
  const ofDevices = profiles.filter(({ command }) => command === undefined);
  return {
    ...plan,
    loadActions,
    load: {
      messages: sumBy(ofDevices, (each) => plannedLoadOf(each).messages),
      peakPerSecond: intendedPeakOf(ofDevices),
    },
    ...(plan.groups && {
      groups: plan.groups.map((group, i) => ({ ...group, load: plannedLoadOf(profiles[i]!) })),
    }),
  };
}

/**
 * Why an action cannot change the rate of a group, or of all groups where it names none.
 * @returns a sentence; undefined: it can
 */
export function refuseRate(
  { profile }: Pick<Plan, 'profile'>,
  group: string | undefined,
): string | undefined {
  const profiles = groupProfilesOf(profile);
  const named = profiles.filter((_, i) => group === undefined || profile.groups?.[i]?.name === group);
  if (named.length === 0) return `The run has no group ${group}.`;
  return whyUnrated(named, group);
}
