import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameReader, type FrameSink } from '../../../../../src/embedded/iot-core/mqtt/frame-reader.ts';
import { ProtocolViolation } from '../../../../../src/embedded/iot-core/mqtt/protocol.ts';
import { randomCases } from '../../../../support/effort.ts';

/** A packet of any kind: type and flags, then a body of any bytes. */
const packets = fc.record({
  first: fc.integer({ min: 16, max: 255 }),
  body: fc.uint8Array({ maxLength: 400 }),
});

function encode({ first, body }: { first: number; body: Uint8Array }): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
  return Buffer.from([first, ...length, ...body]);
}

function read(chunks: readonly Buffer[]): { first: number; body: Uint8Array }[] {
  const frames: { first: number; body: Uint8Array }[] = [];
  const sink: FrameSink = {
    closed: false,
    onFrame: ({ bytes, start, body, end }) => {
      frames.push({ first: bytes[start]!, body: new Uint8Array(bytes.subarray(body, end)) });
    },
  };
  const reader = new FrameReader();
  // One buffer for all chunks, as a socket has: what is kept of a chunk has to be a copy.
  const shared = Buffer.alloc(4_096);
  for (const chunk of chunks) {
    chunk.copy(shared);
    reader.read(shared, chunk.length, sink);
    shared.fill(0xff);
  }
  return frames;
}

describe('FrameReader', () => {
  it('cuts out the same packets however the stream is cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(packets, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 600 })),
        (sent, sizes) => {
          const stream = Buffer.concat(sent.map(encode));
          const chunks: Buffer[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = sizes[i % Math.max(1, sizes.length)] ?? 1;
            chunks.push(stream.subarray(at, at + size));
            at += size;
          }
          expect(read(chunks)).toEqual(sent);
        },
      ),
      randomCases(),
    );
  });

  it('stops where its sink is closed', () => {
    let frames = 0;
    const sink = {
      closed: false,
      onFrame: () => {
        frames++;
        sink.closed = true;
      },
    };
    new FrameReader().read(Buffer.from([0xc0, 0, 0xc0, 0, 0xff, 0xff, 0xff, 0xff, 0xff]), 9, sink);
    expect(frames).toBe(1);
  });

  it.each([
    ['five bytes of length', [0x30, 0x80, 0x80, 0x80, 0x80, 0x01], 0x81],
    ['146 KB and a byte', [0x30, 0xfd, 0x8f, 0x09], 0x95],
  ])('refuses a packet with %s, in one piece or byte by byte', (_what, bytes, reasonCode) => {
    const whole = Buffer.from(bytes);
    for (const chunks of [[whole], [...whole].map((byte) => Buffer.from([byte]))]) {
      let thrown: unknown;
      try {
        read(chunks);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(ProtocolViolation);
      expect(thrown).toMatchObject({ reasonCode });
    }
  });

  it('takes a packet of 146 KB', () => {
    const body = Buffer.alloc(149_504 - 4);
    const frame = Buffer.concat([Buffer.from([0x30, 0xfc, 0x8f, 0x09]), body]);
    const chunks = Array.from({ length: Math.ceil(frame.length / 4_096) }, (_, i) =>
      frame.subarray(i * 4_096, (i + 1) * 4_096),
    );
    expect(read(chunks).map((packet) => packet.body.length)).toEqual([body.length]);
  });
});
