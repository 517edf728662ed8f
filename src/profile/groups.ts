import { sumBy } from '../shared/counts.ts';
import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject, valueAt } from '../shared/json-path.ts';
import { suggestFrom } from '../shared/nearest.ts';
import { settingsOfDevices } from './command-settings.ts';
import { joinThresholds } from './default-thresholds.ts';
import { groupNamePattern, groupSettings } from './group-settings.ts';
import { checkShares, divideDevices } from './group-shares.ts';
import { type GroupProfile, type GroupSettings, type LoadProfile, maxGroups } from './load-profile.ts';
import { loadReplacedBy } from './load-shapes/load-shapes.ts';
import { joinNetworks } from './network-conditions.ts';
import { parseNetwork } from './network-schema.ts';
import { checkMeasured } from './threshold-rules.ts';

/** The result of reading one flat profile. */
export interface FlatReading {
  readonly profile: LoadProfile;
  readonly errors: readonly InputError[];
}

/**
 * A profile whose devices are divided into groups: each group is read as the flat profile that its settings make with those
 * at the top, so that every rule holds for it.
 * @param readFlat reads the user's form of a flat profile
 */
export function readGroups(
  input: JsonObject,
  readFlat: (flat: JsonObject) => FlatReading,
): { readonly profile?: LoadProfile; readonly errors: readonly InputError[] } {
  const { groups, ...shared } = input;
  const unreadable = checkGroups(groups);
  if (unreadable.length > 0 || !isObject(groups)) return { errors: unreadable };
  const given = Object.entries(groups as Readonly<Record<string, JsonObject>>);
  const unknown = given.flatMap(([name, own]) => checkSettings(name, own));
  // The other settings of the group are read without it.
  const named = given.map(([name, own]) => [name, knownOf(own)] as const);
  const ofShares = checkShares(named, shared);
  if (ofShares.length > 0) return { errors: [...unknown, ...ofShares] };
  const readings = divideDevices(named, shared).map(([name, { share: _, ...own }]) => {
    const { profile, errors: found } = readFlat(withDefaults(shared, own));
    return {
      name,
      own,
      profile,
      errors: found.map((error) => ({ ...error, path: pathIn(name, own, input, error) })),
    };
  });
  return {
    profile: joinGroups(readings),
    errors: withoutRepeats([
      ...unknown,
      ...readings.flatMap((reading) => reading.errors),
      ...unmeasured(readings.map(({ profile }) => profile)),
    ]),
  };
}

function checkGroups(groups: unknown): InputError[] {
  if (!isObject(groups)) {
    return [
      {
        path: 'groups',
        message: 'must be an object',
        hint: 'name each group: {"meters": {"devices": 100, …}}',
      },
    ];
  }
  const names = Object.keys(groups);
  if (names.length === 0 || names.length > maxGroups) {
    return [
      { path: 'groups', message: `has ${names.length} groups`, hint: `give 1 to ${maxGroups}, or remove it` },
    ];
  }
  if (names.every((name) => checkGroup(name, groups[name]).length === 0)) return [];
  return names.flatMap((name) => {
    const own = groups[name];
    const errors = checkGroup(name, own);
    return errors.length === 0 && isObject(own) ? checkSettings(name, own) : errors;
  });
}

function checkGroup(name: string, own: unknown): InputError[] {
  const path = `groups.${name}`;
  if (!groupNamePattern.test(name)) {
    return [{ path, message: 'cannot be the name of a group', hint: 'use 1 to 40 letters, digits, - and _' }];
  }
  if (!isObject(own))
    return [{ path, message: 'must be an object', hint: 'such as {"devices": 100, "everySeconds": 10}' }];
  return [];
}

function isKnown(key: string): boolean {
  return groupSettings.some((known) => known === key);
}

function knownOf(own: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(own).filter(([key]) => isKnown(key)));
}

/** What a group cannot have. */
function checkSettings(name: string, own: JsonObject): InputError[] {
  const path = `groups.${name}`;
  const errors = Object.keys(own)
    .filter((key) => !isKnown(key))
    .map((key) => ({
      path: `${path}.${key}`,
      message: 'is not a setting of a group',
      hint: suggestFrom(key, groupSettings, 'those are'),
    }));
  const ofRun = isObject(own.slices) && own.slices.toleratedFailureShare !== undefined;
  if (!ofRun) return errors;
  const hint = 'set it at the top: it counts the slices of all groups';
  return [
    ...errors,
    { path: `${path}.slices.toleratedFailureShare`, message: 'is not a setting of a group', hint },
  ];
}

