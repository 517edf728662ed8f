import type { Connection } from '../connection.ts';
import { decodePacket } from '../packet-codec.ts';
import { malformed, packetTypes, protocolError } from '../protocol.ts';
import { handleConnect } from './connect.ts';
import { handleDisconnect } from './disconnect.ts';
import { handlePingreq } from './pingreq.ts';
import { handlePuback } from './puback.ts';
import { handlePublish } from './publish.ts';
import { handleSubscribe } from './subscribe.ts';
import { handleUnsubscribe } from './unsubscribe.ts';

/**
 * Every packet goes to the handler of its kind. The frequent ones are read where they lie, the others are decoded whole.
 * @param bytes lent for the call
 * @param start of the fixed header; `body` of what follows it; `end` past the last byte
 * @throws ProtocolViolation, which ends the connection
 */
export function dispatchFrame(
  connection: Connection,
  bytes: Buffer,
  start: number,
  body: number,
  end: number,
): void {
  const type = bytes[start]! >>> 4;
  const { session } = connection;
  if (session === undefined) {
    // [MQTT-3.1.0-1]
    if (type !== packetTypes.connect) throw protocolError('the first packet is not CONNECT');
    handleConnect(connection, bytes.subarray(start, end), body - start);
    return;
  }
  switch (type) {
    case packetTypes.publish:
      handlePublish(connection, session, bytes, start, body, end);
      return;
    case packetTypes.puback:
      handlePuback(connection, session, bytes, start, body, end);
      return;
    case packetTypes.pingreq:
      handlePingreq(connection, bytes, start, body, end);
      return;
  }
  const packet = decodePacket(bytes.subarray(start, end), connection.version);
  switch (packet.cmd) {
    case 'subscribe':
      handleSubscribe(connection, session, packet);
      return;
    case 'unsubscribe':
      handleUnsubscribe(connection, session, packet);
      return;
    case 'disconnect':
      handleDisconnect(connection, session, packet);
      return;
    case 'connect':
      // [MQTT-3.1.0-2]
      throw protocolError('a second CONNECT');
    case 'auth':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      // https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-differences
      throw protocolError(`AWS IoT Core does not support ${packet.cmd.toUpperCase()}`);
    default:
      throw malformed(`a client does not send ${packet.cmd.toUpperCase()}`);
  }
}
