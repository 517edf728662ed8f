import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generate, type Packet, parser } from 'mqtt-packet';
import { IncomingPublish } from '../../../../src/device/transports/dense/incoming-publish.ts';
import { type PacketSink, readPackets } from '../../../../src/device/transports/dense/packet-reader.ts';
import { encodePuback, encodeTopic, writePublish } from '../../../../src/device/transports/dense/packets.ts';
import { PublishBuffer } from '../../../../src/device/transports/dense/publish-buffer.ts';

const versions = fc.constantFrom<4 | 5>(4, 5);
const topics = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });
const ids = fc.integer({ min: 0, max: 65_534 });

describe('a PUBLISH', () => {
  it('is byte for byte what mqtt-packet writes', () => {
    fc.assert(
      fc.property(
        versions,
        topics,
        ids,
        fc.uint8Array({ maxLength: 20_000 }),
        fc.boolean(),
        (version, topic, id, bytes, retain) => {
          const payload = Buffer.from(bytes);
          const out = Buffer.alloc(payload.length + 600);
          const packet = { topic: encodeTopic(topic), id, retain, payload };
          const end = writePublish(out, 7, packet, version);
          const plain = generate(
            {
              cmd: 'publish',
              topic,
              payload,
              qos: id === 0 ? 0 : 1,
              dup: false,
              retain,
              ...(id === 0 ? {} : { messageId: id }),
            },
            { protocolVersion: version },
          );
          expect(out.subarray(7, end)).toEqual(plain);
        },
      ),
    );
  });

  it('is put together over and over in the same bytes, until they are still needed', () => {
    const buffer = new PublishBuffer(5);
    const encode = (id: number, payload: Buffer): Buffer =>
      buffer.encode({ topic: encodeTopic('t'), id, retain: false, payload });
    const first = encode(1, Buffer.from('first'));
    expect(encode(2, Buffer.from('other'))).toBe(first);
    buffer.keep(first);
    const copy = Buffer.from(first);
    for (let i = 0; i < 20_000; i++) {
      const packet = encode(3, Buffer.from('third'));
      if (i % 2 === 0) buffer.keep(packet);
    }
    expect(first).toEqual(copy);
    const large = Buffer.alloc(131_072, 'x');
    expect(encode(4, large).subarray(-large.length)).toEqual(large);
  });
});

describe('a PUBACK', () => {
  it.each([4, 5] as const)('is what mqtt-packet reads as success, version %i', (protocolVersion) => {
    for (const messageId of [1, 255, 256, 65_535]) {
      const read: Packet[] = [];
      const decoder = parser({ protocolVersion });
      decoder.on('packet', (packet: Packet) => read.push(packet));
      decoder.parse(encodePuback(messageId));
      expect(read).toMatchObject([{ cmd: 'puback', messageId }]);
      expect((read[0] as { reasonCode?: number }).reasonCode ?? 0).toBe(0);
    }
  });
});

describe('received packets', () => {
  const packets = fc.oneof(
    fc.record({ cmd: fc.constant('puback' as const), messageId: fc.integer({ min: 1, max: 65_535 }) }),
    fc.record({
      cmd: fc.constant('puback' as const),
      messageId: fc.integer({ min: 1, max: 65_535 }),
      reasonCode: fc.constantFrom(0x10, 0x87, 0x97),
    }),
    fc.record({
      cmd: fc.constant('publish' as const),
      topic: topics,
      payload: fc.string({ maxLength: 300 }),
      qos: fc.constantFrom(0 as const, 1 as const),
      messageId: fc.integer({ min: 1, max: 65_535 }),
      dup: fc.boolean(),
      retain: fc.boolean(),
      properties: fc.constantFrom({}, { contentType: 'x'.repeat(200) }),
    }),
    fc.constant({ cmd: 'pingresp' as const }),
    fc.constant({ cmd: 'disconnect' as const, reasonCode: 0x8e }),
  );

  it('are read alike however the network cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(packets, { maxLength: 12 }),
        versions,
        fc.array(fc.integer({ min: 1, max: 90 })),
        (list, version, cuts) => {
          const sent = list.map((packet) => {
            const { properties: _, ...plain } = packet as typeof packet & { properties?: object };
            return version === 5 ? packet : plain;
          });
          const bytes = Buffer.concat(
            sent.map((packet) =>
              packet.cmd === 'disconnect' && version === 4
                ? Buffer.from([0xe0, 0])
                : generate(packet, { protocolVersion: version }),
            ),
          );
          const sink = new RecordingSink(version);
          // As sockets do it: each chunk is written over the one before.
          const chunk = Buffer.alloc(Math.max(bytes.length, 1));
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const end = Math.min(bytes.length, at + (cuts[i] ?? bytes.length));
            bytes.copy(chunk, 0, at, end);
            readPackets(sink, chunk, end - at);
            at = end;
          }
          expect(sink.partial).toBeUndefined();
          expect(sink.calls).toEqual(
            sent.map((packet) => {
              switch (packet.cmd) {
                case 'puback': {
                  const code = 'reasonCode' in packet && version === 5 ? packet.reasonCode : 0;
                  return ['puback', packet.messageId, code];
                }
                case 'publish': {
                  const { topic, payload, qos, dup, retain } = packet;
                  return ['publish', { topic, payload, qos, dup, retain, id: qos && packet.messageId }];
                }
                case 'pingresp':
                  return ['pingresp'];
                default:
                  return ['rare', 14];
              }
            }),
          );
        },
      ),
    );
  });

  it('are given up where they cannot be packets', () => {
    // The last two: QoS 2, which no subscription asked for, and QoS 3, which there is none.
    const broken = [
      '40ffffffffff',
      '32ffffff7f',
      '400100',
      '30020010',
      '340700017400010000',
      '360700017400010000',
    ];
    for (const hex of broken) {
      const sink = new RecordingSink(5);
      const bytes = Buffer.from(hex, 'hex');
      readPackets(sink, bytes, bytes.length);
      expect(sink.calls).toEqual([['malformed']]);
    }
  });
});

class RecordingSink implements PacketSink {
  partial: Buffer | undefined;
  readonly calls: unknown[][] = [];
  readonly incoming: IncomingPublish;

  constructor(version: 4 | 5) {
    this.incoming = new IncomingPublish(version);
  }

  onPuback(id: number, code: number): void {
    this.calls.push(['puback', id, code]);
  }
  onPublish(): void {
    const { topic, payload, qos, dup, retain, id } = this.incoming;
    this.calls.push(['publish', { topic, payload: payload.toString(), qos, dup, retain, id }]);
  }
  onPingresp(): void {
    this.calls.push(['pingresp']);
  }
  onRarePacket(bytes: Buffer): void {
    this.calls.push(['rare', bytes[0]! >>> 4]);
  }
  onMalformed(): void {
    this.calls.push(['malformed']);
  }
}
