import type { GroupSettings, LoadProfile, MessageKind } from '../../profile/load-profile.ts';
import { ratesOfStarts } from '../../profile/load-shapes/arrival-pattern.ts';
import { sumLoads } from '../../profile/load-shapes/rate-stretches.ts';
import { peakOf, type ResolvedLoad } from '../../profile/load-shapes/resolved-load.ts';
import type { SearchedQuantity } from '../../profile/search.ts';
import { searchedGroups } from '../../profile/searched-quantities/searched-quantities.ts';
import { mostUsersOf } from '../../profile/searched-quantities/searched-users.ts';
import { estimatedPerUser } from '../../profile/user-rules.ts';
import { sumBy } from '../../shared/counts.ts';

/** What gives the searched groups a level together. @param groups the searched ones @param to the highest level */
type MakeHold = (
  groups: readonly GroupSettings[],
  level: number,
  durationMs: number,
  to: number,
) => <Settings extends GroupSettings>(settings: Settings) => Settings;

const holds: Readonly<Record<SearchedQuantity, MakeHold>> = {
  rate(groups, level, durationMs) {
    const sum = sumBy(groups, peakOf);
    return (settings) => withFactor(settings, sum > 0 ? level / sum : 1, durationMs);
  },
  users: (_, level, durationMs) => (settings) => ({
    ...settings,
    ...constantUsers(settings, level, estimatedPerUser(settings), durationMs),
  }),
  devices: (_, level, durationMs, to) => (settings) => {
    const all = { ...settings, devices: to };
    const held = withFactor(all, to / settings.devices, durationMs);
    return { ...held, deviceSteps: [{ atMs: 0, devices: level }] };
  },
  connects(groups, level, durationMs) {
    const devices = sumBy(groups, (each) => each.devices);
    return (settings) => ({
      ...withoutLoad(settings, durationMs),
      reconnects: [{ atMs: 0, reconnectsPerSecond: (level * settings.devices) / devices }],
    });
  },
};

/**
 * The profile of a search as it is planned: the searched groups have a constant level between them, of rates each in proportion to its own
 * highest one; the others are as busy as they ever are by the profile.
 * @param level in the unit of the search
 * @param durationMs above 0
 */
export function holdLevel(profile: LoadProfile, level: number, durationMs: number): LoadProfile {
  const { search } = profile;
  if (search === undefined) return profile;
  const searched = searchedGroups(profile, search).map(({ settings }) => settings);
  const holdSearched = holds[search.of](searched, level, durationMs, search.to);
  const hold = <Settings extends GroupSettings>(settings: Settings): Settings =>
    searched.includes(settings) ? holdSearched(settings) : withFactor(settings, 1, durationMs);
  if (profile.groups === undefined) return hold(profile);
  const groups = profile.groups.map(hold);
  return { ...profile, devices: sumBy(groups, ({ devices }) => devices), groups };
}

/** Devices that are connected, and send nothing. */
function withoutLoad<Settings extends GroupSettings>(settings: Settings, durationMs: number): Settings {
  const { users: _, pattern: __, messages: ___, ...others } = settings;
  return {
    ...(others as Settings),
    startRatePerSecond: 0,
    stages: [{ durationMs, targetPerSecond: 0 }],
  };
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
  const { pattern, users } = load;
  if (pattern?.kind === 'pulse' || pattern?.kind === 'burst')
    return ratesOfStarts(devices, durationMs, pattern);
  const perSecond = peakOf(load) * factor;
  if (users === undefined)
    return { startRatePerSecond: perSecond, stages: [{ durationMs, targetPerSecond: perSecond }] };
  return constantUsers({ users }, mostUsersOf(load), estimatedPerUser(load) * factor, durationMs);
}

function constantUsers(
  { users }: Pick<ResolvedLoad, 'users'>,
  count: number,
  perUser: number,
  durationMs: number,
): Pick<ResolvedLoad, 'startRatePerSecond' | 'stages' | 'users'> {
  const perSecond = count * perUser;
  return {
    startRatePerSecond: perSecond,
    stages: [{ durationMs, targetPerSecond: perSecond, targetUsers: count }],
    ...(users && { users: { ...users, startUsers: count } }),
  };
}
