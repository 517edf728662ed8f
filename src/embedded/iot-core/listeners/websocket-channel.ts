import type { Duplex } from 'node:stream';
import type { Connection } from '../mqtt/connection.ts';
import type { Channel } from '../mqtt/outgoing-packets.ts';
import { closeCodes, opcodes, WebSocketReader, type WebSocketSink } from './websocket-reader.ts';

const finalBinary = 0x80 | opcodes.binary;

/** A WebSocket, after its handshake, as a connection of the broker's uses one: what is written goes out in binary frames. */
export class WebSocketChannel implements Channel, WebSocketSink {
  closed = false;
  readonly #socket: Duplex;
  readonly #reader = new WebSocketReader();
  #connection: Connection | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** @param head what came behind the handshake */
  open(connection: Connection, head: Buffer): void {
    this.#connection = connection;
    if (head.length > 0) this.#reader.read(head, this);
    this.#socket.on('data', (chunk: Buffer) => this.#reader.read(chunk, this));
  }

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  /** Text is one char a byte: the broker's PUBACKs. */
  write(bytes: Buffer | string): boolean {
    if (typeof bytes === 'string') {
      return this.#socket.write(headerOf(finalBinary, bytes.length).toString('latin1') + bytes, 'latin1');
    }
    return this.#socket.write(Buffer.concat([headerOf(finalBinary, bytes.length), bytes]));
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#sayGoodbye(closeCodes.normal);
  }

  destroy(): void {
    this.closed = true;
    this.#socket.destroy();
  }

  on(event: 'error' | 'close' | 'drain', listener: () => void): void {
    this.#socket.on(event, listener);
  }

  onBytes(bytes: Buffer): void {
    this.#connection?.receive(bytes, bytes.length);
  }

  /** (RFC 6455, 5.5.3) Pings that come faster than their pongs are read need no pong each. */
  onPing(payload: Buffer): void {
    if (this.#socket.writableNeedDrain) return;
    this.#socket.write(Buffer.concat([headerOf(0x80 | opcodes.pong, payload.length), payload]));
  }

  onClose(): void {
    this.#sayGoodbye(closeCodes.normal);
  }

  onViolation(closeCode: number): void {
    this.#sayGoodbye(closeCode);
  }

  /** (RFC 6455, 7.1.1) The close frame is the last; the server hangs up. */
  #sayGoodbye(closeCode: number): void {
    if (this.closed) return;
    this.closed = true;
    const frame = headerOf(0x80 | opcodes.close, 2);
    this.#socket.end(Buffer.concat([frame, Buffer.from([closeCode >>> 8, closeCode & 255])]));
  }
}

/** (RFC 6455, 5.2) What a server sends is not masked. */
function headerOf(first: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, length]);
  if (length < 65_536) return Buffer.from([first, 126, length >>> 8, length & 255]);
  const header = Buffer.alloc(10);
  header[0] = first;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
