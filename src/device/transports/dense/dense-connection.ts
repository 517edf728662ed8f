import type { IConnackPacket, ISubackPacket, Packet } from 'mqtt-packet';
import type { ByteStream } from '../../network/connector.ts';
import type { DisconnectKind, OutgoingMessage, Qos } from '../../transport.ts';
import { connackReasonOf, firstFailureCode, isThrottle, localReasonOf, reasonOf } from '../reason-codes.ts';
import type { DenseContext } from './dense-context.ts';
import type { IncomingPublish } from './incoming-publish.ts';
import { PacketIds, unknownId } from './packet-ids.ts';
import { type PacketSink, readPackets } from './packet-reader.ts';
import { disconnect, encodeConnect, encodePuback, encodeSubscribe, pingreq } from './packets.ts';

/** `closing`: it takes no more messages, and the stream has not closed yet. */
type State = 'closed' | 'opening' | 'connected' | 'closing';

/** In place of a token: the identifier is a SUBSCRIBE's. */
const subscription = -2;
/** How long a broker may take to close after a DISCONNECT. */
const closeTimeoutMs = 1_000;

/** One virtual device's connection. The object lives as long as the device; each attempt opens a stream of its own. */
export class DenseConnection implements PacketSink {
  partial: Buffer | undefined;
  readonly incoming: IncomingPublish;
  readonly #context: DenseContext;
  readonly #device: number;
  #stream: ByteStream | undefined;
  #state: State = 'closed';
  /** The transport's tick in which this connection last sent, and whether it gathers writes in it. */
  #tick = -1;
  #gathers = false;
  #isDrainPending = false;
  /** Packet identifiers in use, each with the token of its message. Those of a connection end with it. */
  #ids: PacketIds | undefined;
  /** Filters of SUBSCRIBE packets without an answer, by identifier. */
  #subscribing: Map<number, string> | undefined;
  /** Of the last message. */
  #topic = '';
  #encodedTopic: Buffer;
  #sentSomething = false;
  /** Monotonic milliseconds: when the attempt or closing began, when something was last sent, since when a ping is unanswered. */
  #begunAt = 0;
  #quietSince = 0;
  #pingSince = 0;
  #keepAliveMs: number;
  #reason = '';

  constructor(context: DenseContext, device: number) {
    this.#context = context;
    this.#device = device;
    this.incoming = context.incoming;
    this.#encodedTopic = context.outgoing.topic;
    this.#keepAliveMs = context.settings.keepAliveMs;
  }

