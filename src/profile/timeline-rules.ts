import type * as z from 'zod';
import { formatDuration, parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { suggestFrom } from '../shared/nearest.ts';
import type { GroupSettings, RunProfile } from './load-profile.ts';
import type { NetworkConditions, NetworkForm } from './network-presets.ts';
import { checkNetwork, whyUnshaped } from './network-rules.ts';
import type { Disconnect, Failover } from './planned-action.ts';
import { parseRate } from './rate-step.ts';
import { refuseFaultGroup } from './service-faults.ts';
import { readSound } from './sound-part.ts';
import { timelineEntry } from './timeline.ts';
import { type LoadedGroup, loadSettingNames, refuseLoadChange } from './timeline-load.ts';

type TimelineEntry = z.output<typeof timelineEntry>;

/** What is sound of an entry, with its `at` if that is. */
const entryPart = timelineEntry.partial();
type EntryPart = z.output<typeof entryPart>;

const actionNames = ['disconnect', 'failover', ...loadSettingNames, 'network', 'faults'] as const;

/** A group that the timeline may act on. */
type ActedGroup = Pick<GroupSettings, 'connect' | 'lifecycle'> &
  LoadedGroup & { readonly network?: NetworkConditions | undefined };

/**
 * Checks a timeline against the groups of its profile.
 * @param given as the user wrote it; entries that the schema refuses have errors already
 */
export function checkTimeline(given: unknown, profile: RunProfile & Omit<ActedGroup, 'name'>): InputError[] {
  const groups: readonly ActedGroup[] = profile.groups ?? [{ ...profile, name: undefined }];
  const seen: {
    readonly kind: string;
    readonly atMs: number | undefined;
    readonly group: string | undefined;
  }[] = [];
  return (Array.isArray(given) ? given : []).flatMap((each: unknown, i) => {
    if (!isObject(each)) return [];
    const path = `timeline[${i}]`;
    const { success, data: entry } = timelineEntry.safeParse(each);
    const errors = [
      ...checkActions(each, path),
      ...checkEntry(
        { ...(entry ?? readSound(entryPart, each)), isLimited: each.group !== undefined },
        path,
        groups,
        profile,
      ),
    ];
    if (!success || errors.length > 0) return errors;
    const atMs = parseDuration(entry.at);
    const { group } = entry;
    const [kind, hint] = repetitionOf(entry);
    const isRepeated = seen.some(
      (other) =>
        other.kind === kind &&
        other.atMs === atMs &&
        (other.group === group || other.group === undefined || group === undefined),
    );
    seen.push({ kind, atMs, group });
    if (!isRepeated) return [];
    return [
      { path: `${path}.at`, message: `is the second ${kind} at ${entry.at} of the same devices`, hint },
    ];
  });
}

/** Of an entry that is the second of its instant: what it is, and what to do. */
function repetitionOf(entry: TimelineEntry): readonly [kind: string, hint: string] {
  const { failover, network, faults } = entry;
  const whole = 'give it another instant, or one action with all settings';
  if (faults !== undefined) return ['change of faults', whole];
  const ofLoad = loadSettingNames.find((name) => entry[name] !== undefined);
  if (ofLoad !== undefined) return [`change of ${ofLoad}`, 'give it another instant, or leave one out'];
  if (network !== undefined) return ['change of network', whole];
  const larger = 'give it another instant, or one action with a larger share';
  return [failover === undefined ? 'disconnect' : `failover from ${failover.from}`, larger];
}

/** Exactly one action is in an entry; one with an unknown name may be meant as its action. */
function checkActions(each: JsonObject, path: string): InputError[] {
  const names = Object.keys(each);
  const actions = actionNames.filter((name) => names.includes(name));
  if (actions.length === 0 && names.every((name) => Object.hasOwn(timelineEntry.shape, name)))
    return [
      { path, message: 'has no action', hint: 'give it one: "disconnect": {"share": 1, "how": "drop"}' },
    ];
  if (actions.length <= 1) return [];
  const hint = 'give each an entry of its own, at the same instant';
  return [{ path, message: `has ${actions.length} actions`, hint }];
}

/** @param entry `isLimited`: the user names a group, be it sound or not */
function checkEntry(
  entry: EntryPart & { readonly isLimited: boolean },
  path: string,
  groups: readonly ActedGroup[],
  profile: Pick<RunProfile, 'regions'>,
): InputError[] {
  const { at, group, disconnect, failover, rate, network, faults } = entry;
  const named = groups.filter(({ name }) => !entry.isLimited || name === group);
  const isOfConnections = disconnect !== undefined || failover !== undefined;
  const acted = named.filter(({ connect }) => !isOfConnections || connect.protocol === 'mqtt');
  const isUnknown = group !== undefined && named.length === 0;
  return [
    // Of an unknown group, past the end is what is past the end of all.
    ...(at === undefined ? [] : checkInstant(at, path, named.length > 0 ? acted : groups)),
    ...(isUnknown && faults === undefined ? [unknownGroup(group, path, groups)] : []),
    ...(faults === undefined ? [] : refuseFaultGroup(group, `${path}.group`)),
    ...(failover === undefined ? [] : checkMove(failover, `${path}.failover`, profile)),
    ...(network === undefined ? [] : checkNetwork(network, `${path}.network`)),
    ...(rate === undefined ? [] : checkRate(rate, path)),
    ...(named.length === 0 ? [] : checkAgainstGroups(entry, path, named)),
  ];
}

function unknownGroup(group: string, path: string, groups: readonly ActedGroup[]): InputError {
  const names = groups.flatMap(({ name }) => name ?? []);
  const hint = names.length === 0 ? 'the profile has no groups' : suggestFrom(group, names, 'the groups are');
  return { path: `${path}.group`, message: `names no group of this profile: ${group}`, hint };
}

/**
 * Why these groups cannot be disconnected, whatever the instant.
 * @param path of the action, for its errors
 */
export function refuseDisconnect(
  disconnect: Disconnect,
  path: string,
  groups: readonly ActedGroup[],
  howPath = `${path}.how`,
): InputError[] {
  const acted = groups.filter(({ connect }) => connect.protocol === 'mqtt');
  if (acted.length === 0) {
    const hint = 'remove it, or set connect.protocol to "mqtt"';
    return [{ path, message: 'has no meaning over HTTP, where no device keeps a connection', hint }];
  }
  return [...checkSleep(path, acted), ...checkSilence(disconnect, howPath, acted)];
}

function refuseMove(path: string, groups: readonly ActedGroup[]): InputError[] {
  return refuseDisconnect({ share: 1, how: 'drop' }, path, groups);
}

function checkMove(
  { from, to }: Partial<Failover>,
  path: string,
  { regions }: Pick<RunProfile, 'regions'>,
): InputError[] {
  if (regions === undefined) {
    const hint = 'remove it, or give the profile regions';
    return [{ path, message: 'moves devices between Regions, and the profile has none', hint }];
  }
  const names = regions.map(({ name }) => name);
  const unknown = Object.entries({ from, to }).flatMap(([setting, name]) =>
    name === undefined || names.includes(name)
      ? []
      : [
          {
            path: `${path}.${setting}`,
            message: `names no Region of this profile: ${name}`,
            hint: suggestFrom(name, names, 'the Regions are'),
          },
        ],
  );
  if (unknown.length > 0 || from === undefined || from !== to) return unknown;
  return [{ path: `${path}.to`, message: `is where the devices are: ${to}`, hint: 'name another Region' }];
}

function checkInstant(at: string, path: string, acted: readonly ActedGroup[]): InputError[] {
  // Of a load that cannot be read, 0.
  const lengthMs = Math.max(
    0,
    ...acted.map(({ stages }) => stages.reduce((ms, { durationMs }) => ms + durationMs, 0)),
  );
  if (lengthMs === 0 || (parseDuration(at) ?? 0) < lengthMs) return [];
  return [
    {
      path: `${path}.at`,
      message: `is past the end: publishing is over after ${formatDuration(lengthMs)}`,
      hint: `give less than ${formatDuration(lengthMs)}`,
    },
  ];
}

function checkRate(rate: string | number, path: string): InputError[] {
  const change = parseRate(rate);
  return 'message' in change ? [{ path: `${path}.rate`, ...change }] : [];
}

/** @param named of which there is one at least */
function checkAgainstGroups(
  { disconnect, failover, network, group, ...load }: EntryPart,
  path: string,
  named: readonly ActedGroup[],
): InputError[] {
  return [
    ...(disconnect === undefined ? [] : refuseDisconnect(disconnect, path, named, `${path}.disconnect.how`)),
    ...(failover === undefined ? [] : refuseMove(`${path}.failover`, named)),
    ...(network === undefined ? [] : refuseNetworkChange(network, `${path}.network`, named)),
    ...refuseLoadChange(load, path, { named, group }),
  ];
}

/** Why the network of one of these groups cannot be changed. @param path of the change, for its errors */
export function refuseNetworkChange(
  network: NetworkForm,
  path: string,
  acted: readonly Pick<ActedGroup, 'name' | 'connect' | 'network'>[],
): InputError[] {
  const why = acted.map((group) => ({ name: group.name, reason: whyUnshaped(network, group) }));
  const first = why.find(({ reason }) => reason !== undefined);
  const ofGroup = first?.name === undefined ? '' : ` of group ${first.name}`;
  if (first?.reason === undefined) return [];
  return [{ ...first.reason, path, message: `${first.reason.message}${ofGroup}` }];
}

/** A device that wakes connects whether a disconnect was for it or not: its recovery has no meaning. */
function checkSleep(path: string, acted: readonly ActedGroup[]): InputError[] {
  if (acted.every(({ lifecycle }) => lifecycle === undefined)) return [];
  return [
    {
      path,
      message: 'disconnects devices that have a lifecycle, and connect and disconnect by that',
      hint: 'set group to one whose devices stay awake, or remove lifecycle',
    },
  ];
}

function checkSilence({ how }: Disconnect, howPath: string, acted: readonly ActedGroup[]): InputError[] {
  if (how !== 'silent' || acted.every(({ connect }) => connect.client === 'dense')) return [];
  return [
    {
      path: howPath,
      message: 'the client device-sdk answers pings by itself, and cannot be silent',
      hint: 'set connect.client to "dense"',
    },
  ];
}
