import { parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { nearestOf } from '../shared/nearest.ts';
import { scaleDuration, scaleRate } from './load-scaling.ts';

const variablePrefix = 'STAMPEDE_';

/** A setting of the profile that the command line or the environment can replace. */
export interface ProfileOption {
  /** `--connect-rate`. */
  readonly flag: string;
  /** `STAMPEDE_CONNECT_RATE`. */
  readonly variable: string;
  /** What commander and `--help` show after the flag. */
  readonly argument: string;
  /** The setting, as in the profile. */
  readonly path: string;
  readonly help: string;
  readonly parse: (text: string) => unknown;
  /** What `parse` wants, for the fault where it returns undefined. */
  readonly expects: string;
  /** How the value goes into the profile, where it is more than standing at `path`. Returns the settings it changed. */
  readonly apply?: (input: JsonObject, value: unknown) => readonly string[];
}

/** One value given outside the file. */
export interface Override {
  /** How the user gave it, as faults name it: `--rate` or `STAMPEDE_RATE`. */
  readonly source: string;
  readonly option: ProfileOption;
  readonly text: string;
}

/** The later of two for one setting wins: `[...overridesFromEnvironment(env), ...overridesFromFlags(flags)]`. */
export type ProfileOverrides = readonly Override[];

const text = { parse: (given: string) => given, expects: 'a string' };
const number = { parse: parseNumber, expects: 'a number' };
const hosts = {
  parse: (given: string) =>
    given
      .split(',')
      .map((host) => host.trim())
      .filter((host) => host !== ''),
  expects: 'host names',
};
const duration = {
  parse: (given: string) => (parseDuration(given) === undefined ? undefined : given),
  expects: 'a duration, such as 30s or 1m30s',
};

/** In the order they are applied: `--rate` and `--duration` bend the load that is there by then. */
export const profileOptions: readonly ProfileOption[] = [
  row('--target', '<url>', 'target', 'what to load, such as mqtt://127.0.0.1:1883', text),
  row('--name', '<name>', 'name', 'what the run is called', text),
  row('--devices', '<n>', 'devices', 'virtual devices', number),
  {
    ...row('--rate', '<n>', 'stages', 'messages a second at the peak; stages keep their shape', number),
    apply: (input, value) => scaleRate(input, value as number),
  },
  {
    ...row('--duration', '<time>', 'stages', 'how long to publish; stages keep their shape', duration),
    apply: (input, value) => scaleDuration(input, value as string),
  },
  row('--qos', '<0|1>', 'publish.qos', 'MQTT quality of service', number),
  row(
    '--topic',
    '<topic>',
    'publish.topic',
    'topic, with {topicRoot} {runId} {deviceId} {deviceIndex} {slice}',
    text,
  ),
  row('--size', '<bytes>', 'publish.sizeBytes', 'pad messages up to this size', number),
  {
    ...row('--protocol', '<mqtt|https>', 'connect.protocol', 'how devices publish', text),
    apply: setProtocol,
  },
  row('--client', '<kind>', 'connect.client', 'MQTT client: dense or device-sdk', text),
  row('--auth', '<kind>', 'connect.auth', 'sigv4, x509, custom or none', text),
  row('--connect-rate', '<n>', 'connect.ratePerSecond', 'new connections a second', number),
  row(
    '--devices-per-slice',
    '<n>',
    'slices.devicesPerSlice',
    'most devices in one Lambda, up to 900',
    number,
  ),
  row('--drain', '<time>', 'drain', 'wait for messages in flight', duration),
  row('--seed', '<n>', 'seed', 'seed of the random payloads', number),
  row(
    '--echo',
    '<share>',
    'echo.fraction',
    'share of devices that receive their own messages, 0 to 1',
    number,
  ),
  row('--max-cost', '<usd>', 'limits.maxCostUsd', 'refuse a run forecast to cost more, US dollars', number),
  row(
    '--allow-host',
    '<hosts>',
    'allowedHosts',
    'comma-separated hosts that you own and that may be loaded',
    hosts,
  ),
];

function row(
  flag: string,
  argument: string,
  path: string,
  help: string,
  kind: Pick<ProfileOption, 'parse' | 'expects'>,
): ProfileOption {
  const variable = `${variablePrefix}${flag.slice(2).replaceAll('-', '_').toUpperCase()}`;
  return { flag, variable, argument, path, help, ...kind };
}

/** `Number('')` is 0: reject blanks. Integers past 2^53 would lose digits: reject them too. */
function parseNumber(given: string): number | undefined {
  const value = given.trim() === '' ? Number.NaN : Number(given);
  if (!Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : value;
}

/** Variables that begin as ours and are none: a mistyped one would change nothing, without a word. */
export function checkVariables(env: Readonly<Record<string, string | undefined>>): InputError[] {
  const known = [...profileOptions.map(({ variable }) => variable), ...otherVariables];
  return Object.keys(env)
    .filter((name) => name.startsWith(variablePrefix) && !known.includes(name))
    .map((name) => {
      // The prefix that all share would make every name look near.
      const nearest = nearestOf(
        name.slice(variablePrefix.length),
        known.map((variable) => variable.slice(variablePrefix.length)),
      );
      const hint =
        nearest === undefined
          ? `unset it; the variables are: ${known.join(', ')}`
          : `did you mean ${variablePrefix}${nearest}?`;
      return { path: name, message: 'is not a variable of Stampede', hint };
    });
}

/** What else the command line reads from its environment. */
const otherVariables = ['STAMPEDE_DEBUG'];

/** An empty variable counts as one that is not set. */
export function overridesFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): ProfileOverrides {
  return profileOptions.flatMap((option) => {
    const given = env[option.variable];
    return given === undefined || given === '' ? [] : [{ source: option.variable, option, text: given }];
  });
}

/** @param values by flag in camel case, as commander's `opts()` gives them: `{ devices: '100', connectRate: '50' }` */
export function overridesFromFlags(values: Readonly<Record<string, unknown>>): ProfileOverrides {
  return profileOptions.flatMap((option) => {
    const key = option.flag.slice(2).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const given = values[key];
    return given === undefined ? [] : [{ source: option.flag, option, text: String(given) }];
  });
}

/** `--force`: the same profile, with limits that are reported but not enforced. Other input is returned unchanged. */
export function withoutEnforcement(input: unknown): unknown {
  if (!isObject(input) || !(input.limits === undefined || isObject(input.limits))) return input;
  const forced = { ...input, limits: { ...input.limits, enforce: false } };
  if (!(input.overrides === undefined || Array.isArray(input.overrides))) return forced;
  return { ...forced, overrides: [...(input.overrides ?? []), '--force'] };
}

export interface OverriddenProfile {
  /** The user's form with the overrides in it: what an execution gets as its input. The argument is left as it was. */
  readonly input: unknown;
  /** Values that could not be read, each at its flag or variable. */
  readonly errors: readonly InputError[];
  /** By setting, the flag or variable that gave it. */
  readonly sources: ReadonlyMap<string, string>;
}

export function applyOverrides(input: unknown, overrides: ProfileOverrides): OverriddenProfile {
  const sources = new Map<string, string>();
  const errors: InputError[] = [];
  if (!isObject(input)) return { input, errors, sources };
  const profile = structuredClone(input);
  for (const option of profileOptions) {
    const override = overrides.findLast((candidate) => candidate.option === option);
    if (override === undefined) continue;
    const value = option.parse(override.text);
    if (value === undefined) {
      errors.push({
        path: override.source,
        message: `must be ${option.expects}, not "${override.text}"`,
        hint: `${option.flag} ${option.argument}: ${option.help}`,
      });
      continue;
    }
    if (isObject(profile.groups)) {
      const refusal = overrideGroups(profile.groups, option, override);
      if (refusal !== undefined) {
        errors.push(refusal);
        continue;
      }
    }
    const changed = option.apply?.(profile, value) ?? setAt(profile, option.path, value);
    for (const path of changed) sources.set(path, override.source);
    record(profile, override);
  }
  return { input: profile, errors, sources };
}

/**
 * A flag or a variable also replaces the setting of each group: it is removed there, and set at the top.
 * @returns the error of a flag for the whole load, because a total does not say what each group should do
 */
function overrideGroups(
  groups: JsonObject,
  { flag, path }: ProfileOption,
  { source }: Override,
): InputError | undefined {
  if (ofWholeLoad.includes(flag)) {
    const hint = 'give devices, rates and durations in each group';
    return { path: source, message: 'has no meaning for a profile with groups', hint };
  }
  for (const group of Object.values(groups)) removeAt(group, path);
  return undefined;
}

const ofWholeLoad = ['--devices', '--rate', '--duration'];

function removeAt(group: unknown, path: string): void {
  const [key, inner] = path.split('.') as [string, string | undefined];
  if (!isObject(group)) return;
  const settings = group[key];
  if (inner === undefined) delete group[key];
  else if (isObject(settings)) delete settings[inner];
}

/** In the execution's input, so that the report can say what replaced the file's settings. */
function record(profile: JsonObject, { source, text: given }: Override): void {
  const entry = source.startsWith('--') ? `${source} ${given}` : `${source}=${given}`;
  const { overrides = [] } = profile;
  if (Array.isArray(overrides)) profile.overrides = [...overrides, entry];
}

/** Does nothing if the parent is not an object: the check of the file reports that. */
function setAt(input: JsonObject, path: string, value: unknown): readonly string[] {
  const [group, key] = path.split('.') as [string, string | undefined];
  if (key === undefined) {
    input[group] = value;
    return [path];
  }
  input[group] ??= {};
  const settings = input[group];
  if (!isObject(settings)) return [];
  settings[key] = value;
  return [path];
}

/**
 * A profile written for MQTT goes over HTTPS as it is: what only a connection has is left out, where it would be a
 * fault in a profile that says `https` itself.
 */
function setProtocol(input: JsonObject, value: unknown): readonly string[] {
  if (value === 'https') {
    const { client, ratePerSecond, keepAlive, cleanStart, ...rest } = isObject(input.connect)
      ? input.connect
      : {};
    if (input.connect === undefined || isObject(input.connect)) input.connect = rest;
    delete input.echo;
  }
  return setAt(input, 'connect.protocol', value);
}
