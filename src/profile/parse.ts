import { parseDuration } from '../shared/duration.ts';
import { type InputError, InvalidInputError } from '../shared/errors.ts';
import { isObject, type JsonObject, valueAt } from '../shared/json-path.ts';
import { checkJsonValue, isTooDeep } from '../shared/json-value.ts';
import type { Backoff } from './backoff.ts';
import { resolveCommands } from './command-schema.ts';
import { checkCommands } from './command-settings.ts';
import { withDefaultThresholds } from './default-thresholds.ts';
import type { Encoding } from './encoding.ts';
import { type FlatReading, readGroups, withoutRepeats } from './groups.ts';
import { http as httpSchema } from './http-schema.ts';
import { resolveLegs } from './leg-schema.ts';
import { resolveLifecycle } from './lifecycle-schema.ts';
import type { ConnectSettings, LoadProfile } from './load-profile.ts';
import { loadPaths, loadShapeIn } from './load-shapes/load-shapes.ts';
import { isIdle, type ResolvedLoad } from './load-shapes/resolved-load.ts';
import { readKinds } from './message-kinds.ts';
import { resolveProperties, resolveWill, wholeSeconds } from './message-properties.ts';
import { resolveNetwork } from './network-conditions.ts';
import { applyOverrides, type ProfileOverrides } from './overrides.ts';
import { checkObserved } from './presence-rules.ts';
import { checkRegions } from './region-rules.ts';
import { resolveRegions } from './region-schema.ts';
import { checkRatePerDevice, checkRules } from './rules.ts';
import type { ProfileSettings } from './schema.ts';
import { checkSearch } from './search-rules.ts';
import { resolveSearch } from './search-schema.ts';
import { completeSearch, withPlannedLevel } from './searched-load.ts';
import { validateShape } from './shape.ts';
import { resolveSizes } from './size-schema.ts';
import { anyTarget, type FindTargetRules, type TargetRules } from './target-rules.ts';
import { checkMeasured, type SelectableParts } from './threshold-rules.ts';
import { resolveThresholds } from './threshold-schema.ts';
import { resolveTimeline } from './timeline.ts';
import { checkTimeline } from './timeline-rules.ts';

/**
 * The user's JSON, with flags and variables over it and defaults under it.
 * @param found errors of the text that the input was read from, or of the variables
 * @param findRules of the target that the form names; without it only what no target takes is an error
 * @throws InvalidInputError with every error of the file, the flags and the variables at once.
 */
export function parseLoadProfile(
  input: unknown,
  overrides: ProfileOverrides = [],
  found: readonly InputError[] = [],
  findRules: FindTargetRules = () => anyTarget,
): LoadProfile {
  const { profile, errors: ofInput } = readLoadProfile(input, overrides, findRules);
  // A file that could not be read leaves the setting that names it without a value, which is no second error.
  const isFollowing = ({ path }: InputError) => found.some((error) => error.path.startsWith(`${path}.`));
  const errors = [...found, ...ofInput.filter((error) => !isFollowing(error))];
  if (profile === undefined || errors.length > 0) throw new InvalidInputError('The load profile', errors);
  return profile;
}

interface Reading {
  readonly profile?: LoadProfile;
  readonly errors: readonly InputError[];
}

function readLoadProfile(input: unknown, overrides: ProfileOverrides, findRules: FindTargetRules): Reading {
  const ofValue = checkJsonValue(input);
  if (ofValue.some(isTooDeep)) return { errors: ofValue };
  const overridden = applyOverrides(input, overrides);
  if (!isObject(overridden.input)) return { errors: [noObject] };
  const form = completeSearch(overridden.input);
  const rules = findRules(form);
  const parts = partsOf(form);
  const readOne = (flat: JsonObject) => readFlatProfile(flat, rules, parts);
  const readFlat = (flat: JsonObject) =>
    flat.messages === undefined ? readOne(flat) : readMixed(flat, rules, parts, readOne);
  const { profile: read, errors: found } =
    form.groups === undefined ? readFlat(form) : readGroups(form, readFlat);
  const profile = read && withPlannedLevel(read, overridden.input);
  const ofWhole =
    profile === undefined
      ? []
      : [
          ...checkTimeline(form.timeline, profile),
          ...checkCommands(profile),
          ...checkObserved(profile),
          ...checkSearch(profile, { limits: rules.limits, form, parts }),
          ...checkRegions(profile, form),
        ];
  const errors = inOrderOf(form, [...rules.errors, ...found, ...ofWhole]).map((error) => ({
    ...error,
    path: overridden.sources.get(error.path) ?? overridden.sources.get(listOf(error.path)) ?? error.path,
  }));
  return { ...(profile && { profile }), errors: [...ofValue, ...overridden.errors, ...errors] };
}

