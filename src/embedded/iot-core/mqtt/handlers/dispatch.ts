import type { Connection } from '../connection.ts';
import type { Frame } from '../frame-reader.ts';
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
 * @throws ProtocolViolation, which ends the connection
 */
export function dispatchFrame(connection: Connection, frame: Frame): void {
  const { bytes, start, body, end } = frame;
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
      handlePublish(connection, session, frame);
      return;
    case packetTypes.puback:
      handlePuback(connection, session, frame);
      return;
    case packetTypes.pingreq:
      handlePingreq(connection, frame);
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
