import { Duplex } from 'node:stream';
import type { ByteStream, Connector } from './connector.ts';

const readBytes = 65_536;
const nothing = Buffer.alloc(0);

/** Opens a device's stream. @param device index within the slice */
export type OpenConnectorSocket = (device: number) => ConnectorSocket;

/** Adapts a connector to Node's streams, which TLS, HTTP and pipes take. */
export function makeConnectorSockets(connector: Connector): OpenConnectorSocket {
  // Each read fills it and is copied within one turn.
  const buffer = Buffer.allocUnsafe(readBytes);
  return (device) => new ConnectorSocket(connector, device, buffer);
}

/**
 * One stream of a connector. Like a socket of `node:net`, it queues what is written before it is open, emits `connect` once it is open,
 * and ends when the other side does.
 */
export class ConnectorSocket extends Duplex {
  connecting = true;
  /** Bytes since it was opened. */
  bytesRead = 0;
  bytesWritten = 0;
  /** Milliseconds without a byte in either direction after which `timeout` is emitted; 0: never. */
  timeout = 0;
  readonly #stream: ByteStream;
  #idleTimer: NodeJS.Timeout | undefined;
  #whenOpen: (() => void) | undefined;
  #whenDrained: (() => void) | undefined;
  #hasEnded = false;
  /** Nothing more is read from the stream: this one holds as much as it should. */
  #isPaused = false;

  /** @param buffer filled and read within one turn */
  constructor(connector: Connector, device: number, buffer: Buffer) {
    super({ allowHalfOpen: false });
    const callback = (length: number): boolean => {
      this.bytesRead += length;
      this.#idleTimer?.refresh();
      if (this.push(Buffer.from(buffer.subarray(0, length))) || this.#stream.resume === undefined)
        return true;
      this.#isPaused = true;
      return false;
    };
    this.#stream = connector.open(device, { buffer, callback }, () => this.#open());
    this.#stream.on('error', (error) => this.destroy(error));
    this.#stream.on('close', () => this.#end());
    this.#stream.on('drain', () => this.#drain());
  }

  /** Its reader has taken what was there. */
  override _read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream.resume?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.connecting) {
      this.#whenOpen = () => this._write(chunk, _encoding, done);
      return;
    }
    if (this.#hasEnded) {
      done(Object.assign(new Error('the other side has closed the connection'), { code: 'EPIPE' }));
      return;
    }
    this.bytesWritten += chunk.length;
    this.#idleTimer?.refresh();
    if (this.#stream.write(chunk)) done();
    else this.#whenDrained = done;
  }

  /** A head and its body are one packet. */
  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.connecting) {
      this.#whenOpen = () => this._final(done);
      return;
    }
    if (!this.#hasEnded) this.#stream.end(nothing);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idleTimer);
    this.#stream.destroy();
    done(error);
  }

  /** Socket options that HTTP and TLS set. Here they have no effect: the connector sets its own. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** Node's HTTP agent ends idle connections by it, before a server does that has said when. */
  setTimeout(idleMs: number, callback?: () => void): this {
    this.timeout = idleMs;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = idleMs > 0 ? setTimeout(() => this.emit('timeout'), idleMs).unref() : undefined;
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  #open(): void {
    this.connecting = false;
    this.emit('connect');
    const whenOpen = this.#whenOpen;
    this.#whenOpen = undefined;
    whenOpen?.();
  }

  #drain(): void {
    const whenDrained = this.#whenDrained;
    this.#whenDrained = undefined;
    whenDrained?.();
  }

  /** The other side has ended without an error. Bytes that were received before can still be read. */
  #end(): void {
    this.#hasEnded = true;
    if (this.connecting) this.destroy(Object.assign(new Error('not opened'), { code: 'ECONNRESET' }));
    else if (this.#whenDrained !== undefined) this.destroy();
    else if (!this.destroyed) this.push(null);
  }
}