/** Devices that send several kinds of message: what holds for each kind, and for all of a device's messages together. */
function readMixed(
  input: JsonObject,
  { limits }: TargetRules,
  { groups }: SelectableParts,
  readOne: (flat: JsonObject) => FlatReading,
): FlatReading {
  const { profile, errors } = readKinds(input, readOne);
  const ofAll = groups.length > 0 ? [] : checkMeasured(profile);
  const found = errors.length > 0 ? errors : [...checkRatePerDevice({ profile, input, limits }), ...ofAll];
  return { profile, errors: withoutRepeats(found) };
}

/** The groups and kinds of message of the user's form; what is no object has an error where it is read. */
function partsOf(form: JsonObject): SelectableParts {
  const namesIn = (value: unknown) => (isObject(value) ? Object.keys(value) : []);
  const groups = namesIn(form.groups);
  const kindsIn = (name: string, messages: unknown): [string, string[]][] => {
    const kinds = namesIn(messages);
    return kinds.length > 0 ? [[name, kinds]] : [];
  };
  const ofGroup = (name: string) =>
    kindsIn(name, valueAt(form, ['groups', name, 'messages']) ?? form.messages);
  return {
    groups,
    kinds: new Map(form.groups === undefined ? kindsIn('', form.messages) : groups.flatMap(ofGroup)),
  };
}

/** @param parts that thresholds may name */
function readFlatProfile(input: JsonObject, rules: TargetRules, parts: SelectableParts): FlatReading {
  const { limits, protocols } = rules;
  const load = loadShapeIn(input);
  const shape = validateShape(load.complete(input));
  const isGiven = valueAt(input, ['connect', 'protocol']) !== undefined;
  const profile = resolve(shape.settings, load.resolve(shape.settings), rules, isGiven);
  return {
    profile,
    errors: [
      ...shape.errors,
      ...load.check(input, loadPaths.every(shape.isSound) ? shape.settings : undefined),
      ...checkRules({ profile, input, limits, protocols, parts }, shape.isSound),
      ...rules.check({ profile, input, isSound: shape.isSound }),
    ],
  };
}

/** `allowedHosts[0]` → `allowedHosts`: a flag gives a list as a whole. */
function listOf(path: string): string {
  return path.replace(/\[\d+\]$/, '');
}

