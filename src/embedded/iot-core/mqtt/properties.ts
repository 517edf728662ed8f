import { isUtf8 } from 'node:buffer';
import { malformed, protocolError } from './protocol.ts';

/** Packets with properties, and the will in a CONNECT, which has its own. */
export type PropertyPlace =
  | 'connect'
  | 'will'
  | 'publish'
  | 'puback'
  | 'subscribe'
  | 'unsubscribe'
  | 'disconnect'
  | 'auth';

/** An MQTT 5 property (2.2.2.2): a number, text or bytes, or a user property's name and value. */
export interface Property {
  readonly id: number;
  readonly value: number | string | Buffer | readonly [name: string, value: string];
}

type PropertyType = 'flag' | 'two bytes' | 'four bytes' | 'variable' | 'text' | 'binary' | 'pair';

interface PropertyDefinition {
  readonly name: string;
  readonly type: PropertyType;
  readonly places: readonly PropertyPlace[];
  readonly repeatable?: true;
}

/** (2.2.2.2, table 2-4) Those that a client may send. */
const definitions: Readonly<Record<number, PropertyDefinition>> = {
  1: { name: 'payload format indicator', type: 'flag', places: ['publish', 'will'] },
  2: { name: 'message expiry interval', type: 'four bytes', places: ['publish', 'will'] },
  3: { name: 'content type', type: 'text', places: ['publish', 'will'] },
  8: { name: 'response topic', type: 'text', places: ['publish', 'will'] },
  9: { name: 'correlation data', type: 'binary', places: ['publish', 'will'] },
  // In a PUBLISH only the server sends it; there its handler says so.
  11: { name: 'subscription identifier', type: 'variable', places: ['publish', 'subscribe'] },
  17: { name: 'session expiry interval', type: 'four bytes', places: ['connect', 'disconnect'] },
  21: { name: 'authentication method', type: 'text', places: ['connect', 'auth'] },
  22: { name: 'authentication data', type: 'binary', places: ['connect', 'auth'] },
  23: { name: 'request problem information', type: 'flag', places: ['connect'] },
  24: { name: 'will delay interval', type: 'four bytes', places: ['will'] },
  25: { name: 'request response information', type: 'flag', places: ['connect'] },
  31: { name: 'reason string', type: 'text', places: ['puback', 'disconnect', 'auth'] },
  33: { name: 'receive maximum', type: 'two bytes', places: ['connect'] },
  34: { name: 'topic alias maximum', type: 'two bytes', places: ['connect'] },
  35: { name: 'topic alias', type: 'two bytes', places: ['publish'] },
  38: {
    name: 'user property',
    type: 'pair',
    places: ['connect', 'will', 'publish', 'puback', 'subscribe', 'unsubscribe', 'disconnect', 'auth'],
    repeatable: true,
  },
  39: { name: 'maximum packet size', type: 'four bytes', places: ['connect'] },
};

export const propertyIds = {
  payloadFormatIndicator: 0x01,
  messageExpiryInterval: 0x02,
  contentType: 0x03,
  responseTopic: 0x08,
  correlationData: 0x09,
  subscriptionIdentifier: 0x0b,
  authenticationMethod: 0x15,
  authenticationData: 0x16,
  willDelayInterval: 0x18,
  receiveMaximum: 0x21,
  topicAlias: 0x23,
  userProperty: 0x26,
  maximumPacketSize: 0x27,
} as const;

/** Zero is a protocol error (3.1.2.11.3, 3.1.2.11.4, 3.8.2.1.2). A topic alias of 0 has a reason code of its own. */
const neverZero: ReadonlySet<number> = new Set([
  propertyIds.receiveMaximum,
  propertyIds.maximumPacketSize,
  propertyIds.subscriptionIdentifier,
]);

export interface ReadProperties {
  /** In the order of the packet. */
  readonly list: readonly Property[];
  /** Past the properties. */
  readonly end: number;
}

/**
 * The properties of a packet, from their length at `start`; as a list, because their order and their repetitions count
 * [MQTT-3.3.2-18].
 * @param end of the packet
 * @throws ProtocolViolation for what is cut off, may not stand there, comes twice, or has no valid value
 */
export function readProperties(
  bytes: Buffer,
  start: number,
  end: number,
  place: PropertyPlace,
): ReadProperties {
  const reader = new PropertyReader(bytes, start, end);
  const length = reader.variable();
  if (reader.at + length > end) throw malformed('the properties are cut off');
  reader.end = reader.at + length;
  const list: Property[] = [];
  const seen = new Set<number>();
  while (reader.at < reader.end) {
    const id = reader.variable();
    const definition = definitions[id];
    if (definition === undefined) throw malformed(`there is no property ${id}`);
    const { name, places, repeatable, type } = definition;
    if (!places.includes(place)) throw malformed(`${name} is not allowed in ${place.toUpperCase()}`);
    if (seen.has(id) && repeatable === undefined) throw protocolError(`${name} comes twice`);
    seen.add(id);
    const value = reader.value(type);
    if (type === 'flag' && value !== 0 && value !== 1) throw protocolError(`${name} is ${value}`);
    if (value === 0 && neverZero.has(id)) throw protocolError(`${name} is 0`);
    list.push({ id, value });
  }
  // (3.1.2.11.10) Data without the method that they belong to.
  if (seen.has(propertyIds.authenticationData) && !seen.has(propertyIds.authenticationMethod)) {
    throw protocolError('authentication data without a method');
  }
  return { list, end: reader.end };
}

