import type { ISubscription } from 'mqtt-packet';
import type { BrokerState } from '../broker-state.ts';
import type { Connection } from '../connection.ts';
import { encodePacket, type PacketOf } from '../packet-codec.ts';
import { malformed, ProtocolViolation, protocolError, type QoS, reasonCodes } from '../protocol.ts';
import type { Session } from '../session.ts';
import { parseTopicFilter, type TopicFilter } from '../topic-filter.ts';
import { authorizeSubscribe } from './authorize.ts';

/** What SUBACK says of a filter that is not accepted, by version (3.9.3). */
const invalid = { 4: 0x80, 5: reasonCodes.topicFilterInvalid } as const;
const pastQuota = { 4: 0x80, 5: reasonCodes.quotaExceeded } as const;
const notAllowed = { 4: 0x80, 5: reasonCodes.notAuthorized } as const;

/** SUBSCRIBE (3.8): subscriptions, SUBACK, and the retained messages of new ones. */
export function handleSubscribe(
  connection: Connection,
  session: Session,
  packet: PacketOf<'subscribe'>,
): void {
  const { broker, version, receivedAtMs: now } = connection;
  const { messageId = 0, subscriptions } = packet;
  if (messageId < 1 || subscriptions.length === 0) throw malformed('a SUBSCRIBE'); // [MQTT-3.8.3-2]
  if (packet.properties?.subscriptionIdentifier !== undefined) {
    throw new ProtocolViolation(reasonCodes.subscriptionIdentifiersNotSupported, 'a subscription identifier');
  }
  if (subscriptions.some(({ qos }) => qos === 2)) {
    refuseQos2(connection);
    return;
  }

  const { limits } = broker.quotas;
  if (subscriptions.length > limits.subscriptionsPerSubscribe) {
    broker.quotas.refuse('subscriptionsPerSubscribe');
    broker.metrics.subscribeClientError.add(now);
    throw new ProtocolViolation(reasonCodes.quotaExceeded, 'too many topic filters in a SUBSCRIBE');
  }
  if (!broker.quotas.admitSubscribe(subscriptions.length, now)) {
    broker.metrics.subscribeThrottle.add(now);
    const granted = subscriptions.map(() => pastQuota[version]);
    connection.send(encodePacket({ cmd: 'suback', messageId, granted }, version));
    return;
  }

  const granted: number[] = [];
  let hasTooMany = false;
  let invalidFilters = 0;
  const fresh: GrantedSubscription[] = [];
  for (const wanted of subscriptions) {
    const filter = parseTopicFilter(wanted.topic);
    // [MQTT-3.8.3-4]
    if (filter?.shareName !== undefined && wanted.nl === true) {
      throw protocolError('No Local on a shared subscription');
    }
    if (filter === undefined) {
      granted.push(invalid[version]);
      invalidFilters++;
      continue;
    }
    if (!authorizeSubscribe(connection, wanted.topic)) {
      granted.push(notAllowed[version]);
      continue;
    }
    if (isPastQuota(broker, session, filter, wanted.topic)) {
      granted.push(pastQuota[version]);
      hasTooMany ||= session.subscriptions.size >= limits.subscriptionsPerConnection;
      invalidFilters++;
      continue;
    }
    const qos = wanted.qos as QoS;
    const isNew = broker.router.subscriptions.add(session, wanted.topic, filter, {
      qos,
      noLocal: wanted.nl ?? false,
      retainAsPublished: wanted.rap ?? false,
    });
    granted.push(qos);
    fresh.push({ filter, wanted, isNew });
  }
  if (fresh.length > 0) broker.metrics.subscribeSuccess.add(now);
  if (invalidFilters > 0) broker.metrics.subscribeClientError.add(now);
  connection.send(encodePacket({ cmd: 'suback', messageId, granted }, version));
  const topics = fresh.map(({ wanted }) => wanted.topic);
  broker.lifecycle.subscribed(connection, topics, now);
  for (const subscription of fresh) sendRetained(session, connection, subscription);
  // "AWS IoT Core might reject subscription requests in excess of this amount and the connection is closed."
  if (hasTooMany) throw new ProtocolViolation(reasonCodes.quotaExceeded, 'too many subscriptions');
}

interface GrantedSubscription {
  readonly filter: TopicFilter;
  readonly wanted: ISubscription;
  readonly isNew: boolean;
}

/** One subscription more than its connection, or the group of a shared one, may have. */
function isPastQuota(broker: BrokerState, session: Session, filter: TopicFilter, text: string): boolean {
  if (session.subscriptions.has(text)) return false;
  const { quotas, router } = broker;
  if (session.subscriptions.size >= quotas.limits.subscriptionsPerConnection) {
    quotas.refuse('subscriptionsPerConnection');
    return true;
  }
  if (filter.shareName === undefined) return false;
  if (router.subscriptions.groupSize(text) < quotas.limits.sharedSubscriptionsPerGroup) return false;
  quotas.refuse('sharedSubscriptionsPerGroup');
  return true;
}

/**
 * [MQTT-3.3.1-6] The stored message of the topic, for a filter that names it exactly: AWS IoT Core sends none for a
 * wildcard. None for a shared subscription (4.8.2), nor where retain handling says so [MQTT-3.3.1-10], [MQTT-3.3.1-11].
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-differences
 */
function sendRetained(
  session: Session,
  connection: Connection,
  { filter, wanted, isNew }: GrantedSubscription,
): void {
  const { receivedAtMs: now } = connection;
  if (filter.hasWildcard || filter.shareName !== undefined) return;
  if (wanted.rh === 2 || (wanted.rh === 1 && !isNew)) return;
  const message = connection.broker.router.retained.get(filter.filter, now);
  if (message === undefined) return;
  if (!connection.access.mayReceive(message.topic)) {
    connection.broker.metrics.publishOutAuthError.add(now);
    return;
  }
  // [MQTT-3.3.1-8] Flagged as what it is.
  session.deliver(message, Math.min(message.headers.qos, wanted.qos) as QoS, true, now);
}

/**
 * QoS 2 is not supported: MQTT 3.1.1 gets no SUBACK; MQTT 5 has Maximum QoS in its CONNACK and is disconnected.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-differences
 */
function refuseQos2(connection: Connection): void {
  connection.broker.metrics.subscribeClientError.add(connection.receivedAtMs);
  if (connection.version === 5)
    throw new ProtocolViolation(reasonCodes.qosNotSupported, 'a subscription of QoS 2');
}
