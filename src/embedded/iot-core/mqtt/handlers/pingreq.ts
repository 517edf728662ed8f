import type { Connection } from '../connection.ts';
import type { Frame } from '../frame-reader.ts';
import { malformed, packetTypes } from '../protocol.ts';

const pingresp = Buffer.from([packetTypes.pingresp << 4, 0]);

/** PINGREQ (3.12), answered with PINGRESP [MQTT-3.12.4-1]. */
export function handlePingreq(connection: Connection, { bytes, start, body, end }: Frame): void {
  if ((bytes[start]! & 15) !== 0 || end !== body) throw malformed('a PINGREQ');
  connection.broker.metrics.pingSuccess.add(connection.receivedAtMs);
  connection.send(pingresp);
}
