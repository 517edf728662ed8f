import { maxDevicesPerSlice, maxSlices } from '../shared/run-bounds.ts';
import type { NoRate } from './rate-step.ts';

/** How many users of a closed model are active. */
export interface UsersChange {
  readonly count: number;
}

/** A number of active users that holds from an instant, counted from the beginning of publishing, until the next one. */
export interface UserStep extends UsersChange {
  readonly atMs: number;
}

/** Most users that a run can have. */
export const maxUsers = maxSlices * maxDevicesPerSlice;

/** A number of users as users write it. */
export function parseUsers(given: string): UsersChange | NoRate {
  const count = Number(/^\s*\d+\s*$/.test(given) ? given : Number.NaN);
  if (isCount(count)) return { count };
  return { message: `is no number of users: ${given}`, hint: 'give a whole number, such as 500' };
}

/** Of a stored or announced action. Undefined: it is no number of users. */
export function usersChangeOf({ count }: { readonly [setting: string]: unknown }): UsersChange | undefined {
  return isCount(count) ? { count } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxUsers;
}
