import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generate, type Packet, parser } from 'mqtt-packet';
import { IncomingPublish } from '../../../../src/device/transports/dense/incoming-publish.ts';
import { type PacketSink, readPackets } from '../../../../src/device/transports/dense/packet-reader.ts';
import {
  encodePuback,
  encodePubcomp,
  encodePubrec,
  encodePubrel,
  encodeTopic,
  writePublish,
} from '../../../../src/device/transports/dense/packets.ts';
import { PublishBuffer } from '../../../../src/device/transports/dense/publish-buffer.ts';
import { anyCharacter } from '../../../support/any-character.ts';
import { randomCases } from '../../../support/effort.ts';

const versions = fc.constantFrom<4 | 5>(4, 5);
const topics = fc.string({ minLength: 1, maxLength: 60, unit: anyCharacter });
const ids = fc.integer({ min: 1, max: 65_535 });

describe('a PUBLISH', () => {
  it('is byte for byte what mqtt-packet writes', () => {
    fc.assert(
      fc.property(
        versions,
        topics,
        fc.constantFrom<0 | 1 | 2>(0, 1, 2),
        ids,
        fc.uint8Array({ maxLength: 20_000 }),
        fc.boolean(),
        (version, topic, qos, messageId, bytes, retain) => {
          const payload = Buffer.from(bytes);
          const out = Buffer.alloc(payload.length + 600);
          const id = qos === 0 ? 0 : messageId;
          const packet = { topic: encodeTopic(topic), qos, id, retain, payload };
          const end = writePublish(out, 7, packet, version);
          const plain = generate(
            {
              cmd: 'publish',
              topic,
              payload,
              qos,
              dup: false,
              retain,
              ...(id === 0 ? {} : { messageId: id }),
            },
            { protocolVersion: version },
          );
          expect(out.subarray(7, end)).toEqual(plain);
        },
      ),
      randomCases(),
    );
  });

  it('is put together over and over in the same bytes, until they are still needed', () => {
    const buffer = new PublishBuffer(5);
    const encode = (id: number, payload: Buffer): Buffer =>
      buffer.encode({ topic: encodeTopic('t'), qos: 1, id, retain: false, payload });
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

describe('an answer', () => {
  const encoders = {
    puback: encodePuback,
    pubrec: encodePubrec,
    pubrel: encodePubrel,
    pubcomp: encodePubcomp,
  } as const;
  const answers = fc.constantFrom(...(Object.keys(encoders) as (keyof typeof encoders)[]));
  const decoded = (bytes: Buffer, protocolVersion: 4 | 5): Packet[] => {
    const read: Packet[] = [];
    const decoder = parser({ protocolVersion });
    decoder.on('packet', (packet: Packet) => read.push(packet));
    decoder.parse(bytes);
    return read;
  };

  it('is what mqtt-packet reads as success', () => {
    fc.assert(
      fc.property(answers, versions, ids, (cmd, version, messageId) => {
        const read = decoded(encoders[cmd](messageId), version);
        expect(read).toMatchObject([{ cmd, messageId }]);
        expect((read[0] as { reasonCode?: number }).reasonCode ?? 0).toBe(0);
      }),
      randomCases(),
    );
  });

  it('names an identifier that is not in use, in MQTT 5', () => {
    for (const cmd of ['pubrel', 'pubcomp'] as const) {
      const read = decoded(encoders[cmd](7, 0x92), 5);
      expect(read).toMatchObject([{ cmd, messageId: 7, reasonCode: 0x92 }]);
    }
  });
});

describe('received packets', () => {
  const answers = fc.constantFrom(
    'puback' as const,
    'pubrec' as const,
    'pubrel' as const,
    'pubcomp' as const,
  );
  const packets = fc.oneof(
    fc.record({ cmd: answers, messageId: fc.integer({ min: 1, max: 65_535 }) }),
    fc.record({
      cmd: answers,
      messageId: fc.integer({ min: 1, max: 65_535 }),
      reasonCode: fc.constantFrom(0x10, 0x87, 0x92, 0x97),
    }),
    fc.record({
      cmd: fc.constant('publish' as const),
      topic: topics,
      payload: fc.string({ maxLength: 300 }),
      qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
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
                case 'pubrel':
                  return ['pubrel', packet.messageId];
                case 'puback':
                case 'pubrec':
                case 'pubcomp': {
                  const code = 'reasonCode' in packet && version === 5 ? packet.reasonCode : 0;
                  return [packet.cmd, packet.messageId, code];
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
      randomCases(),
    );
  });

  it('are given up where they cannot be packets', () => {
    const broken = [
      '40ffffffffff',
      '32ffffff7f',
      '400100',
      '500100',
      '620100',
      '700100',
      '30020010',
      // A PUBREL without its flags; an identifier of 0; QoS 3.
      '60020001',
      '340700017400000000',
      '360700017400010000',
    ];
    const of311 = ['4003000100', '5003000100', '6203000100', '7003000192'];
    for (const hex of [...broken, ...of311]) {
      const sink = new RecordingSink(of311.includes(hex) ? 4 : 5);
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

  readonly context: PacketSink['context'];
  readonly exactlyOnce: PacketSink['exactlyOnce'] = {
    onPubrec: (id, code) => void this.calls.push(['pubrec', id, code]),
    onPubrel: (id) => void this.calls.push(['pubrel', id]),
    onPubcomp: (id, code) => void this.calls.push(['pubcomp', id, code]),
  };

  constructor(version: 4 | 5) {
    this.context = { mqttVersion: version };
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
