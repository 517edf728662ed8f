import type { LoadProfile } from '../load-profile.ts';
import { isIdle } from '../load-shapes/resolved-load.ts';
import type { SearchedQuantity, SearchRange } from '../search.ts';
import type { NamedGroup, QuantityRules } from './quantity-rules.ts';
import { searchedConnects } from './searched-connects.ts';
import { searchedDevices } from './searched-devices.ts';
import { searchedRate } from './searched-rate.ts';
import { searchedUsers } from './searched-users.ts';

/** By what is searched. */
export const quantityRules: Readonly<Record<SearchedQuantity, QuantityRules>> = {
  rate: searchedRate,
  users: searchedUsers,
  connects: searchedConnects,
  devices: searchedDevices,
};

/** The groups that a search names; where it names none, all devices that what it searches is of. */
export function namedGroups(
  profile: LoadProfile,
  { group, of }: Pick<SearchRange, 'group' | 'of'>,
): NamedGroup[] {
  const groups: NamedGroup[] = profile.groups?.map((each) => ({ name: each.name, settings: each })) ?? [
    { settings: profile },
  ];
  return groups.filter(({ name, settings }) =>
    group === undefined
      ? settings.command === undefined && (quantityRules[of].isOfIdle || !isIdle(settings))
      : name === group,
  );
}

/** Those of them whose load a search changes. */
export function searchedGroups(
  profile: LoadProfile,
  search: Pick<SearchRange, 'group' | 'of'>,
): NamedGroup[] {
  return namedGroups(profile, search).filter(({ settings }) => quantityRules[search.of].isOf(settings));
}
