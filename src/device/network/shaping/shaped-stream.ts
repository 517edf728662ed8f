import type { OnReadOpts } from 'node:net';
import { handshakeMs } from '../../../plan/network/handshake.ts';
import type { ByteStream, Connector } from '../connector.ts';
import { BothWays } from './both-ways.ts';
import { ConnectionReset } from './connection-reset.ts';
import { makeNetworkError } from './network-errors.ts';
import { damagePacket } from './packet-damage.ts';
import type { DeviceDraws, ShapedConnection, SliceNetwork } from './slice-network.ts';
import { StreamEvents } from './stream-events.ts';

export interface ShapedStreamSettings {
  readonly carrier: Connector;
  readonly network: SliceNetwork;
  /** Index within the slice. */
  readonly device: number;
  readonly onread: OnReadOpts;
  readonly ready: () => void;
}

/** Of a device. */
const sendBufferBytes = 1_048_576;
const endOfStream = Buffer.alloc(0);

/** A stream whose bytes are delayed, lost and damaged as its slice's network says. */
export class ShapedStream implements ByteStream, ShapedConnection {
  readonly #settings: ShapedStreamSettings;
  readonly #events = new StreamEvents();
  readonly #reset: ConnectionReset;
  /** Absent: the network does not reach the device, and nothing was opened. */
  #socket: ByteStream | undefined;
  /** Made when the network first delays bytes. */
  #ways: BothWays | undefined;
  /** Bytes pass at once: the network does nothing to them, and none are in flight. */
  #isPlain: boolean;
  #isSecure = false;
  /** Written since `cork`. */
  #gathered: Buffer[] | undefined;
  #isSocketCorked = false;
  #isFull = false;
  #isDestroyed = false;
  #isEnding = false;
  #isClosed = false;
  #heldSinceMs: number | undefined;

  constructor(settings: ShapedStreamSettings) {
    const { network, device } = settings;
    this.#settings = settings;
    this.#reset = new ConnectionReset(network, () => this.#beReset());
    this.#isPlain = !network.isShaping;
    network.opened(this);
    if (network.isOut(device)) {
      network.counters.unreached++;
      this.#heldSinceMs = network.clock.now();
    } else this.#open();
  }

