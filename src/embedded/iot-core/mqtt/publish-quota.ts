import type { Connection } from './connection.ts';
import type { Publication } from './message.ts';
import { encodePacket } from './packet-codec.ts';
import { ProtocolViolation, reasonCodes } from './protocol.ts';

/**
 * Whether an inbound publish is within the quotas of its connection, of retained messages and of the account, in this
 * order; counts it where it is not, and answers as the service would.
 */
export function admitPublish(
  connection: Connection,
  { topic, headers, nowMs }: Pick<Publication, 'topic' | 'headers' | 'nowMs'>,
  packetId: number,
): boolean {
  const { quotas, metrics } = connection.broker;
  if (headers.qos === 1 && connection.unacknowledged >= quotas.limits.unacknowledgedPerClient) {
    quotas.refuse('unacknowledgedPerClient');
    metrics.publishInThrottle.add(nowMs);
    // [MQTT-3.3.4-9] MQTT 5 has the limit in its CONNACK; reading from a 3.1.1 client resumes once its PUBACKs are sent.
    if (connection.version === 5) throw receiveMaximumExceeded();
    return false;
  }
  if (!connection.quotas.admitPublishIn(nowMs)) {
    // "Publish requests that exceed that quota are discarded": of these AWS says what happens, whatever `throttleAnswer` is.
    metrics.publishInThrottle.add(nowMs);
    metrics.throttleExceeded.add(nowMs);
    return false;
  }
  if (headers.retain && !quotas.admitRetained(topic, nowMs)) {
    metrics.publishRetainedThrottle.add(nowMs);
  } else if (quotas.admitPublishIn(nowMs)) {
    return true;
  }
  metrics.publishInThrottle.add(nowMs);
  answerThrottled(connection, packetId);
  return false;
}

/** As `--throttle-answer` has it: AWS documents none of the ways. */
function answerThrottled(connection: Connection, packetId: number): void {
  const { throttleAnswer } = connection.broker;
  if (throttleAnswer === 'disconnect') {
    throw new ProtocolViolation(reasonCodes.quotaExceeded, 'a publish past the quota of the account');
  }
  if (throttleAnswer === 'puback' && connection.version === 5 && packetId !== 0) {
    const reasonCode = reasonCodes.quotaExceeded;
    connection.send(encodePacket({ cmd: 'puback', messageId: packetId, reasonCode }, 5));
  }
}

function receiveMaximumExceeded(): ProtocolViolation {
  return new ProtocolViolation(
    reasonCodes.receiveMaximumExceeded,
    'more QoS 1 publishes without PUBACK than the CONNACK allows',
  );
}
