import type { IConnackPacket, ISubackPacket, Packet } from 'mqtt-packet';
import type { DisconnectKind } from '../../../profile/planned-action.ts';
import type { ByteStream } from '../../network/connector.ts';
import type { OutgoingMessage, Qos } from '../../transport.ts';
import { connackReasonOf, firstFailureCode, isThrottle, localReasonOf, reasonOf } from '../reason-codes.ts';
import type { DenseContext } from './dense-context.ts';
import { ExactlyOnce, type ExchangeOwner, leastAtQos2 } from './exactly-once.ts';
import type { IncomingPublish } from './incoming-publish.ts';
import { KeepAlive } from './keep-alive.ts';
import { unknownId } from './packet-ids.ts';
import { type PacketSink, readPackets } from './packet-reader.ts';
import { disconnect, encodeConnect, encodePuback, encodeSubscribe, pingreq } from './packets.ts';
import { Session } from './session.ts';
import { TopicAliases } from './topic-aliases.ts';

/** `closing`: it takes no more messages, and the stream has not closed yet. */
type State = 'closed' | 'opening' | 'connected' | 'closing';

/** Such a connection, on which 65,535 packets are unanswered, is of no use any more. */
const noIdFree = 'no packet identifier is free';
/** How long a broker may take to close after a DISCONNECT. */
const closeTimeoutMs = 1_000;

/** One virtual device's connection. The object lives as long as the device; each attempt opens a stream of its own. */
export class DenseConnection implements PacketSink, ExchangeOwner {
  partial: Buffer | undefined;
  readonly incoming: IncomingPublish;
  readonly context: DenseContext;
  readonly device: number;
  #stream: ByteStream | undefined;
  #state: State = 'closed';
  /** The transport's tick in which this connection last sent, and whether it gathers writes in it. */
  #tick = -1;
  #gathers = false;
  #isDrainPending = false;
  /** Made for the first packet that is answered. */
  #session: Session | undefined;
  #aliases = new TopicAliases(0);
  readonly #keepAlive = new KeepAlive();
  /** Monotonic milliseconds of the attempt or of closing. */
  #begunAt = 0;
  #reason = '';

  constructor(context: DenseContext, device: number) {
    this.context = context;
    this.device = device;
    this.incoming = context.incoming;
  }

