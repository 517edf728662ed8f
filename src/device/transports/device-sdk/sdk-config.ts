import { http, io, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { LoopbackProxy } from '../../network/loopback-proxy.ts';
import type { MqttLogin, MqttSettings, MqttWill } from '../../transport.ts';

export interface DeviceSdkSettings extends MqttSettings {
  readonly host: string;
  readonly port: number;
  /** TLS and signature of a device. Absent: plain TCP. @param device index within the slice */
  readonly secureOf?: (device: number) => SdkSecurity;
  /** The network that its connections go through. Absent: none but the system's. */
  readonly proxy?: LoopbackProxy;
}

/** A TLS context, which all devices share, and what signs a WebSocket's handshake. */
export type SdkSecurity = Pick<mqtt5.Mqtt5ClientConfig, 'tlsCtx' | 'websocketHandshakeTransform'>;

/** Above the slice's own ack timeout, so that it is the slice that times a publish out. */
const ackTimeoutMarginSeconds = 1;

/** What is a device's own. */
export interface SdkIdentity {
  readonly clientId: string;
  readonly login: MqttLogin | undefined;
  /** The SDK's client has the same one for all its connections. */
  readonly will: MqttWill | undefined;
  readonly security: SdkSecurity | undefined;
  readonly proxyLogin: MqttLogin | undefined;
}

export function sdkConfigOf(
  settings: DeviceSdkSettings,
  { clientId, login, will, security, proxyLogin }: SdkIdentity,
): mqtt5.Mqtt5ClientConfig {
  const { host, port, keepAliveMs, cleanStart, sessionExpirySeconds, connectTimeoutMs, ackTimeoutMs } =
    settings;
  return {
    hostName: host,
    port,
    connectProperties: {
      clientId,
      keepAliveIntervalSeconds: Math.round(keepAliveMs / 1_000),
      sessionExpiryIntervalSeconds: sessionExpirySeconds,
      ...(will && connectWithWill(will)),
      ...(login === undefined ? {} : connectWith(login)),
    },
    sessionBehavior: cleanStart
      ? mqtt5.ClientSessionBehavior.Clean
      : mqtt5.ClientSessionBehavior.RejoinAlways,
    offlineQueueBehavior: mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect,
    topicAliasingOptions: { outboundBehavior: mqtt5.OutboundTopicAliasBehaviorType.Manual },
    extendedValidationAndFlowControlOptions: mqtt5.ClientExtendedValidationAndFlowControl.None,
    ackTimeoutSeconds: Math.ceil(ackTimeoutMs / 1_000) + ackTimeoutMarginSeconds,
    connackTimeoutMs: connectTimeoutMs,
    pingTimeoutMs: Math.min(20_000, keepAliveMs / 2),
    socketOptions: new io.SocketOptions(io.SocketType.STREAM, io.SocketDomain.IPV4, connectTimeoutMs),
    ...security,
    ...(settings.proxy && proxyLogin && { httpProxyOptions: tunnelOf(settings.proxy, proxyLogin) }),
  };
}

function tunnelOf({ host, port }: LoopbackProxy, { username, password }: MqttLogin): http.HttpProxyOptions {
  const { Basic } = http.HttpProxyAuthenticationType;
  const { Tunneling } = http.HttpProxyConnectionType;
  return new http.HttpProxyOptions(host, port, Basic, username, password, undefined, Tunneling);
}

function connectWith({ username, password }: MqttLogin): { username: string; password?: Buffer } {
  return { username, ...(password === undefined ? {} : { password: Buffer.from(password) }) };
}

function connectWithWill({
  topic,
  payload,
  qos,
  retain,
  delaySeconds,
}: MqttWill): Partial<mqtt5.ConnectPacket> {
  return {
    // No target of this client has QoS 2.
    will: {
      topicName: topic,
      payload,
      qos: qos === 0 ? mqtt5.QoS.AtMostOnce : mqtt5.QoS.AtLeastOnce,
      retain,
    },
    willDelayIntervalSeconds: delaySeconds,
  };
}
