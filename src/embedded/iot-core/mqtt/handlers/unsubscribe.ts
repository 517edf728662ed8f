import type { Connection } from '../connection.ts';
import { encodePacket, type PacketOf } from '../packet-codec.ts';
import { malformed, reasonCodes } from '../protocol.ts';
import type { Session } from '../session.ts';
import { parseTopicFilter } from '../topic-filter.ts';

/** UNSUBSCRIBE (3.10), answered with UNSUBACK whether there was a subscription or not [MQTT-3.10.4-5]. */
export function handleUnsubscribe(
  connection: Connection,
  session: Session,
  packet: PacketOf<'unsubscribe'>,
): void {
  const { broker, version, receivedAtMs: now } = connection;
  const { messageId = 0, unsubscriptions } = packet;
  if (messageId < 1 || unsubscriptions.length === 0) throw malformed('an UNSUBSCRIBE'); // [MQTT-3.10.3-2]
  const granted = unsubscriptions.map((text) => {
    const filter = parseTopicFilter(text);
    if (filter === undefined) return reasonCodes.topicFilterInvalid;
    const had = broker.router.subscriptions.remove(session, text, filter);
    return had ? reasonCodes.success : reasonCodes.noSubscriptionExisted;
  });
  const refused = granted.includes(reasonCodes.topicFilterInvalid);
  broker.metrics[refused ? 'unsubscribeClientError' : 'unsubscribeSuccess'].add(now);
  connection.send(encodePacket({ cmd: 'unsuback', messageId, granted }, version));
  const topics = unsubscriptions.filter((_, i) => granted[i] === reasonCodes.success);
  broker.lifecycle.unsubscribed(connection, topics, now);
}
