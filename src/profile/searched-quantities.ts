import { sumBy } from '../shared/counts.ts';
import { canTakeDevices, whyNotDevices } from './device-rules.ts';
import type { GroupSettings } from './load-profile.ts';
import { sumLoads } from './load-shapes/rate-stretches.ts';
import { hasUsers, peakOf } from './load-shapes/resolved-load.ts';
import { hasRate, whyUnrated } from './rate-rules.ts';
import { canReconnect, whyNotReconnects } from './reconnect-rules.ts';
import type { SearchedQuantity } from './search.ts';

export interface NamedGroup {
  /** Absent of a flat profile. */
  readonly name?: string;
  readonly settings: GroupSettings;
}

/** What the search of a quantity means for the device groups of a profile. */
interface QuantityRules {
  /** Whether groups that send nothing have it. */
  readonly isOfIdle: boolean;
  /** Whether a group has it. */
  isOf(settings: GroupSettings): boolean;
  /** What the load of groups that have it comes to at its peak. */
  plannedOf(groups: readonly GroupSettings[]): number;
  /**
   * Why it cannot be searched in these groups.
   * @param groups those of the name that the search has, or all where it has none
   * @returns a sentence, and what to do; undefined: it can
   */
  refuse(groups: readonly NamedGroup[], group: string | undefined): Refusal | undefined;
}

interface Refusal {
  readonly message: string;
  readonly hint: string;
}

export const quantityRules: Readonly<Record<SearchedQuantity, QuantityRules>> = {
  rate: {
    isOfIdle: false,
    isOf: hasRate,
    plannedOf: (groups) => peakOf(sumLoads(groups)),
    refuse(groups, group) {
      const settings = groups.map((each) => each.settings);
      const why = whyUnrated(settings, group);
      if (why !== undefined)
        return {
          message: why,
          hint: 'search a group of devices that send at a rate (search.group), or give the devices a rate',
        };
      const patterns = settings.flatMap(
        ({ messages, pattern }) => messages?.map((kind) => kind.pattern) ?? [pattern],
      );
      if (!patterns.some((pattern) => pattern !== undefined && unevenPatterns.includes(pattern.kind)))
        return undefined;
      return {
        message: 'messages come in bursts, all at once or after gaps, and not at a rate',
        hint: 'remove burst, together and the distribution of everySeconds; arrivals "poisson" and jitter can stay',
      };
    },
  },
  users: {
    isOfIdle: false,
    isOf: hasUsers,
    plannedOf: (groups) => sumBy(groups, mostUsersOf),
    refuse(groups) {
      const closed = groups.filter(({ settings }) => hasUsers(settings));
      if (closed.length === 0)
        return {
          message: 'The devices send by a schedule: they are no users.',
          hint: 'give a load of users, such as "thinkTime": "1s" in place of a rate, or search of rate',
        };
      if (closed.length === 1) return undefined;
      return {
        message: `Several groups have users: ${closed.map(({ name }) => name).join(', ')}.`,
        hint: 'name one of them: search.group',
      };
    },
  },
  devices: {
    isOfIdle: true,
    isOf: canTakeDevices,
    plannedOf: (groups) => sumBy(groups, ({ devices }) => devices),
    refuse(groups) {
      const named = groups.map(({ name, settings }) => ({ ...settings, name }));
      const message = whyNotDevices(named, { devices: 0 });
      const hint = 'search one group of devices that stay connected over MQTT (search.group)';
      return message === undefined ? undefined : { message, hint };
    },
  },
  connects: {
    isOfIdle: true,
    isOf: canReconnect,
    plannedOf: (groups) => sumBy(groups, ({ connect }) => connect.ratePerSecond),
    refuse(groups) {
      const message = whyNotReconnects(
        groups.map(({ settings }) => settings),
        { reconnectsPerSecond: 0 },
      );
      const hint = 'search a group of devices that stay connected over MQTT (search.group)';
      return message === undefined ? undefined : { message, hint };
    },
  },
};

/** Patterns whose rate is not the same in each second: a hold of a few seconds would have more or fewer messages than its level. */
const unevenPatterns: readonly string[] = ['pulse', 'burst', 'gaps'];

/** The most users of a load that are active at a time. */
export function mostUsersOf({ users, stages }: Pick<GroupSettings, 'users' | 'stages'>): number {
  return Math.max(users?.startUsers ?? 0, ...stages.map(({ targetUsers = 0 }) => targetUsers));
}
