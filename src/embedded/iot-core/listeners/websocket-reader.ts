/** Frame kinds (RFC 6455, 5.2). From `close` on they are control frames. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Why a WebSocket is closed (RFC 6455, 7.4.1). */
export const closeCodes = { normal: 1000, protocolError: 1002, unsupportedData: 1003 } as const;

/** Takes what the frames of one WebSocket carry. */
export interface WebSocketSink {
  /** Once true, what follows is ignored. */
  readonly closed: boolean;
  /** A piece of the byte stream in the binary frames. It is valid during the call only, and then overwritten. */
  onBytes(bytes: Buffer): void;
  onPing(payload: Buffer): void;
  onClose(): void;
  /** The client broke the protocol, or sends what MQTT does not. */
  onViolation(closeCode: number): void;
}

/** Two bytes, eight of an extended length, four of a mask. */
const maxHeaderBytes = 14;
const maskBytes = 4;
const maxControlBytes = 125;

/**
 * Reads a client's frames as the one stream of bytes that they are to MQTT [MQTT-6.0.0-2]: their payload is passed on as it
 * comes, unmasked where it lies, and never put together. `ws` is not used, because it reads message by message, at three
 * times the CPU.
 */
export class WebSocketReader {
  /** As much of the header as has come. */
  readonly #header = Buffer.alloc(maxHeaderBytes);
  #headerBytes = 0;
  #isInFrame = false;
  /** A message has begun whose last frame is still to come (5.4). */
  #isInMessage = false;
  #opcode = 0;
  /** The mask, turned so that it begins where the payload goes on. */
  readonly #mask = Buffer.alloc(maskBytes);
  #maskAt = 0;
  /** Bytes of the payload still to come. */
  #left = 0;
  #control = Buffer.alloc(0);

  /** @param chunk unmasked in place */
  read(chunk: Buffer, sink: WebSocketSink): void {
    let at = 0;
    while (at < chunk.length && !sink.closed) {
      if (!this.#isInFrame) {
        at = this.#readHeader(chunk, at, sink);
        if (!this.#isInFrame) continue;
      }
      const end = Math.min(at + this.#left, chunk.length);
      this.#unmask(chunk, at, end);
      this.#left -= end - at;
      this.#isInFrame = this.#left > 0;
      if (this.#opcode >= opcodes.close) this.#takeControl(chunk.subarray(at, end), sink);
      else if (end > at) sink.onBytes(chunk.subarray(at, end));
      at = end;
    }
  }

  #unmask(chunk: Buffer, start: number, end: number): void {
    const mask = this.#mask;
    let maskAt = this.#maskAt;
    for (let at = start; at < end; at++) {
      chunk[at]! ^= mask[maskAt]!;
      maskAt = (maskAt + 1) & 3;
    }
    this.#maskAt = maskAt;
  }

  #takeControl(bytes: Buffer, sink: WebSocketSink): void {
    const payload = Buffer.concat([this.#control, bytes]);
    this.#control = this.#isInFrame ? payload : Buffer.alloc(0);
    if (this.#isInFrame) return;
    if (this.#opcode === opcodes.ping) sink.onPing(payload);
    else if (this.#opcode === opcodes.close) sink.onClose();
  }

  /** @returns past what it took; the frame has begun once the header is whole */
  #readHeader(chunk: Buffer, start: number, sink: WebSocketSink): number {
    const header = this.#header;
    let at = start;
    while (at < chunk.length && this.#headerBytes < this.#headerLength())
      header[this.#headerBytes++] = chunk[at++]!;
    if (this.#headerBytes < this.#headerLength()) return at;
    const opcode = header[0]! & 15;
    const isFinal = (header[0]! & 128) !== 0;
    const length = this.#payloadLength();
    const violation = this.#violationOf(opcode, isFinal, length);
    if (violation !== undefined) {
      sink.onViolation(violation);
      return at;
    }
    if (opcode < opcodes.close) this.#isInMessage = !isFinal;
    header.copy(this.#mask, 0, this.#headerBytes - maskBytes, this.#headerBytes);
    this.#maskAt = 0;
    this.#headerBytes = 0;
    this.#opcode = opcode;
    this.#left = length;
    this.#isInFrame = true;
    return at;
  }

  /** As far as the bytes received so far show. */
  #headerLength(): number {
    if (this.#headerBytes < 2) return 2;
    const short = this.#header[1]! & 127;
    return (short === 127 ? 10 : short === 126 ? 4 : 2) + maskBytes;
  }

  #payloadLength(): number {
    const short = this.#header[1]! & 127;
    if (short < 126) return short;
    return short === 126 ? this.#header.readUInt16BE(2) : Number(this.#header.readBigUInt64BE(2));
  }

  /** (5.1), (5.2), (5.4), (5.5): masked, no extension, whole control frames, messages one after the other. */
  #violationOf(opcode: number, isFinal: boolean, length: number): number | undefined {
    const [first, second] = [this.#header[0]!, this.#header[1]!];
    if ((first & 0x70) !== 0 || (second & 128) === 0) return closeCodes.protocolError;
    if (opcode === opcodes.text) return closeCodes.unsupportedData;
    if (opcode >= opcodes.close) {
      return opcode > opcodes.pong || !isFinal || length > maxControlBytes
        ? closeCodes.protocolError
        : undefined;
    }
    const expected = this.#isInMessage ? opcodes.continuation : opcodes.binary;
    return opcode === expected ? undefined : closeCodes.protocolError;
  }
}
