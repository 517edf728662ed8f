import { createHash, randomBytes } from 'node:crypto';
import type { OnReadOpts } from 'node:net';
import type { Address, ByteStream, Connector } from './connector.ts';
import { encodeFrame, FrameReader, opcodes } from './websocket-frames.ts';

/** RFC 6455, 1.3 */
const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** A response to a handshake that is longer is none. */
const maxResponseBytes = 16_384;

/**
 * MQTT over WebSocket: over TCP `ws://`, over TLS `wss://`.
 * @param carrier opens what the WebSocket goes over
 * @param hostHeader of the handshake
 * @param pathOf the path of a device's handshake, query included, made anew for each connection
 */
export function makeWebSocketConnector(
  carrier: Connector,
  hostHeader: string,
  pathOf: (device: number) => string,
): Connector {
  return {
    open(device, onread, ready) {
      const stream = new WebSocketStream(onread, ready);
      const received: OnReadOpts = {
        buffer: onread.buffer,
        callback: (length) => stream.received(length),
      };
      stream.attach(carrier.open(device, received, () => stream.shakeHands(pathOf(device), hostHeader)));
      return stream;
    },
  };
}

/** What the signature and the handshake have to agree on. */
export function hostHeaderOf({ scheme, host, port }: HostOfWebSocket): string {
  return port === (scheme === 'ws' ? 80 : 443) ? host : `${host}:${port}`;
}

interface HostOfWebSocket extends Address {
  readonly scheme: string;
}

/** A WebSocket as a stream of bytes: what is written goes out as a frame, and frames' payload comes in. */
class WebSocketStream implements ByteStream {
  readonly #onread: OnReadOpts;
  readonly #ready: () => void;
  readonly #frames: FrameReader;
  #isSilent = false;
  #socket!: ByteStream;
  #key = '';
  /** Of the handshake's response; undefined once it is over. */
  #response: Buffer | undefined = Buffer.alloc(0);

  constructor(onread: OnReadOpts, ready: () => void) {
    this.#onread = onread;
    this.#ready = ready;
    this.#frames = new FrameReader({
      onPayload: (length) => void onread.callback(length, this.#chunk),
      onPing: (payload) => {
        if (!this.#isSilent) this.#socket.write(encodeFrame(opcodes.pong, payload));
      },
      onClose: () => void this.#socket.end(encodeFrame(opcodes.close, Buffer.alloc(0))),
      onMalformed: () => this.#fail('malformed WebSocket frame'),
    });
  }

  get #chunk(): Buffer {
    return this.#onread.buffer as Buffer;
  }

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  get writableNeedDrain(): boolean {
    return this.#socket.writableNeedDrain;
  }

  attach(socket: ByteStream): void {
    this.#socket = socket;
  }

  on(event: 'error' | 'close' | 'drain', listener: (error: NodeJS.ErrnoException) => void): void {
    this.#socket.on(event as 'error', listener);
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(encodeFrame(opcodes.binary, bytes));
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  end(bytes: Buffer): void {
    this.#socket.write(encodeFrame(opcodes.binary, bytes));
    this.#socket.end(encodeFrame(opcodes.close, Buffer.alloc(0)));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  silence(): void {
    this.#isSilent = true;
  }

  shakeHands(path: string, host: string): void {
    this.#key = randomBytes(16).toString('base64');
    const request =
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${this.#key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`;
    this.#socket.write(Buffer.from(request));
  }

  received(length: number): boolean {
    if (this.#response === undefined) this.#frames.read(this.#chunk, length);
    else this.#readResponse(length);
    return true;
  }

  #readResponse(length: number): void {
    const response = Buffer.concat([this.#response!, this.#chunk.subarray(0, length)]);
    this.#response = response;
    const end = response.indexOf('\r\n\r\n');
    if (end === -1) {
      if (response.length > maxResponseBytes) this.#fail('no WebSocket handshake');
      return;
    }
    const [statusLine = '', ...headers] = response.toString('latin1', 0, end).split('\r\n');
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(statusLine) ?? [];
    if (status !== '101') {
      this.#fail(`WebSocket handshake refused: ${status ?? statusLine}`);
      return;
    }
    const expected = createHash('sha1')
      .update(this.#key + acceptGuid)
      .digest('base64');
    const isAccepted = headers.some((line) => /^sec-websocket-accept: *(\S+)/i.exec(line)?.[1] === expected);
    if (!isAccepted) {
      this.#fail('WebSocket handshake not accepted');
      return;
    }
    this.#response = undefined;
    this.#ready();
    const rest = response.subarray(end + 4);
    if (rest.length === 0) return;
    rest.copy(this.#chunk);
    this.#frames.read(this.#chunk, rest.length);
  }

  #fail(reason: string): void {
    this.#socket.destroy(new Error(reason));
  }
}
