import type { MqttLogin } from '../device/transport.ts';
import { identifyDevice } from '../plan/plan.ts';
import type { PasswordSource } from '../profile/credential-template.ts';
import { expandCredential } from '../profile/credential-template.ts';
import type { ConnectSettings } from '../profile/load-profile.ts';
import { formatPlural } from '../shared/format.ts';
import {
  BadCredentialsError,
  type CredentialAccess,
  type DeviceRange,
  readSecret,
  readText,
} from './credential-access.ts';

type Login = Pick<ConnectSettings, 'username' | 'password' | 'identity'>;

/** A user name and password that a device makes its own by filling in the placeholders. */
interface LoginTemplate {
  readonly username: string;
  readonly password: string;
}

/**
 * User names and passwords of a slice's devices, by index within the slice.
 * @throws BadCredentialsError that says which source is wrong, and never repeats what is in it
 */
export async function readLogins(
  { username, password, identity }: Login,
  devices: DeviceRange,
  access: CredentialAccess,
): Promise<(device: number) => MqttLogin> {
  const templateOf = await readTemplates(username, password ?? '', devices, access);
  return (client) => {
    const device = Math.min(client, devices.count - 1);
    const { runId, firstDevice } = devices;
    const { deviceIndex, deviceId, clientId } = identifyDevice(runId, firstDevice + device, identity);
    const values = { deviceIndex, deviceId, clientId, runId };
    const { username: name, password: secret } = templateOf(device);
    return { username: expandCredential(name, values), password: expandCredential(secret, values) };
  };
}

async function readTemplates(
  username = '',
  source: PasswordSource,
  devices: DeviceRange,
  access: CredentialAccess,
): Promise<(device: number) => LoginTemplate> {
  const same = (password: string) => () => ({ username, password });
  if (typeof source === 'string') return same(source);
  if ('variable' in source) return same(readVariable(source.variable, access));
  if ('file' in source) {
    const passwords = await readLines(source.file, devices);
    return (device) => ({ username, password: passwords[device]! });
  }
  const secret = parseSecret(await readSecret(source.secret, access));
  if (secret.username === undefined && username === '')
    throw new BadCredentialsError(`the secret ${source.secret} holds no username`, 'set connect.username');
  return () => ({ username: username || secret.username!, password: secret.password });
}

function readVariable(name: string, { variables }: CredentialAccess): string {
  const value = variables[name];
  if (value !== undefined && value !== '') return value;
  throw new BadCredentialsError(
    `the variable ${name} is not set where devices connect`,
    `set it in the environment of this command: export ${name}=…; a deployed stack takes {"secret": "name"}`,
  );
}

/** Line n + 1 is of device n of the run. Placeholders in it are filled in as well. */
async function readLines(path: string, { firstDevice, count }: DeviceRange): Promise<string[]> {
  const lines = (await readText(path, 'connect.password')).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const passwords = lines.slice(firstDevice, firstDevice + count);
  if (passwords.length < count)
    throw new BadCredentialsError(
      `${path} has ${formatPlural(lines.length, 'line')}, and device d${firstDevice + count - 1} needs line ${firstDevice + count}`,
      'give one password a line, for device d0 first',
    );
  const empty = passwords.indexOf('');
  if (empty >= 0)
    throw new BadCredentialsError(
      `${path} has no password for device d${firstDevice + empty}: line ${firstDevice + empty + 1} is empty`,
      'give one password a line, for device d0 first',
    );
  return passwords;
}

/** A password as it is, or JSON with `password` and perhaps `username`, as Secrets Manager's own forms make it. */
function parseSecret(text: string): { readonly username?: string; readonly password: string } {
  try {
    const { username, password } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof password === 'string') return { ...(typeof username === 'string' && { username }), password };
  } catch {
    // A password that is no JSON.
  }
  return { password: text };
}