  open(): void {
    const { settings, clients, connector, chunk, mqttVersion } = this.context;
    this.#state = 'opening';
    this.#reason = '';
    this.partial = undefined;
    this.#begunAt = performance.now();
    const onread = { buffer: chunk, callback: (length: number) => this.#received(stream, length) };
    // Another device may be in this place once the stream is open.
    const clientId = clients.clientId(this.device);
    const stream = connector.open(this.device, onread, () => {
      const client = {
        clientId,
        login: settings.loginOf?.(this.device),
        will: clients.will?.(this.device),
      };
      stream.write(encodeConnect(client, settings, mqttVersion));
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#stream === stream) this.#reason ||= localReasonOf(error.code ?? error.message);
    });
    stream.on('close', () => {
      this.context.silent.delete(stream);
      if (this.#stream === stream) this.#leaveStream()();
      this.context.closed();
    });
    stream.on('drain', () => this.#drained(stream));
    this.#stream = stream;
  }

  /** @returns false while the socket is full */
  send(message: OutgoingMessage): boolean {
    const { token, topic, payload, qos, retain, properties, isAliased = false } = message;
    const stream = this.#stream;
    if (this.#state !== 'connected' || stream === undefined) return false;
    if (stream.writableNeedDrain) {
      this.#isDrainPending = true;
      return false;
    }
    const { outgoing, topics, buffer } = this.context;
    let id = 0;
    if (qos > 0) {
      id = this.#currentSession.take(qos === 2 ? ExactlyOnce.valueOf(token) : token);
      if (id === 0) this.giveUp(noIdFree);
      if (id === 0) return false;
    }
    this.#gather(stream);
    outgoing.topic = topics.of(this.device, topic);
    outgoing.alias = 0;
    if (isAliased) this.#aliases.shorten(outgoing, topic);
    outgoing.properties = properties;
    outgoing.qos = qos;
    outgoing.id = id;
    outgoing.retain = retain;
    outgoing.payload = payload;
    const packet = buffer.encode(outgoing);
    stream.write(packet);
    if (stream.writableLength > 0) buffer.keep(packet);
    if (qos === 2) this.exactlyOnce.sent(id, packet);
    return true;
  }

  subscribe(filter: string, qos: Qos): void {
    if (this.#state !== 'connected') return;
    const id = this.#currentSession.subscribe(filter);
    if (id === 0) this.giveUp(noIdFree);
    else this.#stream?.write(encodeSubscribe(id, { topic: filter, qos }, this.context.mqttVersion));
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
    const { connectTimeoutMs } = this.context.settings;
    const sinceMs = nowMs - this.#begunAt;
    if (this.#state === 'opening' && sinceMs >= connectTimeoutMs) this.giveUp('connect timeout');
    if (this.#state === 'closing' && sinceMs >= closeTimeoutMs) this.#stream?.destroy();
    if (this.#state !== 'connected') return;
    const due = this.#keepAlive.check(nowMs, this.#tick, this.context);
    if (due === 'timeout') this.giveUp('ping timeout');
    else if (due === 'ping') this.#stream?.write(pingreq);
  }

  onPuback(id: number, code: number): void {
    const { listener } = this.context;
    const token = this.#session?.release(id) ?? unknownId;
    if (token < 0) return;
    if (token >= leastAtQos2) this.giveUp('ProtocolError');
    else if (code < firstFailureCode) listener.acknowledged(this.device, token);
    else listener.refused(this.device, token, isThrottle(code) ? 'throttled' : 'failed', reasonOf(code));
  }

  onPublish(): void {
    const { incoming, listener } = this.context;
    const { qos, id } = incoming;
    if (qos < 2 || this.exactlyOnce.isNew(id)) listener.received(this.device, incoming);
    if (qos === 1) this.write(encodePuback(id));
    else if (qos === 2) this.exactlyOnce.answer(id);
  }

  get exactlyOnce(): ExactlyOnce {
    return this.#currentSession.exactlyOnce;
  }

  write(packet: Buffer): void {
    if (this.#state !== 'connected' || this.#stream === undefined) return;
    this.#gather(this.#stream);
    this.#stream.write(packet);
  }

  onPingresp(): void {
    this.#keepAlive.answered();
  }

  onRarePacket(bytes: Buffer): void {
    const packet = this.context.decode(bytes);
    if (packet === undefined) this.onMalformed();
    else this.#handle(packet);
  }

  onMalformed(): void {
    this.giveUp('MalformedPacket');
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
        // [MQTT311-3.14] There only clients send one.
        if (this.context.mqttVersion === 4) this.giveUp('ProtocolError');
        else this.#reason = reasonOf(packet.reasonCode ?? 0);
        break;
      default:
        this.giveUp('ProtocolError');
    }
  }

  #onConnack(packet: IConnackPacket): void {
    const { mqttVersion, settings, listener } = this.context;
    const code = (mqttVersion === 5 ? packet.reasonCode : packet.returnCode) ?? 0;
    // [MQTT-3.2.0-2] One CONNACK a connection.
    if (code !== 0 || this.#state !== 'opening') {
      this.giveUp(code === 0 ? 'ProtocolError' : connackReasonOf(code, mqttVersion));
      return;
    }
    const { serverKeepAlive, receiveMaximum, topicAliasMaximum = 0 } = packet.properties ?? {};
    // [MQTT-3.2.2-21] The server's keep-alive takes the place of ours.
    const keepAliveMs = serverKeepAlive === undefined ? settings.keepAliveMs : serverKeepAlive * 1_000;
    this.#state = 'connected';
    this.#aliases = new TopicAliases(topicAliasMaximum);
    this.#keepAlive.begin(performance.now(), keepAliveMs, this.#tick);
    // [MQTT-3.2.2-5] A session that the server does not have is over here, too.
    if (!packet.sessionPresent) this.#session = undefined;
    this.#session?.exactlyOnce.resume();
    listener.connected(this.device, receiveMaximum ?? 65_535, packet.sessionPresent);
  }

  #onSuback(packet: ISubackPacket): void {
    const answered = this.#session?.onSuback(packet);
    if (answered === undefined) return;
    const { filter, code } = answered;
    const { listener } = this.context;
    if (code < firstFailureCode) listener.subscribed(this.device, filter);
    else listener.subscribeRefused(this.device, filter, reasonOf(code));
  }

  get #currentSession(): Session {
    this.#session ??= new Session(this);
    return this.#session;
  }

  /** The first packet of a tick goes out at once; where more follow, those are gathered into one write. */
  #gather(stream: ByteStream): void {
    const { context } = this;
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
    readPackets(this, this.context.chunk, length);
    // What was sent in answer (PUBACKs, the messages of a device that waited for one) must go out.
    this.context.flush();
    return true;
  }

  #drained(stream: ByteStream): void {
    if (!this.#isDrainPending || this.#state !== 'connected' || this.#stream !== stream) return;
    this.#isDrainPending = false;
    this.context.listener.writable(this.device);
    this.context.flush();
  }

  giveUp(reason: string): void {
    this.#reason = reason;
    this.#destroy();
  }

  #destroy(): void {
    if (this.#state === 'connected') this.#state = 'closing';
    this.#stream?.destroy();
  }

  #goSilent(stream: ByteStream): void {
    this.context.silent.add(stream);
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
    if (this.#session?.leaveConnection() !== true) this.#session = undefined;
    const report = wasConnected ? 'disconnected' : 'connectFailed';
    return () => this.context.listener[report](this.device, reason);
  }
}
