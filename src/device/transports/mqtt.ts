import type { IotDoor } from '../../plan/target.ts';
import { exitCodes, StampedeError } from '../../profile/errors.ts';
import type { AuthKind, LoadProfile } from '../../profile/load-profile.ts';
import type { MakeTransport, MqttSettings } from '../transport.ts';
import { makeTcpDoor } from './dense/door.ts';
import { makeDenseTransport } from './dense.ts';

/** A door and what shows the way through it. */
export interface MqttTarget {
  readonly door: IotDoor;
  readonly auth: AuthKind;
}

/** A setting that this version cannot serve; loud instead of a run that measures something else. */
export class UnsupportedAuthError extends StampedeError {
  constructor(auth: AuthKind) {
    super('UnsupportedAuth', `connect.auth "${auth}" is not supported yet`, {
      hint: 'leave connect.auth out for the endpoint’s first door',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * The MQTT client that the profile names, through the given door.
 * @throws UnsupportedAuthError
 */
export async function makeMqttTransport(
  profile: LoadProfile,
  { door, auth }: MqttTarget,
): Promise<MakeTransport> {
  const { connect, publish } = profile;
  if (auth !== 'none') throw new UnsupportedAuthError(auth);
  const settings: MqttSettings = {
    qos: publish.qos,
    keepAliveMs: connect.keepAliveMs,
    cleanStart: connect.cleanStart,
    connectTimeoutMs: connect.timeoutMs,
    ackTimeoutMs: publish.ackTimeoutMs,
  };
  if (connect.client === 'dense') return makeDenseTransport({ ...settings, door: makeTcpDoor(door) });
  // Its native library takes longer to load than all else: only who uses it waits for it.
  const { makeDeviceSdkTransport } = await import('./device-sdk.ts');
  return makeDeviceSdkTransport({ ...settings, host: door.host, port: door.port });
}
