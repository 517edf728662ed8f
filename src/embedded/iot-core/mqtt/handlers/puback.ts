import type { Connection } from '../connection.ts';
import type { Frame } from '../frame-reader.ts';
import { checkPubackProperties } from '../packet-properties.ts';
import { malformed } from '../protocol.ts';
import type { Session } from '../session.ts';

/**
 * PUBACK (3.4): the client has the message, whatever its reason code says [MQTT-4.3.2-5]. An identifier that is not in
 * use is ignored: the service documents no answer, and a PUBACK may cross a new connection's repetition.
 */
export function handlePuback(
  connection: Connection,
  session: Session,
  { bytes, start, body, end }: Frame,
): void {
  // [MQTT-2.1.3-1]
  if ((bytes[start]! & 15) !== 0 || end - body < 2) throw malformed('a PUBACK');
  if (connection.version === 5) checkPubackProperties(bytes, body, end);
  session.acknowledge((bytes[body]! << 8) | bytes[body + 1]!, connection.receivedAtMs);
}