/** In the order of the file, so that it can be corrected from top to bottom; what is missing comes last. */
function inOrderOf(input: JsonObject, errors: readonly InputError[]): InputError[] {
  const keys = Object.keys(input);
  const placeOf = (error: InputError) => {
    const place = keys.indexOf(/^[^.[]*/.exec(error.path)?.[0] ?? '');
    return place < 0 ? keys.length : place;
  };
  return errors.toSorted((a, b) => placeOf(a) - placeOf(b));
}

const noObject: InputError = {
  path: 'profile',
  message: 'must be a JSON object',
  hint: 'the least there can be: { "devices": 100, "ratePerSecond": 100, "duration": "30s" }',
};

/** @param saysProtocol otherwise the protocol is the one that the target has for it */
function resolve(
  settings: ProfileSettings,
  load: ResolvedLoad,
  { protocols, makesRequests, hasArrivals, limits: targetLimits }: TargetRules,
  saysProtocol: boolean,
): LoadProfile {
  const { connect, publish, slices } = settings;
  const { maxCostUsd, ...limits } = settings.limits;
  const protocol = saysProtocol ? connect.protocol : protocols[0];
  return {
    name: settings.name,
    devices: settings.devices,
    seed: settings.seed,
    connect: {
      protocol,
      client: connect.client,
      ...(connect.version === undefined ? {} : { version: connect.version }),
      ...resolveCredentials(connect),
      ratePerSecond: connect.ratePerSecond,
      keepAliveMs: milliseconds(connect.keepAlive),
      cleanStart: connect.cleanStart,
      ...(connect.identity === 'stable' && { identity: settings.name }),
      ...(connect.sessionExpiry === undefined
        ? {}
        : { sessionExpirySeconds: wholeSeconds(connect.sessionExpiry) }),
      ...(connect.will && { will: resolveWill(connect.will) }),
      timeoutMs: milliseconds(connect.timeout),
      ...(connect.backoff && { backoff: resolveBackoff(connect.backoff) }),
    },
    publish: {
      topic: publish.topic,
      ...(publish.basicIngest && { basicIngest: publish.basicIngest }),
      qos: publish.qos,
      payload: publish.payload,
      ...(publish.encoding !== 'json' && { encoding: resolveEncoding(publish.encoding) }),
      ...resolveSizes(publish.sizeBytes, targetLimits.payloadBytes),
      ...resolveProperties(publish),
      ackTimeoutMs: milliseconds(publish.ackTimeout),
      maxUnacknowledged: publish.maxUnacknowledged,
    },
    ...(makesRequests !== false && resolveHttp(settings.http, makesRequests === true)),
    ...load,
    echo: { fraction: settings.echo.fraction },
    ...(settings.lifecycle && { lifecycle: resolveLifecycle(settings.lifecycle) }),
    ...resolveNetwork(settings.network),
    ...resolveCommands(settings),
    ...(settings.observe && { observe: settings.observe }),
    slices: {
      ...(slices.devicesPerSlice === undefined ? {} : { devicesPerSlice: slices.devicesPerSlice }),
      toleratedFailureShare: slices.toleratedFailureShare,
    },
    ...(settings.legs && { legs: resolveLegs(settings.legs) }),
    ...(settings.regions && { regions: resolveRegions(settings.regions) }),
    drainMs: milliseconds(settings.drain),
    limits: { ...limits, ...(maxCostUsd === undefined ? {} : { maxCostUsd }) },
    ...(settings.overrides === undefined ? {} : { overrides: settings.overrides }),
    ...(settings.target === undefined ? {} : { target: settings.target }),
    ...(settings.observers === undefined ? {} : { observers: settings.observers }),
    allowedHosts: settings.allowedHosts,
    ...(settings.timeline && { timeline: resolveTimeline(settings.timeline) }),
    ...(settings.search && { search: resolveSearch(settings.search) }),
    thresholds: withDefaultThresholds(resolveThresholds(settings.thresholds), {
      connect: { protocol },
      publish,
      hasArrivals,
      isIdle: isIdle(load),
      sendsCommands: settings.from === 'backend',
      ...(settings.lifecycle && { lifecycle: resolveLifecycle(settings.lifecycle) }),
    }),
  };
}

function resolveBackoff({ base, cap, jitter }: NonNullable<ProfileSettings['connect']['backoff']>): Backoff {
  return { baseMs: milliseconds(base), capMs: milliseconds(cap), jitter };
}

/** @param isMade whether there are requests, also of a profile that says nothing of them */
function resolveHttp(given: ProfileSettings['http'], isMade: boolean): Pick<LoadProfile, 'http'> {
  const settings = given ?? (isMade ? httpSchema.parse({}) : undefined);
  if (settings === undefined) return {};
  const { path, signing, ...http } = settings;
  return {
    http: {
      ...http,
      ...(path === undefined ? {} : { path }),
      ...(signing && {
        signing: {
          service: signing.service,
          ...(signing.region === undefined ? {} : { region: signing.region }),
        },
      }),
    },
  };
}

/** @returns `auth` as the credentials imply it, where the profile does not say it */
function resolveCredentials({ auth, ...connect }: ProfileSettings['connect']): Partial<ConnectSettings> {
  const { username, password, ca, cert, key, alpn, serverName, insecure } = connect;
  const implied = (username ?? password) ? 'password' : cert === undefined ? undefined : 'x509';
  const given = {
    auth: auth ?? implied,
    username,
    password,
    ca,
    cert,
    key,
    alpn,
    serverName,
    insecure: insecure || undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The schema has let through durations only. */
function milliseconds(duration: string): number {
  return parseDuration(duration) ?? 0;
}

function resolveEncoding(given: Exclude<ProfileSettings['publish']['encoding'], 'json'>): Encoding {
  if (typeof given === 'string') return given;
  const { protobuf, module } = given;
  if (module !== undefined) {
    return { module: { file: module.file, ...(module.function && { function: module.function }) } };
  }
  return { protobuf: { schema: protobuf?.schema ?? '', message: protobuf?.message ?? '' } };
}
