import { generate, type Packet, type Parser, parser } from 'mqtt-packet';
import { checkPacketProperties } from './packet-properties.ts';
import { type MqttVersion, malformed, protocolError } from './protocol.ts';

export type PacketOf<Command extends Packet['cmd']> = Extract<Packet, { cmd: Command }>;

/**
 * Decodes one whole packet with mqtt-packet, and refuses what its parser lets through: text that is not UTF-8, and
 * properties that are malformed. PUBLISH, PUBACK and PINGREQ never come here.
 */
class PacketDecoder {
  readonly #version: MqttVersion | undefined;
  #parser: Parser;
  #packet: Packet | undefined;
  #error: Error | undefined;

  /** @param version undefined for CONNECT, which states its own */
  constructor(version: MqttVersion | undefined) {
    this.#version = version;
    this.#parser = this.#makeParser();
  }

  /**
   * @param borrowed a whole packet in bytes that will be overwritten; they are copied, payloads are views of the copy
   * @throws ProtocolViolation
   */
  decode(borrowed: Buffer): Packet {
    const frame = Buffer.from(borrowed);
    const body = bodyOf(frame);
    if ((this.#version ?? versionOf(frame, body)) === 5) checkPacketProperties(frame, body);
    this.#packet = undefined;
    this.#error = undefined;
    let left = -1;
    try {
      left = this.#parser.parse(frame);
    } catch (error) {
      this.#error = error as Error;
    }
    const packet = this.#packet as Packet | undefined;
    if (this.#error !== undefined || left !== 0 || packet === undefined) {
      this.#parser = this.#makeParser();
      throw malformed((this.#error as Error | undefined)?.message ?? 'the packet does not fill its length');
    }
    checkText(packet, frame);
    return packet;
  }

  #makeParser(): Parser {
    const made = parser(this.#version === undefined ? undefined : { protocolVersion: this.#version });
    made.on('packet', (packet) => {
      this.#packet = packet;
    });
    made.on('error', (error) => {
      this.#error = error;
    });
    return made;
  }
}

/** Past the fixed header (2.1). */
function bodyOf(frame: Buffer): number {
  let at = 1;
  while (at < frame.length && frame[at]! >= 128) at++;
  return at + 1;
}

/** Of a CONNECT (3.1.2.2): behind the protocol's name. */
function versionOf(frame: Buffer, body: number): number | undefined {
  return body + 2 > frame.length ? undefined : frame[body + 2 + frame.readUInt16BE(body)];
}

const decoders = { 4: new PacketDecoder(4), 5: new PacketDecoder(5), connect: new PacketDecoder(undefined) };

/** @throws ProtocolViolation */
export function decodePacket(frame: Buffer, version: MqttVersion): Packet {
  return decoders[version].decode(frame);
}

/** @throws ProtocolViolation */
export function decodeConnect(frame: Buffer): PacketOf<'connect'> {
  const packet = decoders.connect.decode(frame);
  if (packet.cmd !== 'connect') throw protocolError('the first packet is not CONNECT');
  return packet;
}

export function encodePacket(packet: Packet, version: MqttVersion): Buffer {
  return generate(packet, { protocolVersion: version });
}

/**
 * [MQTT-1.5.4-1] Text that is not well-formed UTF-8 ends the connection, and so does the null character
 * [MQTT-1.5.4-2]. The parser decoded what is ill-formed as U+FFFD, which the packet then does not hold byte by byte.
 */
function checkText(value: unknown, frame: Buffer): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || (value.includes('\ufffd') && !frame.includes(value))) {
      throw malformed('text that is not well-formed UTF-8');
    }
  } else if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) {
    for (const [key, inner] of Object.entries(value)) {
      checkText(key, frame);
      checkText(inner, frame);
    }
  }
}
