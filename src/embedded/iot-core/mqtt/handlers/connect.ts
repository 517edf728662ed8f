import { randomUUID } from 'node:crypto';
import type { IConnackPacket } from 'mqtt-packet';
import { iotCoreLimits } from '../../../../targets/aws-iot/iot-core-limits.ts';
import type { Connection } from '../connection.ts';
import { decodeConnect, encodePacket, type PacketOf } from '../packet-codec.ts';
import { readWillProperties } from '../packet-properties.ts';
import { forwardedOf, propertyIds, propertyValue } from '../properties.ts';
import {
  malformed,
  maxPacketBytes,
  maxSessionExpirySeconds,
  ProtocolViolation,
  reasonCodes,
  returnCodes,
  topicAliasMaximum,
} from '../protocol.ts';
import type { Will } from '../session.ts';
import { isTopicName } from '../topic-filter.ts';
import { authorizeConnect } from './authorize.ts';

/** (3.1.2.11.3) What a client takes at once that does not say; AWS IoT Core sends 100 at most. */
const defaultReceiveMaximum = 65_535;

type ConnectPacket = PacketOf<'connect'>;

/** CONNECT (3.1): a session for the client id, and the answer CONNACK. */
export function handleConnect(connection: Connection, frame: Buffer, bodyStart: number): void {
  const { broker } = connection;
  const { metrics } = broker;
  const now = connection.receivedAtMs;
  if (isOtherVersion(frame, bodyStart)) {
    // [MQTT-3.1.2-2] In the form of 3.1.1, which every client reads.
    metrics.connectClientError.add(now);
    connection.send(Buffer.from([0x20, 2, 0, returnCodes.unacceptableProtocolVersion]));
    connection.end();
    return;
  }
  const packet = decodeConnect(frame);
  connection.version = packet.protocolVersion === 5 ? 5 : 4;
  // [MQTT-4.12.0-1] There is no AUTH to go on with.
  if (packet.properties?.authenticationMethod !== undefined) {
    metrics.connectAuthError.add(now);
    refuse(connection, returnCodes.notAuthorized, reasonCodes.notAuthorized);
    return;
  }
  const clientId = packet.clientId === '' && mayBeNamed(packet) ? `auto-${randomUUID()}` : packet.clientId;
  if (clientId === '' || Buffer.byteLength(clientId) > iotCoreLimits.clientIdBytes) {
    // [MQTT-3.1.3-8]
    metrics.connectClientError.add(now);
    refuse(connection, returnCodes.identifierRejected, reasonCodes.clientIdentifierNotValid);
    return;
  }
  const will = willOf(packet, frame, bodyStart);
  if (will instanceof ProtocolViolation) {
    metrics.connectClientError.add(now);
    refuse(connection, returnCodes.serverUnavailable, will.reasonCode);
    return;
  }
  authorizeConnect(
    connection,
    { clientId, username: packet.username, password: packet.password },
    will,
    (isLetIn) => {
      if (isLetIn) admit(connection, packet, clientId, will);
      else refuse(connection, returnCodes.notAuthorized, reasonCodes.notAuthorized);
    },
  );
}

/** The client is authenticated: within quotas it gets its session and a CONNACK. */
function admit(
  connection: Connection,
  packet: ConnectPacket,
  clientId: string,
  will: Will | undefined,
): void {
  const { broker, receivedAtMs: now } = connection;
  const { metrics } = broker;
  const refusal = broker.faults.refusesConnect(clientId);
  if (refusal !== undefined) {
    // Counted as a server error, whatever code the client receives.
    metrics.connectServerError.add(now);
    refuse(connection, refusal.returnCode, refusal.reasonCode);
    return;
  }
  if (!broker.quotas.admitClientId(clientId, now)) {
    metrics.connectClientIdThrottle.add(now);
    refuse(connection, returnCodes.serverUnavailable, reasonCodes.quotaExceeded);
    return;
  }
  const known = broker.sessions.find(clientId)?.connection;
  if (
    !broker.quotas.admitConnect(now) ||
    (known === undefined && !broker.quotas.admitConnection(broker.sessions.connected))
  ) {
    metrics.connectThrottle.add(now);
    refuse(connection, returnCodes.serverUnavailable, reasonCodes.quotaExceeded);
    return;
  }

  // [MQTT-3.1.4-3] The client's other connection goes.
  known?.close(reasonCodes.sessionTakenOver);
  const expirySeconds = expiryOf(packet);
  const { session, isResumed } = broker.sessions.attach({
    clientId,
    connection,
    cleanStart: packet.clean ?? true,
    expirySeconds,
    nowMs: now,
  });
  session.will = will;
  session.access = connection.access;
  connection.session = session;
  const keepAliveSeconds = clampKeepAlive(packet.keepalive ?? 0);
  connection.maxSilenceMs = keepAliveSeconds * 1_500;
  connection.receiveMaximum = Math.min(
    packet.properties?.receiveMaximum ?? defaultReceiveMaximum,
    broker.quotas.limits.unacknowledgedOutPerClient,
  );
  connection.maxPacketBytes = packet.properties?.maximumPacketSize ?? connection.maxPacketBytes;
  metrics.connectSuccess.add(now);
  const connack = connackOf(connection, packet, { clientId, expirySeconds, sessionPresent: isResumed });
  connection.send(encodePacket(connack, connection.version));
  session.resume(now);
  broker.lifecycle.connected(connection, now);
}

