import { connect as connectTcp } from 'node:net';
import { makeMqttTransport } from '../device/transports/mqtt.ts';
import { identifyDevice } from '../plan/plan.ts';
import type { ConnectSettings, LoadProfile } from '../profile/load-profile.ts';
import { makeSystemClock } from '../shared/clock.ts';
import { exitCodes, StampedeError } from '../shared/errors.ts';
import type { Target } from '../targets/target.ts';
import { mqttEndpointsOf, traitsOf } from '../targets/traits-of.ts';
import { explainConnectFailure } from './connect-failures.ts';
import { BadCredentialsError } from './credential-access.ts';
import { makeMqttTargetReader, type ReadMqttTarget } from './device-credentials.ts';

/** The target does not let the first device in. Exit code 3: nothing was started. */
export class TargetNotReadyError extends StampedeError {
  constructor(what: string, hint: string) {
    super('TargetNotReady', what, { hint, exitCode: exitCodes.refusedByPreflight });
  }
}

export interface CheckedTarget {
  readonly runId: string;
  /** One for each device group. */
  readonly profiles: readonly LoadProfile[];
  /** One that the profile names. */
  readonly target: Target;
  /** Of this process. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/**
 * Connects once as the first device of each group that connects in a way of its own, and disconnects: before a run starts anything,
 * the user learns that the target is unreachable or refuses its devices.
 * @throws BadCredentialsError, TargetNotReadyError
 */
export async function checkTarget({ runId, profiles, target, variables }: CheckedTarget): Promise<void> {
  const keys = { certificateSecret: undefined, authorizerSecret: undefined, authorityFile: undefined };
  const read = makeMqttTargetReader({ ...keys, variables });
  const where = traitsOf(target).describe(target, false);
  const checked = new Set<string>();
  let firstDevice = 0;
  for (const profile of profiles) {
    const { connect, devices } = profile;
    const way = JSON.stringify(connect);
    const range = { runId, firstDevice, count: devices };
    if (connect.protocol === 'mqtt') {
      checkCertificate(connect);
      if (!checked.has(way)) await checkDevice({ profile, target, where, range, read });
    } else if (!checked.has(way)) await checkPort(new URL(where), connect.timeoutMs);
    checked.add(way);
    firstDevice += devices;
  }
}

function checkCertificate({ auth, cert }: ConnectSettings): void {
  if (auth !== 'x509' || cert !== undefined) return;
  throw new BadCredentialsError('connect.cert is missing: connect.auth is "x509"', 'give --cert and --key');
}

interface CheckedDevice {
  readonly profile: LoadProfile;
  readonly target: Target;
  readonly where: string;
  /** All devices of the group: their credentials are read, and the first one connects. */
  readonly range: { readonly runId: string; readonly firstDevice: number; readonly count: number };
  readonly read: ReadMqttTarget;
}

async function checkDevice({ profile, target, where, range, read }: CheckedDevice): Promise<void> {
  const way = await read(mqttEndpointsOf(target), profile.connect, range);
  const connect = { ...profile.connect, client: 'dense' as const, cleanStart: true };
  const make = await makeMqttTransport({ ...profile, connect }, way, makeSystemClock());
  const { clientId, deviceId } = identifyDevice(range.runId, range.firstDevice);
  const outcome = Promise.withResolvers<string | undefined>();
  const ignore = (): void => undefined;
  const transport = make(
    {
      connected: () => outcome.resolve(undefined),
      connectFailed: (_device, reason) => outcome.resolve(reason),
      disconnected: (_device, reason) => outcome.resolve(reason),
      acknowledged: ignore,
      refused: ignore,
      writable: ignore,
      received: ignore,
      subscribed: ignore,
      subscribeRefused: ignore,
    },
    { count: 1, clientId: () => clientId },
  );
  try {
    transport.connect(0);
    const reason = await outcome.promise;
    if (reason !== undefined) throw notReady(where, reason, deviceId);
  } finally {
    await transport.close();
  }
}

/** A web service is not sent a request beyond the profile's: only whether something listens is checked. */
async function checkPort({ protocol, hostname, host, port }: URL, timeoutMs: number): Promise<void> {
  const outcome = Promise.withResolvers<string | undefined>();
  const socket = connectTcp(
    { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || (protocol === 'https:' ? 443 : 80)) },
    () => outcome.resolve(undefined),
  );
  socket.setTimeout(timeoutMs, () => outcome.resolve('connect timeout'));
  socket.on('error', (error: NodeJS.ErrnoException) => outcome.resolve(error.code ?? error.message));
  const reason = await outcome.promise;
  socket.destroy();
  if (reason !== undefined) throw notReady(`${protocol}//${host}`, reason, 'd0');
}

function notReady(where: string, reason: string, deviceId: string): TargetNotReadyError {
  const { what, hint } = explainConnectFailure(reason, deviceId);
  return new TargetNotReadyError(`${where} ${what} (${reason}): nothing was started`, hint);
}
