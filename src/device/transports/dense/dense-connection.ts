import type { IConnackPacket, Packet } from 'mqtt-packet';
import type { ByteStream } from '../../network/connector.ts';
import type { TransportListener } from '../../transport.ts';
import { connackReasonOf, firstFailureCode, isThrottle, localReasonOf, reasonOf } from '../reason-codes.ts';
import type { DenseContext } from './dense-context.ts';
import { PacketIds, unknownId } from './packet-ids.ts';
import { type PacketSink, readPackets } from './packet-reader.ts';
import { disconnect, encodeConnect, encodeSubscribe, encodeTopic, pingreq } from './packets.ts';

type State = 'closed' | 'opening' | 'connected';

/** In place of a token: the identifier is a SUBSCRIBE's. */
const subscription = -2;

/** One virtual device's connection. The object lives as long as the device; each attempt opens a stream of its own. */
export class DenseConnection implements PacketSink {
  partial: Buffer | undefined;
  readonly #context: DenseContext;
  readonly #device: number;
  readonly #topic: Buffer;
  #stream: ByteStream | undefined;
  #state: State = 'closed';
  /** The transport's tick in which this connection last published, and whether it gathers writes in it. */
  #tick = -1;
  #gathers = false;
  #wantsDrain = false;
  /** Packet identifiers in use, each with the token of its message. Those of a connection end with it. */
  #ids: PacketIds | undefined;
  #sentSomething = false;
  /** Monotonic milliseconds: when the attempt began, when something was last sent, when a ping went unanswered since. */
  #openedAt = 0;
  #quietSince = 0;
  #pingSince = 0;
  #keepAliveMs: number;
  #reason = '';

  constructor(context: DenseContext, device: number) {
    this.#context = context;
    this.#device = device;
    this.#topic = encodeTopic(context.devices.topic(device));
    this.#keepAliveMs = context.settings.keepAliveMs;
  }

  get isOpen(): boolean {
    return this.#state !== 'closed';
  }

