import type { LoadProfile } from '../../profile/load-profile.ts';
import type { Clock } from '../../shared/clock.ts';
import type { MqttEndpoint } from '../../targets/mqtt-endpoint.ts';
import { type CertificatePair, type DeviceCredentials, usernameOf } from '../identity/credentials.ts';
import { type Connector, makeTcpConnector, makeTlsConnector } from '../network/connector.ts';
import { makeShapedConnector } from '../network/shaping/shaped-connector.ts';
import type { SliceNetwork } from '../network/shaping/slice-network.ts';
import { signPath, webSocketPath } from '../network/signed-path.ts';
import { hostHeaderOf, makeWebSocketConnector } from '../network/websocket-connector.ts';
import type { MakeTransport, MqttSettings } from '../transport.ts';
import { makeDenseTransport } from './dense.ts';

/** An endpoint, and the credentials for it. */
export interface MqttTarget {
  readonly endpoint: MqttEndpoint;
  readonly credentials: DeviceCredentials;
  /** PEM of the authorities to trust in place of the system's. */
  readonly authority?: string;
  /** In place of the endpoint's. */
  readonly alpn?: string;
  /** Name for SNI and for the check of the certificate; absent: the endpoint's host. */
  readonly serverName?: string;
  /** The endpoint's certificate is not checked. */
  readonly isUnchecked?: boolean;
}

/**
 * The dense client, whichever one the profile names: a function that needs no other one leaves the Device SDK out of its zip.
 * @param clock dates signatures
 * @param network of its devices; absent: nothing is done to what they send and receive
 */
export function makeDenseClient(
  profile: LoadProfile,
  target: MqttTarget,
  clock: Clock,
  network?: SliceNetwork,
): MakeTransport {
  return makeDenseTransport({
    ...mqttSettingsOf(profile, target),
    connector: makeConnector(target, clock, network),
    mqttVersion: profile.connect.version === '3.1.1' ? 4 : 5,
  });
}

/** Sessions that are to outlive their connection do so for an hour, AWS IoT Core's own default. */
const keptSessionSeconds = 3_600;

export function mqttSettingsOf({ connect, publish }: LoadProfile, { credentials }: MqttTarget): MqttSettings {
  const loginOf = loginsOf(credentials);
  return {
    keepAliveMs: connect.keepAliveMs,
    cleanStart: connect.cleanStart,
    sessionExpirySeconds: connect.sessionExpirySeconds ?? (connect.cleanStart ? 0 : keptSessionSeconds),
    connectTimeoutMs: connect.timeoutMs,
    ackTimeoutMs: publish.ackTimeoutMs,
    ...(loginOf === undefined ? {} : { loginOf }),
  };
}

function loginsOf(credentials: DeviceCredentials): MqttSettings['loginOf'] {
  if (credentials.auth === 'password') return credentials.loginOf;
  if (credentials.auth !== 'custom') return undefined;
  const { password } = credentials.authorizer;
  const login = {
    username: usernameOf(credentials.authorizer),
    ...(password === undefined ? {} : { password }),
  };
  return () => login;
}

function pairOfDevice(credentials: DeviceCredentials, device: number): CertificatePair | undefined {
  return credentials.auth === 'x509' || credentials.auth === 'password'
    ? credentials.pairOf?.(device)
    : undefined;
}

/** Devices with the same certificate share what is made of it. */
export function onceByPair<Made>(
  credentials: DeviceCredentials,
  make: (device: number) => Made,
): (device: number) => Made {
  const made = new Map<CertificatePair | undefined, Made>();
  return (device) => {
    const pair = pairOfDevice(credentials, device);
    const known = made.get(pair) ?? make(device);
    made.set(pair, known);
    return known;
  };
}

function makeConnector(target: MqttTarget, clock: Clock, network: SliceNetwork | undefined): Connector {
  const shaped = (carrier: Connector) =>
    network === undefined ? carrier : makeShapedConnector(carrier, network);
  const localAddressOf = (device: number) => network?.addressOf(device);
  const { endpoint, credentials, authority, serverName, isUnchecked } = target;
  const certificateOf = onceByPair(credentials, (device) => {
    const pair = pairOfDevice(credentials, device);
    return pair && { cert: pair.certificate, key: pair.key };
  });
  const alpn = target.alpn ?? endpoint.alpn;
  const tls = {
    ...(authority === undefined ? {} : { ca: authority }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(isUnchecked === true && { rejectUnauthorized: false }),
  };
  const pathOf = () =>
    credentials.auth === 'sigv4'
      ? signPath(hostHeaderOf(endpoint), credentials, clock.now())
      : (endpoint.path ?? webSocketPath);
  const tcp = () => makeTcpConnector(endpoint, localAddressOf);
  const secure = () => makeTlsConnector(endpoint, tls, { certificateOf, localAddressOf });
  switch (endpoint.scheme) {
    case 'mqtt':
      return shaped(tcp());
    case 'mqtts':
      return shaped(secure());
    case 'ws':
      return makeWebSocketConnector(shaped(tcp()), hostHeaderOf(endpoint), pathOf);
    case 'wss':
      return makeWebSocketConnector(shaped(secure()), hostHeaderOf(endpoint), pathOf);
  }
}
