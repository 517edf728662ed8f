import { parseDuration } from '../shared/duration.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { scaleDuration, scaleRate, scaleUsers } from './load-scaling.ts';
import type { LoadShapeName } from './load-shapes/resolved-load.ts';
import { mqttConnectSettings, mqttPublishSettings } from './mqtt-settings.ts';
import { searchedQuantities, searchMethodNames } from './search.ts';

export const variablePrefix = 'STAMPEDE_';

/** A setting of the profile that the command line or the environment can replace. */
export interface ProfileOption {
  /** `--connect-rate`. */
  readonly flag: string;
  /** `STAMPEDE_CONNECT_RATE`. Absent: it has none. */
  readonly variable?: string;
  /** What commander and `--help` show after the flag. */
  readonly argument: string;
  /** The setting, as in the profile. */
  readonly path: string;
  readonly help: string;
  readonly parse: (text: string) => unknown;
  /** What `parse` expects, for the fault where it returns undefined. */
  readonly expects: string;
  /** A value that cannot be read may be a secret: no error repeats it. */
  readonly isSecret?: boolean;
  /** The one shape of load that it has a meaning for, or for a profile without a load; absent: for any. */
  readonly onlyFor?: LoadShapeName;
  /** How the value goes into the profile, where it is more than standing at `path`. Returns the settings it changed. */
  readonly apply?: (input: JsonObject, value: unknown) => readonly string[];
}

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
const sourcePattern = /^(variable|file|secret):(.+)$/s;
const passwordSource = {
  parse(given: string) {
    const [, kind, name] = sourcePattern.exec(given) ?? [];
    return kind === undefined ? undefined : { [kind]: name };
  },
  expects: 'variable:NAME, file:PATH or secret:NAME',
  isSecret: true,
};
const fileOrSecret = {
  parse(given: string) {
    const [, secret] = /^secret:(.+)$/s.exec(given) ?? [];
    return secret === undefined ? given : { secret };
  },
  expects: 'a path or secret:NAME',
};
const flag = {
  parse: (given: string) =>
    given === 'true' || given === '1' ? true : given === 'false' ? false : undefined,
  expects: 'true or false',
};
const duration = {
  parse: (given: string) => (parseDuration(given) === undefined ? undefined : given),
  expects: 'a duration, such as 30s or 1m30s',
};

/** In the order they are applied: `--rate`, `--duration` and `--users` bend the load that is there by then. */
export const profileOptions: readonly ProfileOption[] = [
  row('--target', '<url>', 'target', 'what to load, such as mqtt://127.0.0.1:1883', text),
  row('--name', '<name>', 'name', 'name of the run', text),
  row('--devices', '<n>', 'devices', 'virtual devices', number),
  {
    ...row('--rate', '<n>', 'stages', 'messages a second at the peak; stages keep their shape', number),
    apply: (input, value) => scaleRate(input, value as number),
  },
  {
    ...row('--duration', '<time>', 'stages', 'how long to publish; stages keep their shape', duration),
    apply: (input, value) => scaleDuration(input, value as string),
  },
  {
    ...row('--users', '<n>', 'users', 'most users at a time; stages keep their shape', number),
    apply: (input, value) => scaleUsers(input, value as number),
    onlyFor: 'closed',
  },
  {
    ...row('--spawn-per-second', '<n>', 'spawnPerSecond', 'users that begin, or end, a second', number),
    onlyFor: 'closed',
  },
  row('--qos', '<0|1|2>', 'publish.qos', 'MQTT quality of service', number),
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
  row('--mqtt-version', '<3.1.1|5>', 'connect.version', 'version of MQTT', text),
  row('--auth', '<kind>', 'connect.auth', 'sigv4, x509, password, custom or none', text),
  row('--username', '<name>', 'connect.username', 'MQTT user name, with {deviceId}', text),
  row(
    '--password-from',
    '<source>',
    'connect.password',
    'where the password comes from: variable:NAME, file:PATH (a line a device) or secret:NAME',
    passwordSource,
  ),
  row('--ca', '<file>', 'connect.ca', 'PEM of the authority to trust, or secret:NAME', fileOrSecret),
  row(
    '--cert',
    '<path>',
    'connect.cert',
    'PEM of the devices’ certificate, or a directory, or secret:NAME',
    fileOrSecret,
  ),
  row('--key', '<file>', 'connect.key', 'PEM of its private key', text),
  row('--alpn', '<protocol>', 'connect.alpn', 'ALPN protocol of TLS', text),
  row('--server-name', '<name>', 'connect.serverName', 'name that TLS asks for (SNI)', text),
  row('--insecure', '', 'connect.insecure', 'do not check the certificate of the target', flag),
  row('--connect-rate', '<n>', 'connect.ratePerSecond', 'new connections a second', number),
  row(
    '--devices-per-slice',
    '<n>',
    'slices.devicesPerSlice',
    'most devices in one Lambda, up to 900',
    number,
  ),
  row('--drain', '<time>', 'drain', 'wait for messages in flight', duration),
  row('--seed', '<n>', 'seed', 'seed of all random choices: payloads, sizes, arrivals', number),
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

/** Of the command `search` alone. They have no variables, because one would make a search of any run. */
export const searchOptions: readonly ProfileOption[] = [
  searchRow('--of', '<quantity>', `what to search: ${searchedQuantities.join(' or ')}`, text),
  searchRow('--from', '<level>', 'lowest level, which surely holds, such as 1000 messages a second', number),
  searchRow('--to', '<level>', 'highest level, which surely breaks', number),
  searchRow('--method', '<method>', searchMethodNames.join(' or '), text),
  searchRow('--settle', '<time>', 'how long a new level settles before it is measured', duration),
  searchRow('--hold', '<time>', 'how long a level is held and measured, whole seconds', duration),
  searchRow(
    '--precision',
    '<share>',
    'how near the two levels of the answer are to be, such as 0.05',
    number,
  ),
  searchRow('--confirm', '<n>', 'holds of each of the two levels that have to agree, 1 to 5', number),
  searchRow('--group', '<name>', 'the device group whose load is searched', text),
];

function searchRow(
  flag: string,
  argument: string,
  help: string,
  kind: Pick<ProfileOption, 'parse' | 'expects'>,
): ProfileOption {
  return { flag, argument, path: `search.${flag.slice(2)}`, help, ...kind };
}

function row(
  flag: string,
  argument: string,
  path: string,
  help: string,
  kind: Pick<ProfileOption, 'parse' | 'expects' | 'isSecret'>,
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

/** Does nothing if the parent is not an object: the check of the file reports that. */
export function setAt(input: JsonObject, path: string, value: unknown): readonly string[] {
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

/** A profile written for MQTT goes over HTTPS: settings that would be an error in a profile that says `https` itself are left out. */
function setProtocol(input: JsonObject, value: unknown): readonly string[] {
  if (value === 'https') {
    leaveOut(input, 'connect', mqttConnectSettings);
    leaveOut(input, 'publish', mqttPublishSettings);
    delete input.echo;
  }
  return setAt(input, 'connect.protocol', value);
}

/** What is no object stays as it is: the check of the file reports that. */
function leaveOut(input: JsonObject, group: string, keys: readonly string[]): void {
  const settings = input[group];
  if (!isObject(settings)) return;
  input[group] = Object.fromEntries(Object.entries(settings).filter(([key]) => !keys.includes(key)));
}