/** A load of the group replaces the load at the top, also if it is given in another form. */
function withDefaults(shared: JsonObject, own: JsonObject): JsonObject {
  const isBackend = own.from === 'backend';
  const defaults: Record<string, JsonObject[string]> = { ...shared, ...(isBackend && { devices: 1 }) };
  for (const key of loadReplacedBy(own, shared)) delete defaults[key];
  if (isBackend) for (const key of settingsOfDevices) delete defaults[key];
  const flat: JsonObject = { ...defaults, ...own };
  for (const key of ['connect', 'publish', 'http', 'echo', 'slices'] as const) {
    const [ofTop, ofGroup] = [defaults[key], own[key]];
    if (isObject(ofTop) && isObject(ofGroup)) flat[key] = { ...ofTop, ...ofGroup };
  }
  const [ofTop, ofGroup] = [parseNetwork(defaults.network), parseNetwork(own.network)];
  if (ofTop !== undefined && ofGroup !== undefined) flat.network = joinNetworks(ofTop, ofGroup);
  return flat;
}

/** The path of an error: in the group, or at the top if the setting was written there. */
function pathIn(name: string, own: JsonObject, input: JsonObject, { path }: InputError): string {
  const [head = ''] = path.split(/[.[]/);
  if (!isKnown(head)) return path;
  const parts = path.split(/[.[\]]+/).filter((part) => part !== '');
  const isAtTop =
    own[head] === undefined || (valueAt(own, parts) === undefined && valueAt(input, parts) !== undefined);
  return isAtTop && input[head] !== undefined ? path : `groups.${name}.${path}`;
}

/** Errors of thresholds on metrics that no group measures. */
function unmeasured(profiles: readonly LoadProfile[]): InputError[] {
  const [first = [], ...others] = profiles.map(checkMeasured);
  return first.filter(({ path }) => others.every((errors) => errors.some((error) => error.path === path)));
}

export function withoutRepeats(errors: readonly InputError[]): InputError[] {
  const known = new Set<string>();
  return errors.filter(({ path, message }) => {
    const key = `${path}\n${message}`;
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

interface GroupReading {
  readonly name: string;
  readonly own: JsonObject;
  readonly profile: LoadProfile;
}

function joinGroups(readings: readonly GroupReading[]): LoadProfile {
  const sharing = readings.filter(({ own }) => valueAt(own, ['connect', 'ratePerSecond']) === undefined);
  const sharingDevices = sumBy(sharing, ({ profile }) => profile.devices);
  const groups = readings.map((reading): GroupProfile => {
    const { devices, connect, publish, startRatePerSecond, stages, echo, slices } = reading.profile;
    // Groups without a rate of their own share the rate at the top by devices, so that they are ready at the same time.
    const ratePerSecond = sharing.includes(reading)
      ? (connect.ratePerSecond * devices) / sharingDevices
      : connect.ratePerSecond;
    const { toleratedFailureShare: _, ...ownSlices } = slices;
    return {
      name: reading.name,
      devices,
      connect: { ...connect, ratePerSecond },
      publish,
      startRatePerSecond,
      stages,
      ...(Object.fromEntries(
        Object.entries(reading.profile).filter(([name]) => name in optionalSettings),
      ) as Pick<LoadProfile, OptionalSetting>),
      echo,
      slices: ownSlices,
    };
  });
  const [first] = readings as [GroupReading];
  const thresholds = joinThresholds(readings);
  const devices = sumBy(groups, (group) => group.devices);
  const shared = Object.fromEntries(
    Object.entries(first.profile).filter(([name]) => !(name in optionalSettings)),
  ) as Omit<LoadProfile, OptionalSetting>;
  return { ...shared, devices, thresholds, groups };
}

/** Steps are never parsed: `groupsOf` makes them. */
type ParsedSettings = Omit<GroupSettings, 'rateSteps' | 'userSteps' | 'reconnects' | 'deviceSteps'>;

type OptionalSetting = {
  [Name in keyof ParsedSettings]-?: Record<never, never> extends Pick<ParsedSettings, Name> ? Name : never;
}[keyof ParsedSettings];

/** Settings that a group may lack: they are of one group, because others would take them over from the whole profile. */
const optionalSettings: Readonly<Record<OptionalSetting, true>> = {
  command: true,
  http: true,
  lifecycle: true,
  messages: true,
  network: true,
  observe: true,
  pattern: true,
  reply: true,
  users: true,
};
