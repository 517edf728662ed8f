import { isUtf8 } from 'node:buffer';
import { iotCoreLimits } from '../../../../targets/aws-iot/iot-core-limits.ts';
import type { Connection } from '../connection.ts';
import type { Frame } from '../frame-reader.ts';
import type { Publication, PublishHeaders } from '../message.ts';
import {
  forwardedOf,
  type Property,
  propertyIds,
  propertyValue,
  readProperties,
  userPropertiesBytes,
} from '../properties.ts';
import {
  malformed,
  ProtocolViolation,
  protocolError,
  type QoS,
  reasonCodes,
  topicAliasMaximum,
} from '../protocol.ts';
import { admitPublish } from '../publish-quota.ts';
import type { Route } from '../router.ts';
import type { Session } from '../session.ts';
import { isTopicName } from '../topic-filter.ts';
import { refusePublish } from './authorize.ts';

/** The headers nearly every message has, by QoS and RETAIN: no object a message. */
const plainHeaders: readonly (readonly PublishHeaders[])[] = [
  [
    { qos: 0, retain: false },
    { qos: 0, retain: true },
  ],
  [
    { qos: 1, retain: false },
    { qos: 1, retain: true },
  ],
];

/**
 * PUBLISH (3.3). The hot path: parsed in place, with no string per message as long as a device keeps its topic and only
 * rules read it.
 */
export function handlePublish(
  connection: Connection,
  session: Session,
  { bytes, start, body, end }: Frame,
): void {
  const flags = bytes[start]!;
  const qos = (flags >>> 1) & 3;
  // [MQTT-3.3.1-4], [MQTT-3.3.1-2]
  if (qos === 3 || (qos === 0 && (flags & 8) !== 0)) throw malformed('the flags of a PUBLISH');
  if (qos === 2) {
    refuseQos2(connection);
    return;
  }
  if (end - body < 2) throw malformed('a PUBLISH without topic');
  const topicStart = body + 2;
  const topicEnd = topicStart + ((bytes[body]! << 8) | bytes[body + 1]!);
  let payloadStart = topicEnd + (qos === 1 ? 2 : 0);
  if (payloadStart > end) throw malformed('a PUBLISH shorter than its topic');
  const packetId = qos === 1 ? (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]! : 0;
  // [MQTT-2.2.1-3]
  if (qos === 1 && packetId === 0) throw malformed('a packet identifier of 0');

  let headers = plainHeaders[qos]![flags & 1]!;
  let route: Route | undefined;
  if (connection.version === 5 && (payloadStart === end || bytes[payloadStart] !== 0)) {
    const properties = readProperties(bytes, payloadStart, end, 'publish');
    payloadStart = properties.end;
    route = routeOfAlias(connection, properties.list, bytes.subarray(topicStart, topicEnd));
    if (userPropertiesBytes(properties.list) > iotCoreLimits.userPropertiesBytes) {
      throw tooLarge(connection, 'user properties larger than 8 KB');
    }
    headers = headersOf(properties.list, headers);
  } else {
    if (connection.version === 5) payloadStart++;
    route = routeOf(connection, bytes, topicStart, topicEnd);
  }
  if (route === undefined || (headers.retain && !connection.access.mayRetain(route.topic))) {
    refusePublish(connection, packetId, headers.retain);
    return;
  }
  accept(connection, route, packetId, {
    topic: route.topic,
    bytes,
    start: payloadStart,
    end,
    headers,
    publisher: session,
    clientId: session.clientId,
    nowMs: connection.receivedAtMs,
  });
}

