import { describe, expect, it } from '@jest/globals';
import { generate, type IPublishPacket, parser } from 'mqtt-packet';
import { emptyMessage } from '../../../src/device/payload-values.ts';
import { makePropertyWriter } from '../../../src/device/property-writer.ts';
import { encodeTopic, writePublish } from '../../../src/device/transports/dense/packets.ts';

const scope = { seed: 1, devices: 10, offsetMsOf: () => 0, runId: 'r', slice: 0 };

function parse(bytes: Buffer): IPublishPacket {
  let found: IPublishPacket | undefined;
  const decoder = parser({ protocolVersion: 5 });
  decoder.on('packet', (packet) => {
    found = packet as IPublishPacket;
  });
  decoder.on('error', (error) => {
    throw error;
  });
  decoder.parse(bytes);
  return found!;
}

describe('properties of a message', () => {
  it('are none where none are set', () => {
    expect(makePropertyWriter(scope)).toBeUndefined();
  });

  it('are encoded once where they are the same for all messages', () => {
    const writer = makePropertyWriter({ ...scope, contentType: 'a/b', userProperties: { run: '{runId}' } })!;
    expect(writer.write(emptyMessage(1))).toBe(writer.write(emptyMessage(2)));
  });

  it.each([1, 40, 200, 5_000, 20_000])('are what mqtt-packet writes, with a value of %i bytes', (length) => {
    const text = 'ü'.repeat(length);
    const writer = makePropertyWriter({
      ...scope,
      payloadFormat: 'utf8',
      messageExpirySeconds: 4_000_000_000,
      contentType: 'text/plain',
      userProperties: { text },
    })!;
    const payload = Buffer.from('payload');
    const out = Buffer.alloc(100_000);
    const packet = { topic: encodeTopic('t/é'), qos: 1, id: 9, retain: true, payload } as const;
    const end = writePublish(
      out,
      0,
      { ...packet, alias: 0x0102, properties: writer.write(emptyMessage(1)) },
      5,
    );
    const read = parse(Buffer.from(out.subarray(0, end)));
    expect(read).toMatchObject({
      topic: 't/é',
      messageId: 9,
      retain: true,
      payload,
      properties: {
        payloadFormatIndicator: true,
        messageExpiryInterval: 4_000_000_000,
        contentType: 'text/plain',
        topicAlias: 0x0102,
        userProperties: { text },
      },
    });
    // The same properties, by another encoder, come to as many bytes.
    expect(generate(read, { protocolVersion: 5 })).toHaveLength(end);
  });

  it('differ by device and message where their templates do, and leave random values of the payload alone', () => {
    const writer = makePropertyWriter({
      ...scope,
      userProperties: { fixed: 'f', who: '{deviceId}', n: '{{n}}' },
    })!;
    const out = Buffer.alloc(200);
    const propertiesOf = (deviceIndex: number, n: number) => {
      const properties = writer.write({ ...emptyMessage(1), deviceIndex, n });
      const packet = {
        topic: encodeTopic('t'),
        qos: 0,
        id: 0,
        retain: false,
        payload: Buffer.alloc(0),
      } as const;
      return parse(Buffer.from(out.subarray(0, writePublish(out, 0, { ...packet, properties }, 5))))
        .properties;
    };
    expect(propertiesOf(3, 100)).toEqual({ userProperties: { fixed: 'f', who: 'd3', n: '100' } });
    expect(propertiesOf(12_345, 7)).toEqual({ userProperties: { fixed: 'f', who: 'd12345', n: '7' } });
  });
});
