import type { GroupSettings, LoadProfile } from './load-profile.ts';
import { isIdle } from './load-shapes/resolved-load.ts';
import type { SearchSettings } from './search.ts';

interface NamedGroup {
  /** Absent of a flat profile. */
  readonly name?: string;
  readonly settings: GroupSettings;
}

/** The groups whose load a search changes, and that have one. */
export function searchedGroups(profile: LoadProfile, { group }: Pick<SearchSettings, 'group'>): NamedGroup[] {
  const groups: NamedGroup[] = profile.groups?.map((each) => ({ name: each.name, settings: each })) ?? [
    { settings: profile },
  ];
  return groups.filter(({ name, settings }) =>
    group === undefined ? settings.command === undefined && !isIdle(settings) : name === group,
  );
}