/** The message is well-formed: within quotas it is routed and acknowledged. */
function accept(connection: Connection, route: Route, packetId: number, publication: Publication): void {
  const { broker } = connection;
  const { metrics } = broker;
  const { headers, nowMs } = publication;
  if (publication.end - publication.start > iotCoreLimits.payloadBytes)
    throw tooLarge(connection, 'a payload larger than 128 KB');
  if (!admitPublish(connection, publication, packetId)) return;
  metrics.publishInSuccess.add(nowMs);
  if (headers.retain) metrics.publishRetainedSuccess.add(nowMs);
  broker.router.publish(route, publication);
  // [MQTT-4.3.2-4]
  if (headers.qos === 0 || broker.faults.dropsAck() || broker.lateAcks.takes(connection, packetId)) return;
  connection.sendPuback(packetId);
}

/** Of the topic in the packet: nearly always the one before. Undefined where the client may not publish. */
function routeOf(connection: Connection, bytes: Buffer, start: number, end: number): Route | undefined {
  const { router } = connection.broker;
  const last = connection.route;
  if (last !== undefined && router.isCurrent(last) && isSame(last.topicBytes, bytes, start, end)) return last;
  const route = checkedRoute(connection, textOfTopic(bytes.subarray(start, end)));
  connection.route = route;
  return route;
}

/** (3.3.2.3.4) The topic, the alias it is to have from now on, or the alias alone. */
function routeOfAlias(
  connection: Connection,
  properties: readonly Property[],
  topicBytes: Buffer,
): Route | undefined {
  const named = textOfTopic(topicBytes);
  const alias = propertyValue<number>(properties, propertyIds.topicAlias);
  if (alias === undefined) return checkedRoute(connection, named);
  // [MQTT-3.3.2-8], [MQTT-3.3.2-9]
  if (alias === 0 || alias > topicAliasMaximum) {
    throw new ProtocolViolation(reasonCodes.topicAliasInvalid, `the topic alias ${alias}`);
  }
  const topic = named === '' ? connection.topicAliases?.get(alias) : named;
  if (topic === undefined) throw protocolError('a topic alias that was never set');
  const route = checkedRoute(connection, topic);
  connection.topicAliases ??= new Map();
  connection.topicAliases.set(alias, topic);
  return route;
}

/** [MQTT-1.5.4-1] */
function textOfTopic(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformed('a topic that is not UTF-8');
  return bytes.toString();
}

function checkedRoute(connection: Connection, topic: string): Route | undefined {
  if (!isTopicName(topic)) {
    connection.broker.metrics.publishInClientError.add(connection.receivedAtMs);
    throw new ProtocolViolation(
      reasonCodes.topicNameInvalid,
      'a topic that is empty, has a wildcard or is too long',
    );
  }
  return connection.access.mayPublish(topic) ? connection.broker.router.routeOf(topic) : undefined;
}

function isSame(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  // From the end: topics of devices differ there.
  for (let i = known.length - 1; i >= 0; i--) if (known[i] !== bytes[start + i]) return false;
  return true;
}

function headersOf(list: readonly Property[], plain: PublishHeaders): PublishHeaders {
  // [MQTT-3.3.4-6]
  if (propertyValue(list, propertyIds.subscriptionIdentifier) !== undefined) {
    throw protocolError('a subscription identifier from a client');
  }
  const properties = forwardedOf(list);
  const expirySeconds = propertyValue<number>(list, propertyIds.messageExpiryInterval);
  if (properties === undefined && expirySeconds === undefined) return plain;
  return { qos: plain.qos as QoS, retain: plain.retain, properties, expirySeconds };
}

function tooLarge(connection: Connection, what: string): ProtocolViolation {
  connection.broker.metrics.publishInClientError.add(connection.receivedAtMs);
  return new ProtocolViolation(reasonCodes.packetTooLarge, what);
}

/**
 * QoS 2 is not supported: MQTT 3.1.1 gets no answer; MQTT 5 has Maximum QoS in its CONNACK and is disconnected
 * [MQTT-3.2.2-11].
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-differences
 */
function refuseQos2(connection: Connection): void {
  connection.broker.metrics.publishInClientError.add(connection.receivedAtMs);
  if (connection.version === 5)
    throw new ProtocolViolation(reasonCodes.qosNotSupported, 'a PUBLISH of QoS 2');
}
