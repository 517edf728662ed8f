import type { LoadProfile, MessageKind } from '../../profile/load-profile.ts';
import type {
  PlannedConnects,
  PlannedDevices,
  PlannedRate,
  PlannedUsers,
} from '../../profile/planned-action.ts';
import { sumOf } from '../../shared/counts.ts';

/** A change of one quantity of the load: of its rate, its users, its connects a second, or its devices. */
export type LoadChange = PlannedRate | PlannedUsers | PlannedConnects | PlannedDevices;

export type LoadKind = LoadChange['kind'];
export type ChangeOf<Kind extends LoadKind> = Extract<LoadChange, { readonly kind: Kind }>;

/** A change of the load of a group, or of all groups that have its quantity. */
export interface LoadAction<Change extends LoadChange = LoadChange> {
  /** After publishing begins, as the action says. */
  readonly atMs: number;
  /** Number of a stored action. */
  readonly k?: number;
  /** Of a slice that learned late of it: from when it holds there. Infinity: the slice never learned of it. Absent: `atMs`. */
  readonly fromMs?: number;
  /** Absent: all groups. */
  readonly group?: string;
  readonly change: Change;
}

/** A group of a profile as if it were the whole profile. */
export interface NamedProfile {
  /** Undefined: the one group of a flat profile. */
  readonly name: string | undefined;
  readonly profile: LoadProfile;
}

/**
 * Gives groups the steps of one quantity that actions on it make.
 * @param actions at least one, in the order of time; of the same instant, the later one wins
 * @returns the profiles, in the order of the groups
 */
export type Amend<Kind extends LoadKind> = (
  groups: readonly NamedProfile[],
  actions: readonly LoadAction<ChangeOf<Kind>>[],
) => LoadProfile[];

/** Whether an action is for a group, by its name. */
export function concerns({ group }: Pick<LoadAction, 'group'>, { name }: NamedProfile): boolean {
  return group === undefined || name === group;
}

/** A step, and from when it holds. */
export interface DatedStep<Step> {
  readonly step: Step;
  readonly fromMs: number;
}

/** Those that hold for some time before the load ends: a step that a later one has overtaken does not. */
export function inForce<Step extends { readonly atMs: number }>(
  { stages }: MessageKind | LoadProfile,
  dated: readonly DatedStep<Step>[],
): Step[] {
  const endMs = sumOf(stages.map(({ durationMs }) => durationMs));
  return dated.flatMap(({ step, fromMs }, i) => {
    const atMs = Math.max(0, fromMs);
    const isOvertaken = dated.slice(i + 1).some((later) => Math.max(0, later.fromMs) <= atMs);
    return isOvertaken || atMs >= endMs ? [] : [{ ...step, atMs }];
  });
}

/** Steps of a search's plan hold until the first of an action. */
export function followedBy<Step extends { readonly atMs: number }>(
  planned: readonly Step[] = [],
  steps: readonly Step[],
): Step[] {
  const firstMs = steps[0]?.atMs ?? Number.POSITIVE_INFINITY;
  return [...planned.filter(({ atMs }) => atMs < firstMs), ...steps];
}
