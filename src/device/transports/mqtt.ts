import type { LoadProfile } from '../../profile/load-profile.ts';
import type { IotDoor } from '../../targets/target.ts';
import { type DoorPass, usernameOf } from '../identity/credentials.ts';
import { type Door, makeTcpDoor, makeTlsDoor } from '../network/connector.ts';
import { signPath } from '../network/signed-path.ts';
import { hostHeaderOf, makeWebSocketDoor } from '../network/websocket-connector.ts';
import type { MakeTransport, MqttLogin, MqttSettings } from '../transport.ts';
import { makeDenseTransport } from './dense.ts';

/** A door and what shows the way through it. */
export interface MqttTarget {
  readonly door: IotDoor;
  readonly pass: DoorPass;
  /** PEM: whom to trust instead of the system's authorities. */
  readonly authority?: string;
}

/** The MQTT client that the profile names, through the given door. */
export async function makeMqttTransport(profile: LoadProfile, target: MqttTarget): Promise<MakeTransport> {
  const { connect, publish } = profile;
  const { door, pass, authority } = target;
  const login = loginOf(pass);
  const settings: MqttSettings = {
    qos: publish.qos,
    keepAliveMs: connect.keepAliveMs,
    cleanStart: connect.cleanStart,
    connectTimeoutMs: connect.timeoutMs,
    ackTimeoutMs: publish.ackTimeoutMs,
    ...(login === undefined ? {} : { login }),
  };
  if (connect.client === 'dense') return makeDenseTransport({ ...settings, door: makeDoor(target) });
  const { host, port } = door;
  // Its native library takes longer to load than all else: only who uses it waits for it.
  const { makeDeviceSdkTransport } = await import('./device-sdk.ts');
  if (pass.auth === 'none') return makeDeviceSdkTransport({ ...settings, host, port });
  const { makeSdkSecurity } = await import('../network/sdk-security.ts');
  return makeDeviceSdkTransport({ ...settings, host, port, secure: makeSdkSecurity(host, pass, authority) });
}

function loginOf(pass: DoorPass): MqttLogin | undefined {
  if (pass.auth !== 'custom') return undefined;
  const { password } = pass.authorizer;
  return { username: usernameOf(pass.authorizer), ...(password === undefined ? {} : { password }) };
}

function makeDoor({ door, pass, authority }: MqttTarget): Door {
  const trust = {
    ...(authority === undefined ? {} : { ca: authority }),
    ...(door.alpn === undefined ? {} : { ALPNProtocols: [door.alpn] }),
  };
  switch (pass.auth) {
    case 'none':
      return makeTcpDoor(door);
    case 'sigv4':
      return makeWebSocketDoor(door, trust, () => signPath(hostHeaderOf(door), pass, Date.now()));
    case 'x509':
      return makeTlsDoor(door, { ...trust, cert: pass.certificate, key: pass.key });
    case 'custom':
      return makeTlsDoor(door, trust);
  }
}
