import { type Property, type PropertyPlace, readProperties } from './properties.ts';
import { malformed, packetTypes } from './protocol.ts';

/**
 * Where the properties of a whole packet of MQTT 5 lie, and whose they are; a CONNECT with a will has two places. PUBLISH
 * reads its own.
 * @param body of the packet: past its fixed header
 * @throws ProtocolViolation
 */
export function checkPacketProperties(frame: Buffer, body: number): void {
  const end = frame.length;
  switch (frame[0]! >>> 4) {
    case packetTypes.connect:
      checkConnectProperties(frame, body, end);
      return;
    case packetTypes.subscribe:
      readProperties(frame, body + 2, end, 'subscribe');
      return;
    case packetTypes.unsubscribe:
      readProperties(frame, body + 2, end, 'unsubscribe');
      return;
    case packetTypes.disconnect:
      // The reason code and the properties may be left out (3.14.2).
      if (end > body + 1) readToEnd(frame, body + 1, 'disconnect');
      return;
  }
}

/** (3.4.2) The reason code and the properties may be left out. */
export function checkPubackProperties(bytes: Buffer, body: number, end: number): void {
  if (end > body + 3) readToEnd(bytes.subarray(0, end), body + 3, 'puback');
}

function readToEnd(frame: Buffer, start: number, place: PropertyPlace): void {
  const { end } = readProperties(frame, start, frame.length, place);
  if (end !== frame.length) throw malformed('bytes past the properties');
}

/** Name, version, flags and keep-alive, then the properties, the client id, and those of the will (3.1.2, 3.1.3). */
function checkConnectProperties(frame: Buffer, body: number, end: number): void {
  const nameEnd = textEnd(frame, body, end);
  if (nameEnd + 4 > end) throw malformed('a CONNECT that is cut off');
  const hasWill = (frame[nameEnd + 1]! & 4) !== 0;
  const { end: idStart } = readProperties(frame, nameEnd + 4, end, 'connect');
  if (hasWill) readProperties(frame, textEnd(frame, idStart, end), end, 'will');
}

/** The will's properties of a CONNECT that `checkPacketProperties` has let pass. */
export function readWillProperties(frame: Buffer, body: number): readonly Property[] {
  const end = frame.length;
  const { end: idStart } = readProperties(frame, textEnd(frame, body, end) + 4, end, 'connect');
  return readProperties(frame, textEnd(frame, idStart, end), end, 'will').list;
}

function textEnd(bytes: Buffer, start: number, end: number): number {
  const textStart = start + 2;
  if (textStart > end) throw malformed('text that is cut off');
  const past = textStart + bytes.readUInt16BE(start);
  if (past > end) throw malformed('text that is cut off');
  return past;
}