  open(): void {
    const { settings, devices, connector, chunk, mqttVersion } = this.#context;
    this.#state = 'opening';
    this.#reason = '';
    this.partial = undefined;
    this.#openedAt = performance.now();
    this.#keepAliveMs = settings.keepAliveMs;
    const stream = connector.open({ buffer: chunk, callback: (length) => this.#received(length) }, () =>
      stream.write(encodeConnect(devices.clientId(this.#device), settings, mqttVersion)),
    );
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#reason = localReasonOf(error.code ?? error.message);
    });
    stream.on('close', () => this.#closed());
    stream.on('drain', () => this.#drained());
    this.#stream = stream;
  }

  /** @returns false while the socket is full */
  publish(token: number, payload: Buffer): boolean {
    const stream = this.#stream;
    if (this.#state !== 'connected' || stream === undefined) return false;
    if (stream.writableNeedDrain) {
      this.#wantsDrain = true;
      return false;
    }
    const context = this.#context;
    const id = context.settings.qos === 0 ? 0 : this.#takeId(token);
    if (id === undefined) return false;
    // The first publish of a tick goes out at once; where more follow, those are gathered into one write.
    if (this.#tick === context.tick && !this.#gathers) {
      this.#gathers = true;
      stream.cork();
      context.gathering.push(this);
    }
    this.#tick = context.tick;
    this.#sentSomething = true;
    const packet = context.buffer.encode(this.#topic, id, payload);
    stream.write(packet);
    if (stream.writableLength > 0) context.buffer.keep(packet);
    return true;
  }

  flush(): void {
    this.#gathers = false;
    this.#stream?.uncork();
  }

  /** Once or so a second: keeps a quiet connection alive, and gives up one that does not answer. */
  check(nowMs: number): void {
    if (this.#state === 'opening') {
      if (nowMs - this.#openedAt >= this.#context.settings.connectTimeoutMs) this.#giveUp('connect timeout');
      return;
    }
    if (this.#state !== 'connected') return;
    if (this.#pingSince > 0 && nowMs - this.#pingSince >= this.#context.pingTimeoutMs) {
      this.#giveUp('ping timeout');
    } else if (this.#sentSomething) {
      this.#sentSomething = false;
      this.#quietSince = nowMs;
    } else if (
      this.#pingSince === 0 &&
      // One check early: the next would be past the keep-alive.
      nowMs - this.#quietSince >= this.#keepAliveMs - 2 * this.#context.checkEveryMs
    ) {
      this.#stream?.write(pingreq);
      this.#pingSince = nowMs;
      this.#quietSince = nowMs;
    }
  }

  /** Sends DISCONNECT; `closed` of the context is called when the stream has closed. */
  subscribe(): void {
    if (this.#state !== 'connected') return;
    const { mqttVersion, devices } = this.#context;
    const id = this.#takeId(subscription);
    if (id !== undefined) this.#stream?.write(encodeSubscribe(id, devices.topic(this.#device), mqttVersion));
  }

  close(): void {
    if (this.#state === 'connected') this.#stream?.end(disconnect);
    else this.#stream?.destroy();
  }

  destroy(): void {
    this.#stream?.destroy();
  }

  onPuback(id: number, code: number): void {
    const { listener } = this.#context;
    const token = this.#ids?.release(id) ?? unknownId;
    if (token < 0) return;
    if (code < firstFailureCode) listener.acknowledged(this.#device, token);
    else listener.refused(this.#device, token, isThrottle(code) ? 'throttled' : 'failed', reasonOf(code));
  }

  onPublish(payload: Buffer): void {
    this.#context.listener.echoed(this.#device, payload);
  }

  onPingresp(): void {
    this.#pingSince = 0;
  }

  onRarePacket(bytes: Buffer): void {
    const packet = this.#context.decode(bytes);
    if (packet === undefined) this.onMalformed();
    else this.#handle(packet);
  }

  onMalformed(): void {
    this.#giveUp('MalformedPacket');
  }

  #handle(packet: Packet): void {
    switch (packet.cmd) {
      case 'connack':
        this.#onConnack(packet);
        break;
      case 'suback': {
        this.#ids?.release(packet.messageId ?? 0);
        const granted = packet.granted[0];
        const code = typeof granted === 'number' ? granted : firstFailureCode;
        if (code >= firstFailureCode) this.#context.listener.echoRefused(this.#device, reasonOf(code));
        break;
      }
      case 'disconnect':
        this.#reason = reasonOf(packet.reasonCode ?? 0);
        break;
      default:
        this.#giveUp('ProtocolError');
    }
  }

  #onConnack(packet: IConnackPacket): void {
    const { mqttVersion, devices, listener } = this.#context;
    const code = (mqttVersion === 5 ? packet.reasonCode : packet.returnCode) ?? 0;
    if (code !== 0) {
      this.#giveUp(connackReasonOf(code, mqttVersion));
      return;
    }
    const { serverKeepAlive, receiveMaximum } = packet.properties ?? {};
    // [MQTT-3.2.2-21] The server's keep-alive takes the place of ours.
    if (serverKeepAlive !== undefined) this.#keepAliveMs = serverKeepAlive * 1_000;
    this.#state = 'connected';
    this.#quietSince = performance.now();
    this.#pingSince = 0;
    this.#sentSomething = false;
    if (devices.echoes(this.#device)) this.subscribe();
    listener.connected(this.#device, receiveMaximum ?? 65_535);
  }

  /** @returns undefined where 65,535 packets are unanswered: such a connection is of no use any more */
  #takeId(value: number): number | undefined {
    this.#ids ??= new PacketIds();
    const id = this.#ids.take(value);
    if (id > 0) return id;
    this.#giveUp('no packet identifier is free');
    return undefined;
  }

  #received(length: number): boolean {
    readPackets(this, this.#context.chunk, length, this.#context.mqttVersion);
    // What the listener published in answer (a device that waited for its PUBACKs) must go out.
    this.#context.flush();
    return true;
  }

  #drained(): void {
    if (!this.#wantsDrain || this.#state !== 'connected') return;
    this.#wantsDrain = false;
    this.#context.listener.writable(this.#device);
    this.#context.flush();
  }

  #giveUp(reason: string): void {
    this.#reason = reason;
    this.#stream?.destroy();
  }

  #closed(): void {
    const wasConnected = this.#state === 'connected';
    this.#state = 'closed';
    this.#stream = undefined;
    this.#wantsDrain = false;
    this.#gathers = false;
    this.partial = undefined;
    this.#ids = undefined;
    this.#context.closed();
    const listener: TransportListener = this.#context.listener;
    const reason = this.#reason || 'connection closed';
    if (wasConnected) listener.disconnected(this.#device, reason);
    else listener.connectFailed(this.#device, reason);
  }
}