/** The value of a property that comes once at most. */
export function propertyValue<Value extends Property['value']>(
  list: readonly Property[],
  id: number,
): Value | undefined {
  return list.find((property) => property.id === id)?.value as Value | undefined;
}

/** Bytes of names and values (2.2.2.2), as the quota counts user properties. */
export function userPropertiesBytes(list: readonly Property[]): number {
  let bytes = 0;
  for (const { id, value } of list) {
    if (id !== propertyIds.userProperty) continue;
    const [name, text] = value as readonly [string, string];
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  }
  return bytes;
}

/** Properties as a packet has them, without their length. */
export function encodeProperties(list: readonly Property[]): Buffer {
  return Buffer.concat(
    list.map(({ id, value }) => Buffer.concat([Buffer.of(id), encodeValue(definitions[id]!.type, value)])),
  );
}

function encodeValue(type: PropertyType, value: Property['value']): Buffer {
  switch (type) {
    case 'flag':
      return Buffer.of(value as number);
    case 'two bytes': {
      const bytes = Buffer.alloc(2);
      bytes.writeUInt16BE(value as number);
      return bytes;
    }
    case 'four bytes': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value as number);
      return bytes;
    }
    case 'variable':
      return encodeLength(value as number);
    case 'pair': {
      const [name, text] = value as readonly [string, string];
      return Buffer.concat([prefixed(Buffer.from(name)), prefixed(Buffer.from(text))]);
    }
    default:
      return prefixed(Buffer.from(value as string | Buffer));
  }
}

function prefixed(content: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length);
  return Buffer.concat([length, content]);
}

/** A variable byte integer (1.5.5): seven bits a byte, the lowest first. */
export function encodeLength(length: number): Buffer {
  const bytes: number[] = [];
  let left = length;
  do {
    bytes.push((left % 128) | (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.from(bytes);
}

class PropertyReader {
  readonly #bytes: Buffer;
  at: number;
  end: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  variable(): number {
    let value = 0;
    for (let digit = 0; digit < 4; digit++) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 127) * 128 ** digit;
      if (byte < 128) return value;
    }
    throw malformed('a variable byte integer of more than four bytes');
  }

  value(type: PropertyType): Property['value'] {
    switch (type) {
      case 'flag':
        return this.#bytes[this.#take(1)]!;
      case 'two bytes':
        return this.#bytes.readUInt16BE(this.#take(2));
      case 'four bytes':
        return this.#bytes.readUInt32BE(this.#take(4));
      case 'variable':
        return this.variable();
      case 'text':
        return this.#text();
      case 'binary':
        // A copy: the packet's bytes are overwritten after the call.
        return Buffer.from(this.#content());
      case 'pair':
        return [this.#text(), this.#text()];
    }
  }

  /** [MQTT-1.5.4-1], [MQTT-1.5.4-2] */
  #text(): string {
    const content = this.#content();
    if (!isUtf8(content) || content.includes(0)) throw malformed('text that is not well-formed UTF-8');
    return content.toString();
  }

  #content(): Buffer {
    const length = this.#bytes.readUInt16BE(this.#take(2));
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** @returns where the next `count` bytes begin */
  #take(count: number): number {
    const start = this.at;
    if (start + count > this.end) throw malformed('the properties are cut off');
    this.at = start + count;
    return start;
  }
}

/** What of a PUBLISH, or of a will, its subscribers get unchanged (3.3.2.3). */
const forwardedIds: ReadonlySet<number> = new Set([
  propertyIds.payloadFormatIndicator,
  propertyIds.contentType,
  propertyIds.responseTopic,
  propertyIds.correlationData,
  propertyIds.userProperty,
]);

/** Undefined where nothing is to be passed on. @throws ProtocolViolation [MQTT-3.3.2-14] */
export function forwardedOf(list: readonly Property[]): readonly Property[] | undefined {
  const forwarded = list.filter(({ id }) => forwardedIds.has(id));
  const responseTopic = propertyValue<string>(forwarded, propertyIds.responseTopic);
  if (responseTopic !== undefined && /[+#]/.test(responseTopic)) {
    throw protocolError('a response topic with a wildcard');
  }
  return forwarded.length > 0 ? forwarded : undefined;
}
