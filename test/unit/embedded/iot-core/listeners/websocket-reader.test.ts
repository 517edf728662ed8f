import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  closeCodes,
  opcodes,
  WebSocketReader,
  type WebSocketSink,
} from '../../../../../src/embedded/iot-core/listeners/websocket-reader.ts';
import { randomCases } from '../../../../support/effort.ts';

interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly isFinal?: boolean;
  readonly mask?: number;
}

/** As a client sends it (RFC 6455, 5.2), with the shortest length there is. */
function encode({ opcode, payload, isFinal = true, mask = 0x12345678 }: Frame): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(mask >>> 0);
  const { length } = payload;
  const extended = length < 126 ? Buffer.alloc(0) : Buffer.alloc(length < 65_536 ? 2 : 8);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  const short = [length, 0, 126, 0, 0, 0, 0, 0, 127][extended.length]!;
  const masked = payload.map((byte, i) => byte ^ key[i & 3]!);
  return Buffer.concat([
    Buffer.from([(isFinal ? 128 : 0) | opcode, 128 | (extended.length === 0 ? length : short)]),
    extended,
    key,
    masked,
  ]);
}

class Recorder implements WebSocketSink {
  closed = false;
  readonly bytes: Buffer[] = [];
  readonly pings: Buffer[] = [];
  closes = 0;
  violation: number | undefined;
  onBytes(bytes: Buffer): void {
    this.bytes.push(Buffer.from(bytes));
  }
  onPing(payload: Buffer): void {
    this.pings.push(payload);
  }
  onClose(): void {
    this.closes++;
    this.closed = true;
  }
  onViolation(closeCode: number): void {
    this.violation = closeCode;
    this.closed = true;
  }
}

/** Reads in pieces of these lengths, over and over. */
function read(stream: Buffer, pieces: readonly number[] = [stream.length]): Recorder {
  const sink = new Recorder();
  const reader = new WebSocketReader();
  for (let at = 0, i = 0; at < stream.length; i++) {
    const length = pieces[i % pieces.length]!;
    reader.read(Buffer.from(stream.subarray(at, at + length)), sink);
    at += length;
  }
  return sink;
}

const binary = (payload: Uint8Array, more: Partial<Frame> = {}) => ({
  opcode: opcodes.binary,
  payload,
  ...more,
});

describe('WebSocketReader', () => {
  it('reads any frames, in any pieces, as the one stream that they are', () => {
    const frame = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('data' as const),
          payload: fc.uint8Array({ maxLength: 300 }),
          mask: fc.nat(),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('ping' as const),
          payload: fc.uint8Array({ maxLength: 125 }),
          mask: fc.nat(),
        }),
      },
    );
    fc.assert(
      fc.property(
        fc.array(frame),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (frames, pieces) => {
          const stream = frames.map(({ kind, payload, mask }) =>
            encode({ opcode: opcodes[kind === 'ping' ? 'ping' : 'binary'], payload, mask }),
          );
          const { bytes, pings, violation } = read(Buffer.concat(stream), pieces);
          const of = (wanted: string) =>
            frames.filter(({ kind }) => kind === wanted).map(({ payload }) => Buffer.from(payload));
          expect(violation).toBeUndefined();
          expect(Buffer.concat(bytes)).toEqual(Buffer.concat(of('data')));
          expect(pings).toEqual(of('ping'));
        },
      ),
      randomCases(),
    );
  });

  it.each([125, 126, 65_535, 65_536, 200_000])('reads a frame of %i bytes', (length) => {
    const payload = Buffer.alloc(length, 'abc');
    // Jest compares buffers number by number.
    expect(Buffer.concat(read(encode(binary(payload)), [4_096]).bytes).equals(payload)).toBe(true);
  });

  it('reads a message in fragments, with a ping between them', () => {
    const { bytes, pings, violation } = read(
      Buffer.concat([
        encode(binary(Buffer.from('one '), { isFinal: false })),
        encode({ opcode: opcodes.ping, payload: Buffer.from('?') }),
        encode({ opcode: opcodes.continuation, payload: Buffer.from('two '), isFinal: false }),
        encode({ opcode: opcodes.continuation, payload: Buffer.from('three') }),
        encode(binary(Buffer.from(' four'))),
      ]),
      [3],
    );
    expect([Buffer.concat(bytes).toString(), pings.map(String), violation]).toEqual([
      'one two three four',
      ['?'],
      undefined,
    ]);
  });

  it('ends with a close frame, whatever follows', () => {
    const { bytes, closes } = read(
      Buffer.concat([
        encode({ opcode: opcodes.close, payload: Buffer.from([3, 232]) }),
        encode(binary(Buffer.from('late'))),
      ]),
    );
    expect([bytes, closes]).toEqual([[], 1]);
  });

  it.each([
    ['an extension’s bit', Buffer.from([0xc2, 0x80, 0, 0, 0, 0]), closeCodes.protocolError],
    ['no mask', Buffer.from([0x82, 1, 65, 0, 0, 0, 0]), closeCodes.protocolError],
    ['text', encode({ opcode: opcodes.text, payload: Buffer.from('a') }), closeCodes.unsupportedData],
    ['a kind that there is not', encode({ opcode: 3, payload: Buffer.alloc(0) }), closeCodes.protocolError],
    [
      'a control kind that there is not',
      encode({ opcode: 11, payload: Buffer.alloc(0) }),
      closeCodes.protocolError,
    ],
    ['a long ping', encode({ opcode: opcodes.ping, payload: Buffer.alloc(126) }), closeCodes.protocolError],
    [
      'a ping in fragments',
      encode({ opcode: opcodes.ping, payload: Buffer.alloc(1), isFinal: false }),
      closeCodes.protocolError,
    ],
    [
      'a continuation of nothing',
      encode({ opcode: opcodes.continuation, payload: Buffer.alloc(1) }),
      closeCodes.protocolError,
    ],
    [
      'a message within a message',
      Buffer.concat([encode(binary(Buffer.alloc(1), { isFinal: false })), encode(binary(Buffer.alloc(1)))]),
      closeCodes.protocolError,
    ],
  ])('refuses %s', (_what, stream, closeCode) => {
    expect(read(stream).violation).toBe(closeCode);
    expect(read(stream, [1]).violation).toBe(closeCode);
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 40 }), (bytes, piece) => {
        read(Buffer.from(bytes), [piece]);
      }),
      randomCases(2_000),
    );
  });
});
