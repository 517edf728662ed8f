import { envelopeProperty } from '../measure/envelope.ts';
import type { MessageProperties } from '../profile/message-properties.ts';
import { parseText } from '../profile/text-template.ts';
import type { MessageContext, Segment, SegmentScope } from './payload-values.ts';
import { compileText, mostBytes, writeSegments } from './text-segments.ts';

export interface PropertySettings extends SegmentScope, MessageProperties {
  readonly runId: string;
  readonly slice: number;
  /** The envelope of messages that carry it as a user property. */
  readonly envelope?: readonly Segment[];
}

/** Identifiers of a message's properties (2.2.2.2). */
const ids = { payloadFormat: 0x01, messageExpiry: 0x02, contentType: 0x03, userProperty: 0x26 } as const;
/** Random values of properties are drawn apart from those in the payload, so that a template here changes nothing there. */
const propertyLane = 2_000;

/**
 * Writes the MQTT 5 properties of a stream's messages (3.3.2.3), without their length. Those that are the same for all messages
 * are encoded once.
 */
export class PropertyWriter {
  readonly #fixed: Buffer;
  readonly #userProperties: readonly TemplatedProperty[];
  readonly #out: Buffer;

  constructor(settings: PropertySettings) {
    const texts = Object.entries(settings.userProperties ?? {}).map(([name, text]) => ({
      name,
      parts: parseText(text, '', settings).parts,
    }));
    const isFixed = ({ parts }: (typeof texts)[number]) => parts.every((part) => typeof part === 'string');
    this.#fixed = Buffer.concat([
      encodeFixed(settings),
      ...texts.filter(isFixed).map(({ name, parts }) => encodeUserProperty(name, parts.join(''))),
    ]);
    const templated = texts
      .filter((text) => !isFixed(text))
      .map(({ name, parts }) => ({ name, value: compileText(parts, settings) }));
    const { envelope } = settings;
    if (envelope !== undefined) templated.unshift({ name: envelopeProperty, value: envelope });
    this.#userProperties = templated.map(({ name, value }) => ({
      start: encodeUserProperty(name, '').subarray(0, -2),
      value,
    }));
    const most = this.#userProperties.reduce(
      (sum, { start, value }) => sum + start.length + 2 + mostBytes(value),
      this.#fixed.length,
    );
    this.#out = Buffer.allocUnsafeSlow(most);
    this.#fixed.copy(this.#out);
  }

  /** @returns a view that the next call overwrites */
  write(message: MessageContext): Buffer {
    if (this.#userProperties.length === 0) return this.#fixed;
    message.random.seek(message.deviceIndex, message.k, propertyLane);
    const out = this.#out;
    let end = this.#fixed.length;
    for (const { start, value } of this.#userProperties) {
      out.set(start, end);
      const lengthAt = end + start.length;
      end = writeSegments(value, out, lengthAt + 2, message);
      out.writeUInt16BE(end - lengthAt - 2, lengthAt);
    }
    return out.subarray(0, end);
  }
}

/** A user property whose value differs by device or message. */
interface TemplatedProperty {
  /** Identifier and name. */
  readonly start: Buffer;
  readonly value: readonly Segment[];
}

/** @returns undefined for messages without properties, which then cost nothing */
export function makePropertyWriter(settings: PropertySettings): PropertyWriter | undefined {
  const { userProperties, contentType, payloadFormat, messageExpirySeconds, envelope } = settings;
  const all = [userProperties, contentType, payloadFormat, messageExpirySeconds, envelope];
  return all.every((each) => each === undefined) ? undefined : new PropertyWriter(settings);
}

function encodeFixed({ payloadFormat, messageExpirySeconds, contentType }: PropertySettings): Buffer {
  const parts: Buffer[] = [];
  if (payloadFormat !== undefined) {
    parts.push(Buffer.from([ids.payloadFormat, payloadFormat === 'utf8' ? 1 : 0]));
  }
  if (messageExpirySeconds !== undefined) {
    const expiry = Buffer.alloc(5, ids.messageExpiry);
    expiry.writeUInt32BE(messageExpirySeconds, 1);
    parts.push(expiry);
  }
  if (contentType !== undefined) parts.push(Buffer.from([ids.contentType]), encodeString(contentType));
  return Buffer.concat(parts);
}

function encodeUserProperty(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([ids.userProperty]), encodeString(name), encodeString(value)]);
}

/** Two bytes of length, then UTF-8 (1.5.4). */
function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
