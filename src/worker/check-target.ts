import { makeMqttTransport } from '../device/transports/mqtt.ts';
import { type GroupPlan, identifyDevice } from '../plan/plan.ts';
import type { ConnectSettings, LoadProfile } from '../profile/load-profile.ts';
import { withOwnSession } from '../profile/own-session.ts';
import { makeSystemClock } from '../shared/clock.ts';
import type { Target } from '../targets/target.ts';
import { mqttEndpointsOf, traitsOf } from '../targets/traits-of.ts';
import { checkWebService } from './check-web-service.ts';
import { explainConnectFailure, TargetNotReadyError } from './connect-failures.ts';
import { BadCredentialsError } from './credential-access.ts';
import { makeMqttTargetReader, type ReadMqttTarget } from './device-credentials.ts';

export interface CheckedTarget {
  readonly groups: readonly GroupPlan[];
  /** One that the profile names. */
  readonly target: Target;
  /** Of this process. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/**
 * Connects once as the first device of each group that connects in a way of its own, and disconnects; of a web service requests what that
 * device requests, where it only reads: before a run starts anything,
 * the user learns that the target is unreachable or refuses its devices.
 * @throws BadCredentialsError, NoHeaderValueError, TargetNotReadyError
 */
export async function checkTarget({ groups, target, variables }: CheckedTarget): Promise<void> {
  const keys = { certificateSecret: undefined, authorizerSecret: undefined, authorityFile: undefined };
  const read = makeMqttTargetReader({ ...keys, variables });
  const where = traitsOf(target).describe(target, false);
  const checked = new Set<string>();
  for (const group of groups) {
    const { runId, profile, firstDevice } = group;
    const { connect, http } = profile;
    const way = JSON.stringify([connect, http]);
    if (connect.protocol === 'mqtt') checkCertificate(connect);
    if (checked.has(way)) continue;
    checked.add(way);
    const range = { runId, firstDevice, count: profile.devices };
    if (http !== undefined) await checkWebService({ ...group, target }, http, { variables });
    else if (connect.protocol === 'mqtt') await checkDevice({ profile, target, where, range, read });
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
  const connect = { ...withOwnSession(profile.connect, true), client: 'dense' as const };
  const way = await read(mqttEndpointsOf(target), connect, range);
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

function notReady(where: string, reason: string, deviceId: string): TargetNotReadyError {
  const { what, hint } = explainConnectFailure(reason, deviceId);
  return new TargetNotReadyError(`${where} ${what} (${reason}): nothing was started`, hint);
}
