import { type AccountAccess, makeAccountAccess } from '../aws/account-access.ts';
import type { AuthorizerCredentials, DeviceCredentials } from '../device/identity/credentials.ts';
import { chooseEndpoint } from '../device/identity/iot-endpoint-choice.ts';
import type { MqttTarget } from '../device/transports/dense-client.ts';
import type { AuthKind, ConnectSettings } from '../profile/load-profile.ts';
import { StampedeError } from '../shared/errors.ts';
import { iotCoreHostOf } from '../targets/aws-iot/endpoints.ts';
import { isOverTls, type MqttEndpoint } from '../targets/mqtt-endpoint.ts';
import { type CredentialAccess, type DeviceRange, readAuthority } from './credential-access.ts';
import { readPairs } from './device-certificates.ts';
import { readLogins } from './device-passwords.ts';
import type { CredentialSources } from './environment.ts';

/** The credentials of the devices could not be read. */
export class NoDeviceCredentialsError extends StampedeError {
  constructor(what: string, hint: string, cause?: unknown) {
    super('NoDeviceCredentials', what, { hint, ...(cause === undefined ? {} : { cause }) });
  }
}

/** Finds the endpoint for a profile's `connect`, and the credentials of a slice's devices for it. */
export type ReadMqttTarget = (
  endpoints: readonly MqttEndpoint[],
  connect: ConnectSettings,
  devices: DeviceRange,
) => Promise<MqttTarget>;

/**
 * An execution environment runs one slice after another, for hours: a secret is read again once it is this old, so that a
 * certificate or password that was replaced is not kept. A slice reads it once for its devices and its control channel.
 */
const secretKeptMs = 60_000;

/**
 * @param now milliseconds of any steady clock
 * @returns throws NoEndpointError, NoDeviceCredentialsError
 */
export function makeMqttTargetReader(
  { variables, ...keys }: CredentialSources,
  account: AccountAccess = makeAccountAccess(),
  now: () => number = () => performance.now(),
): ReadMqttTarget {
  const texts = new Map<string, { readonly text: Promise<string>; readonly readAt: number }>();
  const readSecret = (name: string): Promise<string> => {
    const known = texts.get(name);
    if (known !== undefined && now() - known.readAt < secretKeptMs) return known.text;
    const reading = account.secret(name);
    texts.set(name, { text: reading, readAt: now() });
    // After a failure the next slice reads them again.
    reading.catch(() => texts.delete(name));
    return reading;
  };
  const access: CredentialAccess = { variables, secret: readSecret };
  const readers: Readonly<
    Record<
      AuthKind,
      (connect: ConnectSettings, devices: DeviceRange, endpoint: MqttEndpoint) => Promise<DeviceCredentials>
    >
  > = {
    none: async () => ({ auth: 'none' }),
    sigv4: async (_connect, _devices, { host }) => ({
      auth: 'sigv4',
      region: iotCoreHostOf(host)?.region ?? (await account.region()),
      credentials: await account.credentials(),
    }),
    async x509(connect, devices) {
      if (connect.cert === undefined) return readCredentials(keys.certificateSecret, readSecret, certificate);
      return { auth: 'x509', pairOf: await readPairs(connect, devices, Date.now(), access) };
    },
    async password(connect, devices) {
      const loginOf = await readLogins(connect, devices, access);
      if (connect.cert === undefined) return { auth: 'password', loginOf };
      return { auth: 'password', loginOf, pairOf: await readPairs(connect, devices, Date.now(), access) };
    },
    custom: () => readCredentials(keys.authorizerSecret, readSecret, authorizer),
  };
  return async (endpoints, connect, devices) => {
    const endpoint = chooseEndpoint(endpoints, connect.auth);
    const credentials = await readers[endpoint.auth](connect, devices, endpoint);
    const { alpn, serverName, insecure } = connect;
    const target = {
      endpoint,
      credentials,
      ...(alpn === undefined ? {} : { alpn }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(insecure === undefined ? {} : { isUnchecked: insecure }),
    };
    const authority = connect.ca ?? keys.authorityFile;
    if (!isOverTls(endpoint) || authority === undefined) return target;
    return { ...target, authority: await readAuthority(authority, access) };
  };
}

/** A kind of secret: where its name comes from, how it is made, and what is in it. */
interface SecretKind {
  readonly variable: string;
  readonly hint: string;
  parse(values: Readonly<Record<string, unknown>>): DeviceCredentials | undefined;
}

const certificate: SecretKind = {
  variable: 'IOT_CERTIFICATE_SECRET',
  hint: 'npx stampede certs create --stage STAGE makes the fleet’s certificate',
  parse({ certificate, privateKey }) {
    if (typeof certificate !== 'string' || typeof privateKey !== 'string') return undefined;
    const pair = { certificate, key: privateKey };
    return { auth: 'x509', pairOf: () => pair };
  },
};

const authorizer: SecretKind = {
  variable: 'IOT_AUTHORIZER_SECRET',
  hint: 'it is JSON: {"authorizerName", "username", "password"}, or {"authorizerName", "tokenKeyName", "token", "signature"}; see docs/deploy.md',
  parse({ authorizerName: name, username, password, tokenKeyName, token, signature }) {
    const parameters: AuthorizerCredentials = {
      ...(typeof name === 'string' && { name }),
      ...(typeof username === 'string' && { username }),
      ...(typeof password === 'string' && { password }),
      ...(typeof tokenKeyName === 'string' &&
        typeof token === 'string' && {
          token: {
            keyName: tokenKeyName,
            value: token,
            ...(typeof signature === 'string' && { signature }),
          },
        }),
    };
    if (parameters.username === undefined && parameters.token === undefined) return undefined;
    return { auth: 'custom', authorizer: parameters };
  },
};

async function readCredentials(
  name: string | undefined,
  readSecret: (name: string) => Promise<string>,
  { variable, hint, parse }: SecretKind,
): Promise<DeviceCredentials> {
  if (name === undefined) throw new NoDeviceCredentialsError(`${variable} is not set`, hint);
  let text: string;
  try {
    text = await readSecret(name);
  } catch (error) {
    throw new NoDeviceCredentialsError(
      `the secret ${name} could not be read: ${(error as Error).name}`,
      hint,
      error,
    );
  }
  const credentials = parse(valuesOf(text));
  if (credentials === undefined)
    throw new NoDeviceCredentialsError(`the secret ${name} lacks what it is for`, hint);
  return credentials;
}

function valuesOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const values: unknown = JSON.parse(text);
    return typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
