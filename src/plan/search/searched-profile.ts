import type { GroupSettings, LoadProfile, MessageKind } from '../../profile/load-profile.ts';
import { ratesOfStarts } from '../../profile/load-shapes/arrival-pattern.ts';
import { sumLoads } from '../../profile/load-shapes/rate-stretches.ts';
import { peakOf, type ResolvedLoad } from '../../profile/load-shapes/resolved-load.ts';
import { hasRate } from '../../profile/rate-rules.ts';
import { searchedGroups } from '../../profile/searched-groups.ts';
import { sumBy } from '../../shared/counts.ts';

/**
 * The profile of a search as it is planned: the searched groups have a constant level between them, each in proportion to its own
 * highest rate; the others are as busy as they ever are by the profile.
 * @param level in the unit of the search
 * @param durationMs above 0
 */
export function holdLevel(profile: LoadProfile, level: number, durationMs: number): LoadProfile {
  const { search } = profile;
  if (search === undefined) return profile;
  const searched = searchedGroups(profile, search).filter(({ settings }) => hasRate(settings));
  const sum = sumBy(searched, ({ settings }) => peakOf(settings));
  const hold = <Settings extends GroupSettings>(settings: Settings): Settings => {
    const isSearched = searched.some((each) => each.settings === settings);
    return withFactor(settings, isSearched && sum > 0 ? level / sum : 1, durationMs);
  };
  if (profile.groups === undefined) return hold(profile);
  return { ...profile, groups: profile.groups.map(hold) };
}

/** Its highest rate times a factor, all the time. */
function withFactor<Settings extends GroupSettings>(
  settings: Settings,
  factor: number,
  durationMs: number,
): Settings {
  const { messages, devices } = settings;
  if (messages === undefined) return { ...settings, ...constant(settings, devices, factor, durationMs) };
  const kinds = messages.map((kind) => ({ ...kind, ...constant(kind, devices, factor, durationMs) }));
  return { ...settings, messages: kinds, ...sumLoads(kinds) };
}

function constant(
  load: Pick<ResolvedLoad, 'users'> & Omit<MessageKind, 'name' | 'publish'>,
  devices: number,
  factor: number,
  durationMs: number,
): Pick<ResolvedLoad, 'startRatePerSecond' | 'stages' | 'users'> {
  const { pattern, users, stages } = load;
  if (pattern?.kind === 'pulse' || pattern?.kind === 'burst')
    return ratesOfStarts(devices, durationMs, pattern);
  const perSecond = peakOf(load) * factor;
  if (users === undefined)
    return { startRatePerSecond: perSecond, stages: [{ durationMs, targetPerSecond: perSecond }] };
  const most = Math.max(users.startUsers, ...stages.map(({ targetUsers = 0 }) => targetUsers));
  return {
    startRatePerSecond: perSecond,
    stages: [{ durationMs, targetPerSecond: perSecond, targetUsers: most }],
    users: { ...users, startUsers: most },
  };
}
