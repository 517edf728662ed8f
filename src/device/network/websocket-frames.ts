import { randomFillSync } from 'node:crypto';

/** RFC 6455, 5.2: opcodes. */
export const opcodes = { continuation: 0, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const fin = 0x80;
const masked = 0x80;
const length16 = 126;
const length64 = 127;
const maskBytes = 4;
/** Of a server's frames, which are not masked: two bytes, and eight of length at most. */
const maxHeaderBytes = 10;

/** Masks are to be unpredictable; a thousand at a time cost what one costs. */
const masks = Buffer.alloc(4_096);
let nextMask = masks.length;

/** A client's frame, masked as all of a client's have to be (RFC 6455, 5.3): about half a µs for 512 bytes. */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const lengthBytes = length < length16 ? 0 : length <= 0xffff ? 2 : 8;
  const start = 2 + lengthBytes + maskBytes;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = fin | opcode;
  if (lengthBytes === 0) frame[1] = masked | length;
  else if (lengthBytes === 2) {
    frame[1] = masked | length16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = masked | length64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  if (nextMask === masks.length) {
    randomFillSync(masks);
    nextMask = 0;
  }
  const mask = start - maskBytes;
  masks.copy(frame, mask, nextMask, nextMask + maskBytes);
  nextMask += maskBytes;
  for (let i = 0; i < length; i++) frame[start + i] = payload[i]! ^ frame[mask + (i & 3)]!;
  return frame;
}

/** What comes out of a server's frames. */
export interface FrameSink {
  /** The first `length` bytes of the chunk that was given are payload; MQTT's packets need not respect frames. */
  onPayload(length: number): void;
  onPing(payload: Buffer): void;
  onClose(): void;
  onMalformed(): void;
}

/**
 * Takes a server's frames apart where they lie: payload moves to the front of the chunk, over the headers before it. Frames
 * may be cut anywhere.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** A header that was cut off. */
  readonly #header = Buffer.alloc(maxHeaderBytes);
  #headerBytes = 0;
  /** Of the frame whose payload is being read. */
  #opcode: number = opcodes.binary;
  #remaining = 0;
  /** A control frame's payload: at most 125 bytes. */
  #control: Buffer[] = [];

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** @param chunk is written over */
  read(chunk: Buffer, length: number): void {
    let at = 0;
    let payloadEnd = 0;
    while (at < length) {
      if (this.#remaining === 0) {
        at = this.#readHeader(chunk, at, length);
        if (at < 0) {
          this.#sink.onMalformed();
          return;
        }
        if (this.#headerBytes > 0) break;
        if (this.#remaining === 0 && this.#isControl) this.#endControl();
        continue;
      }
      const bytes = Math.min(this.#remaining, length - at);
      if (this.#isControl) this.#control.push(Buffer.from(chunk.subarray(at, at + bytes)));
      else {
        chunk.copyWithin(payloadEnd, at, at + bytes);
        payloadEnd += bytes;
      }
      at += bytes;
      this.#remaining -= bytes;
      if (this.#remaining === 0 && this.#isControl) this.#endControl();
    }
    if (payloadEnd > 0) this.#sink.onPayload(payloadEnd);
  }

  get #isControl(): boolean {
    return this.#opcode >= opcodes.close;
  }

  /** @returns where the payload begins; −1 for what no server may send */
  #readHeader(chunk: Buffer, from: number, length: number): number {
    const header = this.#header;
    let at = from;
    while (at < length) {
      header[this.#headerBytes++] = chunk[at++]!;
      if (this.#headerBytes < 2) continue;
      const short = header[1]! & 0x7f;
      if (header[1]! & masked || header[0]! & 0x70) return -1;
      const needed = 2 + (short === length16 ? 2 : short === length64 ? 8 : 0);
      if (this.#headerBytes < needed) continue;
      this.#opcode = header[0]! & 0x0f;
      this.#remaining =
        short === length16
          ? header.readUInt16BE(2)
          : short === length64
            ? Number(header.readBigUInt64BE(2))
            : short;
      this.#headerBytes = 0;
      return at;
    }
    return at;
  }

  #endControl(): void {
    const payload = Buffer.concat(this.#control);
    this.#control = [];
    if (this.#opcode === opcodes.ping) this.#sink.onPing(payload);
    else if (this.#opcode === opcodes.close) this.#sink.onClose();
  }
}