  get writableLength(): number {
    return (this.#ways?.up.bytes ?? 0) + (this.#socket?.writableLength ?? 0) + (this.#gathered?.length ?? 0);
  }

  get writableNeedDrain(): boolean {
    return this.#isFull || this.#socket?.writableNeedDrain === true;
  }

  on(event: 'error' | 'close' | 'drain', listener: (error: NodeJS.ErrnoException) => void): void {
    this.#events.on(event, listener);
  }

  write(bytes: Buffer): boolean {
    if (this.#isPlain) return this.#socket!.write(bytes);
    const arriving = this.#isDestroyed ? undefined : this.#damaged(bytes, 'up');
    if (arriving === undefined) return true;
    if (this.#gathered === undefined) this.#give(arriving);
    else this.#gathered.push(arriving);
    return !this.writableNeedDrain;
  }

  cork(): void {
    if (!this.#isPlain) {
      this.#gathered ??= [];
      return;
    }
    this.#isSocketCorked = true;
    this.#socket!.cork();
  }

  uncork(): void {
    if (this.#isSocketCorked) {
      this.#isSocketCorked = false;
      this.#socket?.uncork();
    }
    const gathered = this.#gathered;
    this.#gathered = undefined;
    if (gathered !== undefined && gathered.length > 0 && !this.#isDestroyed)
      this.#give(Buffer.concat(gathered));
  }

  end(bytes: Buffer): void {
    this.uncork();
    this.#isEnding = true;
    if (this.#isPlain) this.#socket!.end(bytes);
    else {
      this.#give(bytes);
      this.#give(endOfStream);
    }
  }

  destroy(why?: Error): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#ways?.down.clear();
    if (this.#isPlain) {
      this.#socket!.destroy(why);
      return;
    }
    this.#settings.network.clock.setTimer(0, () => this.#close(why));
    // What was written before the end still goes out; in an outage not even the end gets through.
    const lingers = this.#heldSinceMs !== undefined || (this.#isEnding && this.#ways?.up.isEmpty === false);
    if (this.#socket !== undefined && !lingers) this.#socket.destroy();
  }

  pause(): void {
    this.#socket?.pause?.();
  }

  resume(): void {
    this.#socket?.resume?.();
  }

  silence(): void {
    this.#socket?.silence?.();
  }

  abandon(): void {
    this.#isDestroyed = true;
    this.#socket?.destroy();
  }

  changed(nowMs: number): void {
    const { network, device } = this.#settings;
    const isOut = network.isOut(device);
    if (isOut && this.#heldSinceMs === undefined) this.#hold(nowMs);
    else if (!isOut && this.#heldSinceMs !== undefined) this.#release(nowMs);
    else this.#ways?.changed(nowMs);
    this.#bePlainIfPossible();
    if (!this.#isClosed && this.#socket !== undefined) this.#reset.schedule(nowMs, () => this.#draws);
  }

  #open(): void {
    const { carrier, device, network, onread } = this.#settings;
    const begunAtMs = network.clock.now();
    const received: OnReadOpts = {
      buffer: onread.buffer,
      callback: (length, buffer) =>
        this.#isPlain ? onread.callback(length, buffer) : this.#received(length),
    };
    const socket = carrier.open(device, received, () => this.#opened(begunAtMs));
    this.#socket = socket;
    const errors: Error[] = [];
    socket.on('error', (error) => errors.push(error));
    socket.on('close', () => this.#socketClosed(errors[0]));
    socket.on('drain', () => this.#emitDrain());
  }

  /** The socket is open; the device learns of it once the packets of its handshake would have been exchanged. */
  #opened(begunAtMs: number): void {
    const { network, ready } = this.#settings;
    const socket = this.#socket as ByteStream & { getProtocol?(): string };
    const version = socket.getProtocol?.();
    this.#isSecure = version !== undefined;
    if (this.#isPlain) {
      ready();
      return;
    }
    const nowMs = network.clock.now();
    const { roundTripMs, totalMs } = handshakeMs(network.conditions, this.#draws, version);
    this.#makeWays().measured(roundTripMs);
    this.#reset.schedule(nowMs, () => this.#draws);
    network.heap.add(Math.max(nowMs, begunAtMs + totalMs), {
      wake: () => {
        if (!this.#isDestroyed && !this.#isClosed) ready();
      },
    });
  }

  get #draws(): DeviceDraws {
    return this.#settings.network.drawsOf(this.#settings.device);
  }

  #makeWays(): BothWays {
    this.#ways ??= new BothWays({
      network: this.#settings.network,
      draws: this.#draws,
      isSecure: this.#isSecure,
      leave: (bytes) => this.#leave(bytes),
      arrive: (bytes) => this.#arrive(bytes),
    });
    return this.#ways;
  }

  #give(bytes: Buffer): void {
    const { up } = this.#makeWays();
    up.give(bytes, this.#settings.network.clock.now());
    this.#isFull = up.bytes >= sendBufferBytes;
  }

  /** Out of the network, to the target. */
  #leave(bytes: Buffer | undefined): void {
    if (bytes === undefined) this.#socket?.end(endOfStream);
    else this.#socket?.write(bytes);
    if (this.#isFull && this.#ways!.up.bytes < sendBufferBytes / 2) {
      this.#isFull = false;
      this.#emitDrain();
    }
    this.#bePlainIfPossible();
  }

  #received(length: number): boolean {
    const { onread, network } = this.#settings;
    if (this.#isDestroyed) return true;
    const bytes = this.#damaged(Buffer.from((onread.buffer as Buffer).subarray(0, length)), 'down');
    if (bytes !== undefined) this.#makeWays().down.give(bytes, network.clock.now());
    return true;
  }

  /** Out of the network, to the device. Undefined: the target has ended the stream. */
  #arrive(bytes: Buffer | undefined): void {
    if (bytes === undefined) this.#close(undefined);
    if (bytes === undefined || this.#isDestroyed) return;
    const { onread } = this.#settings;
    const buffer = onread.buffer as Buffer;
    bytes.copy(buffer);
    // What the network still has arrives all the same.
    if (!onread.callback(bytes.length, buffer)) this.pause();
    this.#bePlainIfPossible();
  }

  #damaged(bytes: Buffer, direction: 'up' | 'down'): Buffer | undefined {
    const { network } = this.#settings;
    const { duplicate, corrupt } = network.conditions;
    if (duplicate === undefined && corrupt === undefined) return bytes;
    const draws = this.#draws[direction];
    const arriving = damagePacket(bytes, { network, draws, direction, isSecure: this.#isSecure });
    if (arriving === undefined) this.#fail(makeNetworkError('corrupted'));
    return arriving;
  }

  #beReset(): void {
    if (this.#isClosed || this.#isDestroyed) return;
    this.#settings.network.counters.resets++;
    this.#fail(makeNetworkError('reset'));
  }

  /** The connection ends at both sides. Not from within a call of the device. */
  #fail(error: Error): void {
    this.#isDestroyed = true;
    this.#ways?.clear();
    this.#settings.network.clock.setTimer(0, () => {
      // Of a TLS socket only its end can be written.
      const socket = this.#socket as { resetAndDestroy?(): void } | undefined;
      if (!this.#isSecure) socket?.resetAndDestroy?.();
      this.#socket?.destroy();
      this.#close(error);
    });
  }

  #hold(nowMs: number): void {
    this.#isPlain = false;
    this.#heldSinceMs = nowMs;
    this.#makeWays().hold();
  }

  #release(nowMs: number): void {
    const sinceMs = this.#heldSinceMs ?? nowMs;
    this.#heldSinceMs = undefined;
    // A device that gave up meanwhile has left its socket behind; one that never had any opens it now.
    if (this.#isClosed) this.#socket?.destroy();
    else if (this.#socket === undefined) this.#open();
    else this.#ways?.release(sinceMs, nowMs);
  }

  #bePlainIfPossible(): void {
    const { network } = this.#settings;
    const isBusy = this.#heldSinceMs !== undefined || this.#gathered !== undefined || this.#isEnding;
    this.#isPlain = !network.isShaping && !isBusy && this.#ways?.isEmpty !== false;
  }

  #socketClosed(why: Error | undefined): void {
    const { network } = this.#settings;
    const isAtOnce = this.#isPlain || this.#isDestroyed || why !== undefined;
    // The device learns of it after what was sent before.
    if (this.#ways !== undefined && !isAtOnce) this.#ways.down.give(endOfStream, network.clock.now());
    else this.#close(why);
    if (this.#isClosed) network.closed(this);
  }

  #close(why: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isDestroyed = true;
    if (this.#heldSinceMs === undefined && this.#ways?.up.isEmpty !== false)
      this.#settings.network.closed(this);
    this.#events.closed(why);
  }

  #emitDrain(): void {
    if (!this.writableNeedDrain) this.#events.drained();
  }
}