  open(): void {
    const { settings, clients, connector, chunk, mqttVersion } = this.#context;
    this.#state = 'opening';
    this.#reason = '';
    this.partial = undefined;
    this.#begunAt = performance.now();
    this.#keepAliveMs = settings.keepAliveMs;
    const onread = { buffer: chunk, callback: (length: number) => this.#received(stream, length) };
    const stream = connector.open(this.#device, onread, () =>
      stream.write(
        encodeConnect(
          { clientId: clients.clientId(this.#device), login: settings.loginOf?.(this.#device) },
          settings,
          mqttVersion,
        ),
      ),
    );
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#stream === stream) this.#reason ||= localReasonOf(error.code ?? error.message);
    });
    stream.on('close', () => {
      this.#context.silent.delete(stream);
      if (this.#stream === stream) this.#leaveStream()();
      this.#context.closed();
    });
    stream.on('drain', () => this.#drained(stream));
    this.#stream = stream;
  }

  /** @returns false while the socket is full */
  send({ token, topic, payload, qos, retain }: OutgoingMessage): boolean {
    const stream = this.#stream;
    if (this.#state !== 'connected' || stream === undefined) return false;
    if (stream.writableNeedDrain) {
      this.#isDrainPending = true;
      return false;
    }
    const { outgoing, buffer } = this.#context;
    const id = qos === 0 ? 0 : this.#takeId(token);
    if (id === undefined) return false;
    this.#gather(stream);
    // Nearly always the same text object as the last time: cheaper to see than to look up.
    if (topic !== this.#topic) {
      this.#topic = topic;
      this.#encodedTopic = this.#context.encodedTopic(topic);
    }
    outgoing.topic = this.#encodedTopic;
    outgoing.id = id;
    outgoing.retain = retain;
    outgoing.payload = payload;
    const packet = buffer.encode(outgoing);
    stream.write(packet);
    if (stream.writableLength > 0) buffer.keep(packet);
    return true;
  }

  subscribe(filter: string, qos: Qos): void {
    if (this.#state !== 'connected') return;
    const id = this.#takeId(subscription);
    if (id === undefined) return;
    this.#subscribing ??= new Map();
    this.#subscribing.set(id, filter);
    this.#stream?.write(encodeSubscribe(id, { topic: filter, qos }, this.#context.mqttVersion));
  }

  disconnect(how: DisconnectKind): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#reason ||= how;
    if (how === 'drop' || this.#state === 'opening') this.#destroy();
    else if (this.#state === 'closing') return;
    else if (how === 'silent') this.#goSilent(stream);
    else {
      this.#state = 'closing';
      this.#begunAt = performance.now();
      stream.end(disconnect);
    }
  }

  flush(): void {
    this.#gathers = false;
    this.#stream?.uncork();
  }

  /** Once or so a second: keeps a quiet connection alive, and gives up one that does not answer. */
  check(nowMs: number): void {
    const { connectTimeoutMs } = this.#context.settings;
    const sinceMs = nowMs - this.#begunAt;
    if (this.#state === 'opening' && sinceMs >= connectTimeoutMs) this.#giveUp('connect timeout');
    if (this.#state === 'closing' && sinceMs >= closeTimeoutMs) this.#stream?.destroy();
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

  onPuback(id: number, code: number): void {
    const { listener } = this.#context;
    const token = this.#ids?.release(id) ?? unknownId;
    if (token < 0) return;
    if (code < firstFailureCode) listener.acknowledged(this.#device, token);
    else listener.refused(this.#device, token, isThrottle(code) ? 'throttled' : 'failed', reasonOf(code));
  }

  onPublish(): void {
    const { incoming, listener } = this.#context;
    const { qos, id } = incoming;
    listener.received(this.#device, incoming);
    if (qos === 0 || this.#state !== 'connected' || this.#stream === undefined) return;
    this.#gather(this.#stream);
    this.#stream.write(encodePuback(id));
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
      case 'suback':
        this.#onSuback(packet);
        break;
      case 'disconnect':
        this.#reason = reasonOf(packet.reasonCode ?? 0);
        break;
      default:
        this.#giveUp('ProtocolError');
    }
  }

  #onConnack(packet: IConnackPacket): void {
    const { mqttVersion, listener } = this.#context;
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
    listener.connected(this.#device, receiveMaximum ?? 65_535);
  }

  #onSuback({ messageId = 0, granted: [granted] }: ISubackPacket): void {
    const filter = this.#subscribing?.get(messageId);
    if (filter === undefined) return;
    this.#subscribing?.delete(messageId);
    this.#ids?.release(messageId);
    const { listener } = this.#context;
    const code = typeof granted === 'number' ? granted : firstFailureCode;
    if (code < firstFailureCode) listener.subscribed(this.#device, filter);
    else listener.subscribeRefused(this.#device, filter, reasonOf(code));
  }

  /** @returns undefined where 65,535 packets are unanswered: such a connection is of no use any more */
  #takeId(value: number): number | undefined {
    this.#ids ??= new PacketIds();
    const id = this.#ids.take(value);
    if (id > 0) return id;
    this.#giveUp('no packet identifier is free');
    return undefined;
  }

  /** The first packet of a tick goes out at once; where more follow, those are gathered into one write. */
  #gather(stream: ByteStream): void {
    const context = this.#context;
    this.#sentSomething = true;
    if (this.#tick === context.tick && !this.#gathers) {
      this.#gathers = true;
      stream.cork();
      context.gathering.push(this);
    }
    this.#tick = context.tick;
  }

  #received(stream: ByteStream, length: number): boolean {
    // A device that has gone silent takes what still comes, so that the end of the stream is noticed, and does nothing with it.
    if (this.#stream !== stream) return true;
    readPackets(this, this.#context.chunk, length);
    // What was sent in answer (PUBACKs, the messages of a device that waited for one) must go out.
    this.#context.flush();
    return true;
  }

  #drained(stream: ByteStream): void {
    if (!this.#isDrainPending || this.#state !== 'connected' || this.#stream !== stream) return;
    this.#isDrainPending = false;
    this.#context.listener.writable(this.#device);
    this.#context.flush();
  }

  #giveUp(reason: string): void {
    this.#reason = reason;
    this.#destroy();
  }

  #destroy(): void {
    if (this.#state === 'connected') this.#state = 'closing';
    this.#stream?.destroy();
  }

  #goSilent(stream: ByteStream): void {
    this.#context.silent.add(stream);
    stream.silence?.();
    queueMicrotask(this.#leaveStream());
  }

  /** The device has no stream any more. @returns reports that */
  #leaveStream(): () => void {
    const wasConnected = this.#state === 'connected' || this.#state === 'closing';
    const reason = this.#reason || 'connection closed';
    this.#state = 'closed';
    this.#stream = undefined;
    this.#isDrainPending = false;
    this.#gathers = false;
    this.partial = undefined;
    this.#ids = undefined;
    this.#subscribing = undefined;
    return () => {
      const { listener } = this.#context;
      if (wasConnected) listener.disconnected(this.#device, reason);
      else listener.connectFailed(this.#device, reason);
    };
  }
}
