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

/** An endpoint and what shows the way through it. */
export interface MqttTarget {
  readonly endpoint: MqttEndpoint;
  readonly pass: DeviceCredentials;
  /** PEM: whom to trust instead of the system's authorities. */
  readonly authority?: string;
  /** In place of the endpoint's. */
  readonly alpn?: string;
  /** Whom TLS asks for, and whose certificate it must be; absent: the endpoint's host. */
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

export function mqttSettingsOf({ connect, publish }: LoadProfile, { pass }: MqttTarget): MqttSettings {
  const loginOf = loginsOf(pass);
  return {
    keepAliveMs: connect.keepAliveMs,
    cleanStart: connect.cleanStart,
    sessionExpirySeconds: connect.sessionExpirySeconds ?? (connect.cleanStart ? 0 : keptSessionSeconds),
    connectTimeoutMs: connect.timeoutMs,
    ackTimeoutMs: publish.ackTimeoutMs,
    ...(loginOf === undefined ? {} : { loginOf }),
  };
}

function loginsOf(pass: DeviceCredentials): MqttSettings['loginOf'] {
  if (pass.auth === 'password') return pass.loginOf;
  if (pass.auth !== 'custom') return undefined;
  const { password } = pass.authorizer;
  const login = { username: usernameOf(pass.authorizer), ...(password === undefined ? {} : { password }) };
  return () => login;
}

function pairOfDevice(pass: DeviceCredentials, device: number): CertificatePair | undefined {
  return pass.auth === 'x509' || pass.auth === 'password' ? pass.pairOf?.(device) : undefined;
}

/** Devices that show the same certificate share what is made of it. */
export function onceByPair<Made>(
  pass: DeviceCredentials,
  make: (device: number) => Made,
): (device: number) => Made {
  const made = new Map<CertificatePair | undefined, Made>();
  return (device) => {
    const pair = pairOfDevice(pass, device);
    const known = made.get(pair) ?? make(device);
    made.set(pair, known);
    return known;
  };
}

function makeConnector(target: MqttTarget, clock: Clock, network: SliceNetwork | undefined): Connector {
  const shaped = (carrier: Connector) =>
    network === undefined ? carrier : makeShapedConnector(carrier, network);
  const { endpoint, pass, authority, serverName, isUnchecked } = target;
  const shownBy = onceByPair(pass, (device) => {
    const pair = pairOfDevice(pass, device);
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
    pass.auth === 'sigv4'
      ? signPath(hostHeaderOf(endpoint), pass, clock.now())
      : (endpoint.path ?? webSocketPath);
  switch (endpoint.scheme) {
    case 'mqtt':
      return shaped(makeTcpConnector(endpoint));
    case 'mqtts':
      return shaped(makeTlsConnector(endpoint, tls, shownBy));
    case 'ws':
      return makeWebSocketConnector(shaped(makeTcpConnector(endpoint)), hostHeaderOf(endpoint), pathOf);
    case 'wss':
      return makeWebSocketConnector(
        shaped(makeTlsConnector(endpoint, tls, shownBy)),
        hostHeaderOf(endpoint),
        pathOf,
      );
  }
}