/** Neither 3.1.1 nor 5, or not MQTT's name: the parser would not read on. */
function isOtherVersion(frame: Buffer, bodyStart: number): boolean {
  const name = frame.subarray(bodyStart, bodyStart + 6);
  if (name.equals(Buffer.from('\0\u0006MQIs'))) return true;
  const version = frame[bodyStart + 6];
  return name.equals(Buffer.from('\0\u0004MQTT')) && version !== 4 && version !== 5;
}

/** [MQTT-3.1.3-6], [MQTT-3.1.3-7] A client without an id is given one, in 3.1.1 only for a clean session. */
function mayBeNamed(packet: ConnectPacket): boolean {
  return packet.protocolVersion === 5 || packet.clean === true;
}

function willOf(
  packet: ConnectPacket,
  frame: Buffer,
  bodyStart: number,
): Will | undefined | ProtocolViolation {
  const { will } = packet;
  if (will === undefined) return undefined;
  // [MQTT-3.1.2-12] The parser takes it for one.
  if ((will.qos as number) === 3) throw malformed('a will of QoS 3');
  // [MQTT-3.2.2-12]
  if (will.qos === 2) return new ProtocolViolation(reasonCodes.qosNotSupported, 'a will of QoS 2');
  if (!isTopicName(will.topic)) return new ProtocolViolation(reasonCodes.topicNameInvalid, 'the will topic');
  const properties = packet.protocolVersion === 5 ? readWillProperties(frame, bodyStart) : [];
  return {
    topic: will.topic,
    payload: Buffer.from(will.payload),
    headers: {
      qos: will.qos ?? 0,
      retain: will.retain ?? false,
      properties: forwardedOf(properties),
      expirySeconds: propertyValue<number>(properties, propertyIds.messageExpiryInterval),
    },
    delaySeconds: propertyValue<number>(properties, propertyIds.willDelayInterval) ?? 0,
  };
}

/** (3.1.2.11.2) In 3.1.1 a session that is not clean lives as long as AWS lets it. */
function expiryOf(packet: ConnectPacket): number {
  if (packet.protocolVersion !== 5) return packet.clean === true ? 0 : maxSessionExpirySeconds;
  return Math.min(packet.properties?.sessionExpiryInterval ?? 0, maxSessionExpirySeconds);
}

/** 0, no keep-alive, is treated as the longest. @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
function clampKeepAlive(seconds: number): number {
  const { min, max } = iotCoreLimits.keepAliveMs;
  const wanted = seconds === 0 ? max : seconds * 1000;
  return Math.min(Math.max(wanted, min), max) / 1000;
}

interface AcceptedSession {
  readonly clientId: string;
  readonly expirySeconds: number;
  readonly sessionPresent: boolean;
}

function connackOf(
  connection: Connection,
  packet: ConnectPacket,
  { clientId, expirySeconds, sessionPresent }: AcceptedSession,
): IConnackPacket {
  if (connection.version === 4) return { cmd: 'connack', returnCode: returnCodes.accepted, sessionPresent };
  const keepAliveSeconds = connection.maxSilenceMs / 1_500;
  const properties: IConnackPacket['properties'] = {
    receiveMaximum: connection.broker.quotas.limits.unacknowledgedPerClient,
    maximumQoS: 1,
    retainAvailable: true,
    maximumPacketSize: maxPacketBytes,
    topicAliasMaximum,
    wildcardSubscriptionAvailable: true,
    subscriptionIdentifiersAvailable: false,
    sharedSubscriptionAvailable: true,
  };
  // Said only where it is not what the client asked for [MQTT-3.2.2-16], [MQTT-3.2.2-21].
  if (clientId !== packet.clientId) properties.assignedClientIdentifier = clientId;
  if (keepAliveSeconds !== packet.keepalive) properties.serverKeepAlive = keepAliveSeconds;
  if (expirySeconds !== (packet.properties?.sessionExpiryInterval ?? 0)) {
    properties.sessionExpiryInterval = expirySeconds;
  }
  return { cmd: 'connack', reasonCode: reasonCodes.success, sessionPresent, properties };
}

/** [MQTT-3.2.2-4], [MQTT-3.1.4-5] A CONNACK that refuses is the last packet. */
function refuse(connection: Connection, returnCode: number, reasonCode: number): void {
  const { version } = connection;
  connection.send(
    encodePacket(
      {
        cmd: 'connack',
        sessionPresent: false,
        ...(version === 5 ? { reasonCode, properties: {} } : { returnCode }),
      },
      version,
    ),
  );
  connection.end();
}
