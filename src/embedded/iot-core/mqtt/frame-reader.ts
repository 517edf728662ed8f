import { malformed, maxPacketBytes, ProtocolViolation, reasonCodes } from './protocol.ts';

/** Takes the packets of one connection as they are cut out of its byte stream. */
export interface FrameSink {
  /** Once true, what follows in the stream is ignored. */
  readonly closed: boolean;
  onFrame(frame: Frame): void;
}

/** One whole packet. The object and its bytes are valid during the call only, and then overwritten. */
export interface Frame {
  readonly bytes: Buffer;
  /** Where its fixed header begins. */
  readonly start: number;
  /** Where what follows the header begins. */
  readonly body: number;
  /** Past the last byte. */
  readonly end: number;
}

/** A fixed header is at most five bytes (2.1). */
const maxHeaderBytes = 5;

/**
 * Cuts a byte stream into MQTT packets. Chunks nearly always end where a packet ends, and are then read where they lie;
 * the rest of one that does not is kept until the packet is whole, in a buffer of its size: a packet that comes in a
 * thousand pieces is copied once.
 */
export class FrameReader {
  /** Begun packet: its bytes so far, in a buffer of its whole size once that is known. */
  #held: Buffer | undefined;
  #heldBytes = 0;
  /** One for all packets: a device sends thousands. */
  readonly #frame: { -readonly [Key in keyof Frame]: Frame[Key] } = {
    bytes: Buffer.alloc(0),
    start: 0,
    body: 0,
    end: 0,
  };

  /** @throws ProtocolViolation for a length that is malformed or too large, or from the sink */
  read(chunk: Buffer, length: number, sink: FrameSink): void {
    let at = this.#held === undefined ? 0 : this.#complete(this.#held, chunk, length, sink);
    while (at < length && !sink.closed) {
      const body = headerEnd(chunk, at, length);
      const end = body === -1 ? length + 1 : body + remainingLength(chunk, at + 1, body);
      if (end > length) {
        this.#hold(chunk, at, length, body === -1 ? maxHeaderBytes : end - at);
        return;
      }
      const frame = this.#frame;
      frame.bytes = chunk;
      frame.start = at;
      frame.body = body;
      frame.end = end;
      sink.onFrame(frame);
      at = end;
    }
  }

  /** Adds to the begun packet, passes it on if that makes it whole. @returns where the next one begins in the chunk */
  #complete(held: Buffer, chunk: Buffer, length: number, sink: FrameSink): number {
    let at = 0;
    let body = headerEnd(held, 0, this.#heldBytes);
    while (body === -1) {
      if (at === length) return at;
      held[this.#heldBytes++] = chunk[at++]!;
      body = headerEnd(held, 0, this.#heldBytes);
      if (body !== -1) {
        this.#hold(held, 0, this.#heldBytes, body + remainingLength(held, 1, body));
      }
    }
    const whole = this.#held!;
    const taken = Math.min(whole.length - this.#heldBytes, length - at);
    chunk.copy(whole, this.#heldBytes, at, at + taken);
    this.#heldBytes += taken;
    if (this.#heldBytes === whole.length) {
      this.#held = undefined;
      sink.onFrame({ bytes: whole, start: 0, body, end: whole.length });
    }
    return at + taken;
  }

  #hold(bytes: Buffer, start: number, end: number, size: number): void {
    const held = Buffer.allocUnsafe(size);
    bytes.copy(held, 0, start, end);
    this.#held = held;
    this.#heldBytes = end - start;
  }
}

/** Where the fixed header that begins at `start` ends, or −1 if that is not there yet. */
function headerEnd(bytes: Buffer, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    if (bytes[at]! < 128) return at + 1;
    // [MQTT-1.5.5-1] A variable byte integer has at most four bytes.
    if (at === start + 4) throw malformed('the remaining length has more than four bytes');
  }
  return -1;
}

function remainingLength(bytes: Buffer, start: number, end: number): number {
  let length = 0;
  for (let at = end - 1; at >= start; at--) length = length * 128 + (bytes[at]! & 127);
  if (end - start + 1 + length > maxPacketBytes) {
    throw new ProtocolViolation(
      reasonCodes.packetTooLarge,
      `the packet is larger than ${maxPacketBytes} bytes`,
    );
  }
  return length;
}
