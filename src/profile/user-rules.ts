import { formatPlural } from '../shared/format.ts';
import type { GroupSettings } from './load-profile.ts';
import { hasUsers, peakOf, type ResolvedLoad } from './load-shapes/resolved-load.ts';
import type { UsersChange } from './user-step.ts';

/** A group whose users an action may change. */
export type GroupWithUsers = Pick<GroupSettings, 'devices'> &
  ResolvedLoad & { readonly name?: string | undefined };

/**
 * Why an action cannot change the number of users of these groups.
 * @param groups those of the name that the action has, or all where it has none
 * @returns a sentence; undefined: it can
 */
export function whyNotUsers(groups: readonly GroupWithUsers[], { count }: UsersChange): string | undefined {
  const closed = groups.filter(hasUsers);
  const [only] = closed;
  if (only === undefined) return 'The devices send by a schedule: they are no users.';
  if (closed.length > 1) return `Several groups have users: ${closed.map(({ name }) => name).join(', ')}.`;
  if (count <= only.devices) return undefined;
  return `${only.name === undefined ? 'The run' : only.name} has ${formatPlural(only.devices, 'device')}, and a user is a device.`;
}

/**
 * What to do where `whyNotUsers` has a reason.
 * @param groups all of the run
 * @param nameOne how an action names a group with users
 */
export function hintOfUsers(groups: readonly GroupWithUsers[], nameOne: string): string {
  if (groups.some(({ name }) => name !== undefined))
    return `${nameOne}, and give at most as many as it has devices`;
  return groups.some(hasUsers) ? 'give at most as many as there are devices' : 'change the rate instead';
}

/** Messages a second of one user, as planned. */
export function estimatedPerUser(load: ResolvedLoad): number {
  const most = Math.max(
    load.users?.startUsers ?? 0,
    ...load.stages.map(({ targetUsers = 0 }) => targetUsers),
  );
  return most === 0 ? 0 : peakOf(load) / most;
}
