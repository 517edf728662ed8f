import type { mqtt5 } from 'aws-iot-device-sdk-v2';
import { envelopeProperty } from '../../../measure/envelope.ts';

type SdkProperties = Pick<
  mqtt5.PublishPacket,
  'payloadFormat' | 'messageExpiryIntervalSeconds' | 'contentType' | 'userProperties'
>;

/** What a message's encoded properties (3.3.2.3) are to the SDK, which encodes them itself. */
export function sdkPropertiesOf(encoded: Buffer): SdkProperties {
  const properties: SdkProperties = {};
  let at = 0;
  const text = (): string => {
    const start = at + 2;
    at = start + encoded.readUInt16BE(at);
    return encoded.toString('utf8', start, at);
  };
  while (at < encoded.length) {
    const id = encoded[at++];
    switch (id) {
      case 0x01:
        properties.payloadFormat = encoded[at++]!;
        break;
      case 0x02:
        properties.messageExpiryIntervalSeconds = encoded.readUInt32BE(at);
        at += 4;
        break;
      case 0x03:
        properties.contentType = text();
        break;
      case 0x26:
        properties.userProperties ??= [];
        properties.userProperties.push({ name: text(), value: text() });
        break;
      default:
        throw new Error(`the property ${id} is not one of a message's`);
    }
  }
  return properties;
}

/** The first user property `stampede` of a received message. */
export function envelopeIn(properties: readonly mqtt5.UserProperty[] = []): Buffer | undefined {
  const found = properties.find(({ name }) => name === envelopeProperty);
  return found && Buffer.from(found.value);
}
