import type { Connection } from '../connection.ts';
import type { PacketOf } from '../packet-codec.ts';
import { maxSessionExpirySeconds, protocolError, reasonCodes } from '../protocol.ts';
import type { Session } from '../session.ts';

/**
 * DISCONNECT (3.14): the will is dropped [MQTT-3.14.4-3], unless MQTT 5 gives a reason other than a normal end. MQTT 5 may
 * change how long the session is kept, but not keep one that was to end with the connection: that is no valid DISCONNECT,
 * and the will stays (3.14.2.2.2).
 */
export function handleDisconnect(
  connection: Connection,
  session: Session,
  packet: PacketOf<'disconnect'>,
): void {
  const expirySeconds = packet.properties?.sessionExpiryInterval;
  if (expirySeconds !== undefined) {
    if (session.expirySeconds === 0 && expirySeconds > 0) {
      throw protocolError('a session that ends with its connection cannot be prolonged');
    }
    session.expirySeconds = Math.min(expirySeconds, maxSessionExpirySeconds);
  }
  // MQTT 3.1.1 has no other.
  if ((packet.reasonCode ?? reasonCodes.success) === reasonCodes.success) session.will = undefined;
  connection.closedWith = reasonCodes.success;
  connection.end();
}
