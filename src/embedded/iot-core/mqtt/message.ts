import type { IPublishPacket } from 'mqtt-packet';
import { encodePacket } from './packet-codec.ts';
import { type MqttVersion, packetTypes, type QoS } from './protocol.ts';
import type { Session } from './session.ts';

/** What of a PUBLISH is passed on to MQTT 5 subscribers unchanged (3.3.2.3). */
export type PublishProperties = Omit<
  NonNullable<IPublishPacket['properties']>,
  'topicAlias' | 'subscriptionIdentifier' | 'messageExpiryInterval'
>;

/** How a message was published. */
export interface PublishHeaders {
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties?: PublishProperties | undefined;
  /** Seconds; absent: never expires. AWS IoT Core takes 1 s to 7 days and moves what is outside to the nearer end. */
  readonly expirySeconds?: number | undefined;
}

const maxExpirySeconds = 604_800;

/** A message on its way to subscribers, encoded once for all that want it alike. */
export class Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly headers: PublishHeaders;
  /** Undefined when published over HTTP. */
  readonly publisher: Session | undefined;
  readonly publishedAtMs: number;
  readonly #expiresAtMs: number;
  readonly #frames: (Buffer | undefined)[] = [];

  /** @param payload a copy of its own: it outlives the chunk it came in */
  constructor(
    topic: string,
    payload: Buffer,
    headers: PublishHeaders,
    publisher: Session | undefined,
    publishedAtMs: number,
  ) {
    this.topic = topic;
    this.payload = payload;
    this.headers = headers;
    this.publisher = publisher;
    this.publishedAtMs = publishedAtMs;
    this.#expiresAtMs =
      headers.expirySeconds === undefined
        ? Number.POSITIVE_INFINITY
        : publishedAtMs + Math.min(Math.max(headers.expirySeconds, 1), maxExpirySeconds) * 1000;
  }

  /** [MQTT-3.3.2-5] Once expired it is delivered to nobody who did not have it yet. */
  hasExpired(nowMs: number): boolean {
    return nowMs >= this.#expiresAtMs;
  }

  /** As a PUBLISH of QoS 0. Shared by its readers: not to be written to. */
  frameQos0(version: MqttVersion, retain: boolean, nowMs: number): Buffer {
    return this.#frame(version, 0, retain, nowMs);
  }

  /** As a PUBLISH of QoS 1 with a packet identifier: the caller's own. */
  frameQos1(version: MqttVersion, retain: boolean, packetId: number, nowMs: number): Buffer {
    const frame = Buffer.from(this.#frame(version, 1, retain, nowMs));
    frame.writeUInt16BE(packetId, packetIdOffset(frame));
    return frame;
  }

  #frame(version: MqttVersion, qos: QoS, retain: boolean, nowMs: number): Buffer {
    if (this.#expiresAtMs !== Number.POSITIVE_INFINITY) return this.#encode(version, qos, retain, nowMs);
    const kind = (version === 5 ? 4 : 0) + qos * 2 + (retain ? 1 : 0);
    const known = this.#frames[kind];
    if (known !== undefined) return known;
    const frame = this.#encode(version, qos, retain, nowMs);
    this.#frames[kind] = frame;
    return frame;
  }

  #encode(version: MqttVersion, qos: QoS, retain: boolean, nowMs: number): Buffer {
    const expires = this.#expiresAtMs !== Number.POSITIVE_INFINITY;
    if (version === 4 || (this.headers.properties === undefined && !expires)) {
      return encodePlain(this.topic, this.payload, version, qos, retain);
    }
    const properties = {
      ...this.headers.properties,
      // [MQTT-3.3.2-6] What is left of the interval; 0 within the last second, and for what expired on the way and is sent again.
      ...(expires
        ? { messageExpiryInterval: Math.max(0, Math.floor((this.#expiresAtMs - nowMs) / 1000)) }
        : {}),
    };
    const { topic, payload } = this;
    return encodePacket(
      { cmd: 'publish', topic, payload, qos, retain, dup: false, messageId: 1, properties },
      version,
    );
  }
}

/** A PUBLISH without properties, its packet identifier left at 0. */
function encodePlain(
  topic: string,
  payload: Buffer,
  version: MqttVersion,
  qos: QoS,
  retain: boolean,
): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const remaining = 2 + topicBytes + (qos === 1 ? 2 : 0) + (version === 5 ? 1 : 0) + payload.length;
  const lengthBytes = remaining < 128 ? 1 : remaining < 16_384 ? 2 : 3;
  const frame = Buffer.allocUnsafe(1 + lengthBytes + remaining);
  frame[0] = (packetTypes.publish << 4) | (qos << 1) | (retain ? 1 : 0);
  let at = 1;
  for (let left = remaining; at <= lengthBytes; left = Math.floor(left / 128)) {
    frame[at] = (left % 128) | (at < lengthBytes ? 128 : 0);
    at++;
  }
  at = frame.writeUInt16BE(topicBytes, at);
  at += frame.write(topic, at);
  if (qos === 1) at = frame.writeUInt16BE(0, at);
  if (version === 5) frame[at++] = 0;
  payload.copy(frame, at);
  return frame;
}

/** After the fixed header and the topic (3.3.2.2). */
function packetIdOffset(frame: Buffer): number {
  let at = 1;
  while (frame[at]! >= 128) at++;
  return at + 1 + 2 + frame.readUInt16BE(at + 1);
}
