import type { RuleInput } from '../rules/topic-rule.ts';
import { encodeLength, encodeProperties, type Property, propertyIds } from './properties.ts';
import { type MqttVersion, packetTypes, type QoS } from './protocol.ts';

/** How a message was published. */
export interface PublishHeaders {
  readonly qos: QoS;
  readonly retain: boolean;
  /** What MQTT 5 subscribers get unchanged, in its order (3.3.2.3). */
  readonly properties?: readonly Property[] | undefined;
  /** Seconds; absent: never expires. AWS IoT Core takes 1 s to 7 days and moves what is outside to the nearer end. */
  readonly expirySeconds?: number | undefined;
}

/** The publisher of a message over MQTT: its session, and the values that rules can select. */
export interface Publisher {
  readonly clientId: string;
}

/** An accepted publish. Its payload is valid during the call only: receivers that keep it copy it. */
export interface Publication extends RuleInput {
  readonly headers: PublishHeaders;
  /** Undefined when published over HTTP. */
  readonly publisher: Publisher | undefined;
}

const maxExpirySeconds = 604_800;

/** A message on its way to subscribers, encoded once for all that want it alike. */
export class Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly headers: PublishHeaders;
  /** Undefined when published over HTTP. */
  readonly publisher: Publisher | undefined;
  readonly publishedAtMs: number;
  readonly #expiresAtMs: number;
  readonly #frames: (Buffer | undefined)[] = [];

  /** Copies the payload: it outlives the chunk it came in. */
  constructor({ topic, bytes, start, end, headers, publisher, nowMs: publishedAtMs }: Publication) {
    this.topic = topic;
    this.payload = Buffer.from(bytes.subarray(start, end));
    this.headers = headers;
    this.publisher = publisher;
    this.publishedAtMs = publishedAtMs;
    this.#expiresAtMs =
      headers.expirySeconds === undefined
        ? Number.POSITIVE_INFINITY
        : publishedAtMs + Math.min(Math.max(headers.expirySeconds, 1), maxExpirySeconds) * 1000;
  }

  /** [MQTT-3.3.2-5] Once expired, it is not delivered to further subscribers. */
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
    const { topic, payload } = this;
    if (version === 4) return encodePublish({ topic, payload, qos, retain });
    const properties = [...(this.headers.properties ?? [])];
    // [MQTT-3.3.2-6] What is left of the interval; 0 within the last second, and for what expired in flight and is sent again.
    if (this.#expiresAtMs !== Number.POSITIVE_INFINITY) {
      const value = Math.max(0, Math.floor((this.#expiresAtMs - nowMs) / 1000));
      properties.push({ id: propertyIds.messageExpiryInterval, value });
    }
    return encodePublish({ topic, payload, qos, retain, properties: encodeProperties(properties) });
  }
}

interface PublishParts {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Encoded, without their length; absent in MQTT 3.1.1. */
  readonly properties?: Buffer;
}

/** A PUBLISH (3.3), its packet identifier left at 0. */
function encodePublish({ topic, payload, qos, retain, properties }: PublishParts): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const propertyLength = properties === undefined ? Buffer.alloc(0) : encodeLength(properties.length);
  const propertyBytes = propertyLength.length + (properties?.length ?? 0);
  const remaining = 2 + topicBytes + (qos === 1 ? 2 : 0) + propertyBytes + payload.length;
  const remainingLength = encodeLength(remaining);
  const frame = Buffer.allocUnsafe(1 + remainingLength.length + remaining);
  frame[0] = (packetTypes.publish << 4) | (qos << 1) | (retain ? 1 : 0);
  let at = 1 + remainingLength.copy(frame, 1);
  at = frame.writeUInt16BE(topicBytes, at);
  at += frame.write(topic, at);
  if (qos === 1) at = frame.writeUInt16BE(0, at);
  at += propertyLength.copy(frame, at);
  if (properties !== undefined) at += properties.copy(frame, at);
  payload.copy(frame, at);
  return frame;
}

/** After the fixed header and the topic (3.3.2.2). */
function packetIdOffset(frame: Buffer): number {
  let at = 1;
  while (frame[at]! >= 128) at++;
  return at + 1 + 2 + frame.readUInt16BE(at + 1);
}
