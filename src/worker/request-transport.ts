import type { ConnectionOptions } from 'node:tls';
import type { AccountAccess, SigningAccess } from '../aws/account-access.ts';
import type { SliceNetwork } from '../device/network/shaping/slice-network.ts';
import type { MakeTransport } from '../device/transport.ts';
import { makeHttpTransport, webService } from '../device/transports/http/http-transport.ts';
import { makeSigner } from '../device/transports/http/sign-request.ts';
import { makeHttpsTransport } from '../device/transports/https.ts';
import type { HeaderValue, HttpSettings } from '../profile/http-settings.ts';
import { exitCodes, StampedeError } from '../shared/errors.ts';
import { splitRequestUrl } from '../targets/http/request-url.ts';
import type { Target } from '../targets/target.ts';
import { dataUrlOf } from '../targets/traits-of.ts';
import { readAuthority } from './credential-access.ts';
import { readPairs } from './device-certificates.ts';
import type { LoadedGroup } from './publish-slice.ts';

/** A header's secret could not be had. Exit code 2. */
export class NoHeaderValueError extends StampedeError {
  constructor(header: string, what: string, hint: string, cause?: unknown) {
    super('NoHeaderValue', `the header ${header} has no value: ${what}`, {
      hint,
      exitCode: exitCodes.badUsage,
      cause,
    });
  }
}

/** Where the values that no file holds are read. */
export interface SecretAccess extends AccountAccess {
  /** Of the process that sends the requests. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** PEM file of the authorities to trust where the profile names none; undefined: the system's. */
  readonly authorityFile: string | undefined;
  /** What requests to a web service are signed with. */
  readonly signing: SigningAccess;
}

type RequestGroup = Pick<
  LoadedGroup,
  'runId' | 'profile' | 'target' | 'firstDevice' | 'devices' | 'connections'
>;

/**
 * Over HTTP: publishes of a slice's group to AWS IoT Core, or its requests to a web service.
 * @param sliceNetwork their connections go through it where the profile has one, if it does nothing at first
 * @throws NoHeaderValueError
 */
export async function makeTransportOverHttp(
  group: RequestGroup,
  access: SecretAccess,
  sliceNetwork?: SliceNetwork,
): Promise<MakeTransport> {
  const { publish, http } = group.profile;
  const network = group.profile.network === undefined ? undefined : sliceNetwork;
  if (http !== undefined) return makeRequestTransport(group, http, access, network);
  return makeHttpsTransport({
    ackTimeoutMs: publish.ackTimeoutMs,
    dataUrl: dataPlaneOf(group.target),
    region: await access.region(),
    credentials: () => access.credentials(),
    network,
  });
}

/** Plans that were made before it was known do not name it: it is at the endpoint's host. */
function dataPlaneOf(target: Target): string {
  const url = dataUrlOf(target);
  if (url !== undefined) return url;
  const host = 'endpoints' in target ? target.endpoints[0]?.host : undefined;
  if (host === undefined) throw new RangeError(`a target (${target.kind}) without an endpoint`);
  return `https://${host}`;
}

async function makeRequestTransport(
  group: RequestGroup,
  http: HttpSettings,
  access: SecretAccess,
  network: SliceNetwork | undefined,
): Promise<MakeTransport> {
  const { connect, publish } = group.profile;
  const { origin } = splitRequestUrl(dataUrlOf(group.target) ?? '');
  const { signing } = http;
  return makeHttpTransport({
    protocol: webService(http.succeeds),
    version: http.version,
    keepAlive: http.keepAlive,
    connections: group.connections ?? { perDevice: 1 },
    origin,
    tlsOf: await readRequestTls(group, access),
    connectTimeoutMs: connect.timeoutMs,
    ackTimeoutMs: publish.ackTimeoutMs,
    network,
    secretHeaders: await readSecretHeaders(http.headers, access),
    ...(signing && {
      sign: makeSigner(origin, {
        service: signing.service,
        region: signing.region ?? (await access.signing.region()),
        credentials: () => access.signing.credentials(),
      }),
    }),
  });
}

/** What each device trusts and shows over TLS. @throws BadCredentialsError */
export async function readRequestTls(
  { runId, profile: { connect }, firstDevice, devices }: Omit<RequestGroup, 'connections'>,
  access: Pick<SecretAccess, 'authorityFile' | 'secret'>,
): Promise<(device: number) => ConnectionOptions> {
  const { cert, serverName, insecure, ca = access.authorityFile } = connect;
  const shared: ConnectionOptions = {
    ...(ca !== undefined && { ca: await readAuthority(ca, access) }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(insecure === true && { rejectUnauthorized: false }),
  };
  if (cert === undefined) return () => shared;
  const pairOf = await readPairs(connect, { runId, firstDevice, count: devices }, Date.now(), access);
  const known = new Map<object, ConnectionOptions>();
  return (device) => {
    const pair = pairOf(device);
    const tls = known.get(pair) ?? { ...shared, cert: pair.certificate, key: pair.key };
    known.set(pair, tls);
    return tls;
  };
}

async function readSecretHeaders(
  headers: HttpSettings['headers'],
  access: SecretAccess,
): Promise<Record<string, string>> {
  const secret: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') secret[name.toLowerCase()] = await readSecret(name, value, access);
  }
  return secret;
}

async function readSecret(
  header: string,
  reference: Exclude<HeaderValue, string>,
  { variables, secret }: SecretAccess,
): Promise<string> {
  const isVariable = 'variable' in reference;
  const hint = isVariable
    ? `set it in the environment of this command: export ${reference.variable}=…; a deployed stack takes {"secret": "name"}`
    : 'check its name and Region, and secretsmanager:GetSecretValue';
  let text: string | undefined;
  try {
    text = isVariable ? variables[reference.variable] : await secret(reference.secret);
  } catch (error) {
    const what = `the secret ${isVariable ? '' : reference.secret} could not be read (${(error as Error).name})`;
    throw new NoHeaderValueError(header, what, hint, error);
  }
  const name = isVariable ? `the variable ${reference.variable}` : `the secret ${reference.secret}`;
  if (text === undefined || text === '') throw new NoHeaderValueError(header, `${name} is not set`, hint);
  // What it is instead is not shown.
  if (!/^[\x20-\x7e]*$/.test(text))
    throw new NoHeaderValueError(header, `${name} holds what no header can hold`, 'use one line of ASCII');
  return text;
}
