import type { LoadProfile } from '../../profile/load-profile.ts';
import type { Clock } from '../../shared/clock.ts';
import type { MqttEndpoint } from '../../targets/mqtt-endpoint.ts';
import { type DeviceCredentials, usernameOf } from '../identity/credentials.ts';
import { type Connector, makeTcpConnector, makeTlsConnector } from '../network/connector.ts';
import { signPath, webSocketPath } from '../network/signed-path.ts';
import { hostHeaderOf, makeWebSocketConnector } from '../network/websocket-connector.ts';
import type { MakeTransport, MqttLogin, MqttSettings } from '../transport.ts';
import { makeDenseTransport } from './dense.ts';

/** An endpoint and what shows the way through it. */
export interface MqttTarget {
  readonly endpoint: MqttEndpoint;
  readonly pass: DeviceCredentials;
  /** PEM: whom to trust instead of the system's authorities. */
  readonly authority?: string;
}

/**
 * The MQTT client that the profile names, through the given endpoint.
 * @param clock dates signatures
 */
export async function makeMqttTransport(
  profile: LoadProfile,
  target: MqttTarget,
  clock: Clock,
): Promise<MakeTransport> {
  const { connect, publish } = profile;
  const { endpoint, pass, authority } = target;
  const login = loginOf(pass);
  const settings: MqttSettings = {
    keepAliveMs: connect.keepAliveMs,
    cleanStart: connect.cleanStart,
    connectTimeoutMs: connect.timeoutMs,
    ackTimeoutMs: publish.ackTimeoutMs,
    ...(login === undefined ? {} : { login }),
  };
  if (connect.client === 'dense')
    return makeDenseTransport({ ...settings, connector: makeConnector(target, clock) });
  const { host, port } = endpoint;
  // Its native library takes longer to load than all else: only who uses it waits for it.
  const { makeDeviceSdkTransport } = await import('./device-sdk.ts');
  if (endpoint.scheme === 'mqtt') return makeDeviceSdkTransport({ ...settings, host, port });
  const { makeSdkSecurity } = await import('../network/sdk-security.ts');
  return makeDeviceSdkTransport({
    ...settings,
    host,
    port,
    secure: makeSdkSecurity(endpoint, pass, authority),
  });
}

function loginOf(pass: DeviceCredentials): MqttLogin | undefined {
  if (pass.auth !== 'custom') return undefined;
  const { password } = pass.authorizer;
  return { username: usernameOf(pass.authorizer), ...(password === undefined ? {} : { password }) };
}

function makeConnector({ endpoint, pass, authority }: MqttTarget, clock: Clock): Connector {
  const tls = {
    ...(authority === undefined ? {} : { ca: authority }),
    ...(endpoint.alpn === undefined ? {} : { ALPNProtocols: [endpoint.alpn] }),
    ...(pass.auth === 'x509' ? { cert: pass.certificate, key: pass.key } : {}),
  };
  const pathOf = () =>
    pass.auth === 'sigv4'
      ? signPath(hostHeaderOf(endpoint), pass, clock.now())
      : (endpoint.path ?? webSocketPath);
  switch (endpoint.scheme) {
    case 'mqtt':
      return makeTcpConnector(endpoint);
    case 'mqtts':
      return makeTlsConnector(endpoint, tls);
    case 'ws':
      return makeWebSocketConnector(makeTcpConnector(endpoint), hostHeaderOf(endpoint), pathOf);
    case 'wss':
      return makeWebSocketConnector(makeTlsConnector(endpoint, tls), hostHeaderOf(endpoint), pathOf);
  }
}
