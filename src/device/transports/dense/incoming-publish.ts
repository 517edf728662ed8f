import { envelopeProperty } from '../../../measure/envelope.ts';
import type { IncomingMessage, Qos } from '../../transport.ts';
import { encodeTopic, type MqttVersion } from './packets.ts';

const none = Buffer.alloc(0);
/** (3.3.2.3.7) Identifier of a user property, and its name as UTF-8 with its length. */
const envelopeStart = Buffer.concat([Buffer.of(0x26), encodeTopic(envelopeProperty)]);

/** A received PUBLISH (3.3), read in place: one object for all. The topic is decoded only when it is read. */
export class IncomingPublish implements IncomingMessage {
  payload: Buffer = none;
  /** Value of the user property `stampede`. */
  envelope: Buffer | undefined;
  qos: Qos = 0;
  dup = false;
  retain = false;
  /** Packet identifier; 0 at QoS 0. */
  id = 0;
  readonly #mqttVersion: MqttVersion;
  #bytes: Buffer = none;
  #topicStart = 0;
  #topicEnd = 0;

  constructor(mqttVersion: MqttVersion) {
    this.#mqttVersion = mqttVersion;
  }

  get topic(): string {
    return this.#bytes.toString('utf8', this.#topicStart, this.#topicEnd);
  }

  /**
   * @param start of the packet; `body` is where its variable header begins
   * @returns false for what is malformed
   */
  read(bytes: Buffer, start: number, body: number, end: number): boolean {
    const header = bytes[start]!;
    const qos = (header >>> 1) & 3;
    const topicEnd = body + 2 + ((bytes[body]! << 8) | bytes[body + 1]!);
    let at = topicEnd;
    // [MQTT-3.3.1-4] There is no QoS 3.
    if (qos > 2 || end - body < 2) return false;
    this.id = 0;
    if (qos > 0) {
      this.id = (bytes[at]! << 8) | bytes[at + 1]!;
      at += 2;
      // [MQTT-2.2.1-3]
      if (this.id === 0) return false;
    }
    this.envelope = undefined;
    if (this.#mqttVersion === 5) {
      const propertiesAt = at;
      at = skipProperties(bytes, at);
      if (at - propertiesAt > envelopeStart.length && at <= end)
        this.envelope = envelopeIn(bytes.subarray(propertiesAt, at));
    }
    if (at > end) return false;
    this.#bytes = bytes;
    this.#topicStart = body + 2;
    this.#topicEnd = topicEnd;
    this.payload = bytes.subarray(at, end);
    this.qos = qos as Qos;
    this.dup = (header & 0x08) !== 0;
    this.retain = (header & 0x01) !== 0;
    return true;
  }
}

/** Past a variable byte integer (1.5.5) and the bytes that it counts. */
function skipProperties(bytes: Buffer, start: number): number {
  let at = start;
  let length = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++] ?? 0;
    length |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  return at + length;
}

/** The first user property `stampede`. @param properties with the length that stands before them */
function envelopeIn(properties: Buffer): Buffer | undefined {
  const found = properties.indexOf(envelopeStart);
  if (found < 0) return undefined;
  const start = found + envelopeStart.length + 2;
  if (start > properties.length) return undefined;
  const end = start + properties.readUInt16BE(start - 2);
  return end > properties.length ? undefined : properties.subarray(start, end);
}
