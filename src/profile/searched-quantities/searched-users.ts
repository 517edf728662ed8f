import { sumBy } from '../../shared/counts.ts';
import { formatCount, formatPlural } from '../../shared/format.ts';
import type { GroupSettings } from '../load-profile.ts';
import { hasUsers, isIdle } from '../load-shapes/resolved-load.ts';
import {
  devicesOf,
  judgedByMessages,
  levelOf,
  type QuantityRules,
  whyNotJudgedOfMessages,
} from './quantity-rules.ts';

export const searchedUsers: QuantityRules = {
  isOfIdle: false,
  isOf: hasUsers,
  plannedOf: (groups) => sumBy(groups, mostUsersOf),
  complete({ from, to }, { devices = levelOf(to) }, needsLoad) {
    // Too few devices for the lowest level are too few for the highest one: that is an error by itself.
    return needsLoad ? { users: Math.min(levelOf(from), levelOf(devices)), devices } : {};
  },
  saysPlanned: (_input, hasLoad) => hasLoad,
  refuse(groups) {
    const closed = groups.filter(({ settings }) => hasUsers(settings));
    if (closed.length === 0)
      return {
        message: groups.every(({ settings }) => isIdle(settings))
          ? 'Devices that send nothing are no users.'
          : 'The devices send by a schedule: they are no users.',
        hint: 'give a load of users, such as "thinkTime": "1s" in place of a rate, or search of rate',
      };
    if (closed.length === 1) return undefined;
    return {
      message: `Several groups have users: ${closed.map(({ name }) => name).join(', ')}.`,
      hint: 'name one of them: search.group',
    };
  },
  checkDevices: (groups, { to }) =>
    groups.flatMap(({ name, settings: { devices } }) =>
      devices >= to
        ? []
        : [
            {
              path: devicesOf(name),
              message: `are ${formatCount(devices)}, and the highest level of the search is ${formatPlural(to, 'user')}: a user is a device`,
              hint: `use ${formatPlural(to, 'device')}, or lower search.to to ${formatCount(devices)}`,
            },
          ],
    ),
  whyNotJudged: whyNotJudgedOfMessages,
  whyNotHeld:
    'users wait for their answers, so that a slow service is sent less, and latency does not say how far the level is above what it takes',
  judgedBy: judgedByMessages,
};

/** The most users of a load that are active at a time. */
export function mostUsersOf({ users, stages }: Pick<GroupSettings, 'users' | 'stages'>): number {
  return Math.max(users?.startUsers ?? 0, ...stages.map(({ targetUsers = 0 }) => targetUsers));
}
