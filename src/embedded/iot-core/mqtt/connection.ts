import { type Access, type Authenticate, fullAccess, type Grant } from './access.ts';
import type { BrokerState } from './broker-state.ts';
import { ConnectionQuotas } from './connection-quotas.ts';
import { type Frame, FrameReader, type FrameSink } from './frame-reader.ts';
import type { Message } from './message.ts';
import { type Channel, OutgoingPackets } from './outgoing-packets.ts';
import { encodePacket } from './packet-codec.ts';
import { type MqttVersion, ProtocolViolation, type ReasonCode, reasonCodes } from './protocol.ts';
import type { Route } from './router.ts';
import type { Session, SessionConnection } from './session.ts';

/** With more unsent bytes than this, the broker stops reading from a client, because the client does not read its answers. */
const stuckBytes = 1_048_576;
/** For the CONNECT of a new connection. AWS documents none. */
const connectTimeoutMs = 10_000;
/** [MQTT-3.1.2-24] Maximum packet size of a client that does not state one. */
const anyPacketBytes = Number.POSITIVE_INFINITY;

/** What keeps the connections. */
export interface ConnectionOwner {
  /** Flushes the connection at the end of this turn of the event loop. */
  flushSoon(connection: Connection): void;
  /** The connection is no longer counted. Its stream may still be open, to send what was written last. */
  onClosed(connection: Connection): void;
  /** Its stream is closed as well. */
  onGone(connection: Connection): void;
}

/** Handles one packet. @throws ProtocolViolation, which ends the connection */
type Dispatch = (connection: Connection, frame: Frame) => void;

interface ConnectionParts {
  readonly broker: BrokerState;
  readonly owner: ConnectionOwner;
  readonly channel: Channel;
  readonly authenticate: Authenticate;
  readonly dispatch: Dispatch;
}

type Hold = keyof typeof holds;
/** Why a connection is not read from and, for `silences`, not written to either. */
const holds = { stuck: 1, fault: 2, waiting: 4, delayed: 8 } as const;
const silences = holds.fault | holds.delayed;

/**
 * One network connection of any listener. The listener calls `receive` and provides the stream to write to. Writes are
 * gathered and sent once per chunk read, or once per turn of the event loop.
 */
export class Connection implements FrameSink, SessionConnection {
  readonly broker: BrokerState;
  readonly #owner: ConnectionOwner;
  readonly #dispatch: Dispatch;
  /** Says who the client is, once it has sent its CONNECT. */
  readonly authenticate: Authenticate;
  readonly #channel: Channel;
  readonly #outgoing: OutgoingPackets;
  readonly #reader = new FrameReader();
  readonly quotas: ConnectionQuotas;
  /** Of the last bytes received. */
  receivedAtMs: number;
  /** The CONNECT must have arrived by then. */
  connectByMs: number;
  closed = false;
  version: MqttVersion = 4;
  /** Set once the CONNECT is accepted. */
  session: Session | undefined;
  /** What the client may do: set by authentication, once the CONNECT is accepted. */
  access: Access = fullAccess;
  /** Epoch milliseconds at which the connection is ended, whatever it does, and at which its access is asked for anew. */
  endsAtMs = Number.POSITIVE_INFINITY;
  refreshesAtMs = Number.POSITIVE_INFINITY;
  refresh: Grant['refresh'];
  principal = 'anonymous';
  /** `success`: by the client. Undefined: the connection was lost, or is not closed. */
  closedWith: ReasonCode | undefined;
  /** Silence after which the connection is closed: one and a half times the keep-alive [MQTT-3.1.2-22]. */
  maxSilenceMs = Number.POSITIVE_INFINITY;
  /** QoS 1 messages that the client takes at once. */
  receiveMaximum = 1;
  maxPacketBytes = anyPacketBytes;
  /** By alias (3.3.2.3.4). */
  topicAliases: Map<number, string> | undefined;
  /** Of the last PUBLISH: most devices have one topic. */
  route: Route | undefined;
  /** PUBACKs that fault injection holds back. */
  lateAcks = 0;
  #held = 0;
  /** Frames received while reading was paused for a promise, with the offset of each body. */
  #kept: Frame[] | undefined;

  constructor({ broker, owner, channel, authenticate, dispatch }: ConnectionParts) {
    this.broker = broker;
    this.#owner = owner;
    this.#dispatch = dispatch;
    this.authenticate = authenticate;
    this.#channel = channel;
    this.#outgoing = new OutgoingPackets(channel);
    this.quotas = new ConnectionQuotas(broker.quotas);
    this.receivedAtMs = broker.clock.now();
    this.connectByMs = this.receivedAtMs + connectTimeoutMs;
    channel.on('error', () => this.abandon());
    channel.on('close', () => {
      this.#leave();
      owner.onGone(this);
    });
    channel.on('drain', () => {
      this.hold('stuck', false);
      this.session?.sendWaiting(broker.clock.now());
      this.flush();
    });
  }

  /** @param chunk borrowed: overwritten after the call */
  receive(chunk: Buffer, length: number): void {
    if (this.closed) return;
    this.receivedAtMs = this.broker.clock.now();
    this.#spendBytes(length, this.receivedAtMs);
    try {
      this.#reader.read(chunk, length, this);
    } catch (error) {
      this.#refuse(error);
    }
    this.flush();
  }

  onFrame(frame: Frame): void {
    const { bytes, start, body, end } = frame;
    if (this.#kept === undefined) this.#dispatch(this, frame);
    else {
      const copy = Buffer.from(bytes.subarray(start, end));
      this.#kept.push({ bytes: copy, start: 0, body: body - start, end: end - start });
    }
  }

  /** Stops reading until the promise has settled and `then` has run. A rejection is an internal error. */
  waitFor<T>(promise: Promise<T>, then: (value: T) => void): void {
    this.#kept = [];
    this.hold('waiting', true);
    const goOn = (act: () => void): void => {
      const kept = this.#kept ?? [];
      this.#kept = undefined;
      if (this.closed) return;
      this.hold('waiting', false);
      this.receivedAtMs = this.broker.clock.now();
      try {
        act();
        for (const frame of kept) if (!this.closed) this.onFrame(frame);
      } catch (error) {
        this.#refuse(error);
      }
      this.flush();
    };
    promise.then(
      (value) => goOn(() => then(value)),
      (error: unknown) =>
        goOn(() => {
          throw error;
        }),
    );
  }

  /** A packet to be sent with the next flush. */
  send(frame: Buffer): void {
    if (this.closed) return;
    if (this.#outgoing.add(frame)) this.#owner.flushSoon(this);
  }

  /** (3.4) Success has no reason code in either version. Only to be called while receiving: sent with the chunk's end. */
  sendPuback(packetId: number): void {
    this.#outgoing.addPuback(packetId);
  }

  /** QoS 1 publishes of the client whose PUBACK has not left yet. */
  get unacknowledged(): number {
    return this.#outgoing.pubacks + this.lateAcks;
  }

  /** Drops and counts the message if the client is slow, accepts no packet that large, or has used its quota of this second. */
  sendQos0(message: Message, retain: boolean, nowMs: number): void {
    if (this.hasRoom) this.#sendPublish(message.frameQos0(this.version, retain, nowMs), nowMs);
    else this.broker.metrics.publishOutThrottle.add(nowMs);
  }

  /** @returns false if it was dropped: for a quota, which is counted, or because the client takes no packet that large */
  sendQos1(message: Message, retain: boolean, packetId: number, nowMs: number): boolean {
    return this.#sendPublish(message.frameQos1(this.version, retain, packetId, nowMs), nowMs);
  }

  get hasRoom(): boolean {
    return this.#outgoing.hasRoom;
  }

  /** @param isLast what waits for its share of the second, or for an injected fault, waits no longer */
  flush(isLast = false): void {
    if (this.#channel.destroyed || ((this.#held & silences) !== 0 && !isLast)) return;
    const { bytes } = this.#outgoing;
    if (bytes > 0) this.#spendBytes(bytes, this.broker.clock.now());
    this.#outgoing.write();
    if (this.#channel.writableLength > stuckBytes) this.hold('stuck', true);
  }

  /** Restarts the silence timers after a pause of the service. */
  forgiveSilence(nowMs: number): void {
    this.receivedAtMs = nowMs;
    this.connectByMs = nowMs + connectTimeoutMs;
  }

  hasTimedOut(nowMs: number): boolean {
    if ((this.#held & silences) !== 0) return false;
    return this.session === undefined
      ? nowMs >= this.connectByMs
      : nowMs - this.receivedAtMs >= this.maxSilenceMs;
  }

  /** Pauses reading from the client, or resumes it once no reason to pause is left. */
  hold(reason: Hold, held: boolean): void {
    const bit = holds[reason];
    const before = this.#held;
    this.#held = held ? before | bit : before & ~bit;
    if (before === 0 && this.#held !== 0) this.#channel.pause();
    if (before !== 0 && this.#held === 0) this.#channel.resume();
  }

  /** Closes the connection and publishes the will; MQTT 5 gets a DISCONNECT with the reason [MQTT-4.13.1-1]. */
  close(reasonCode: ReasonCode): void {
    if (this.closed) return;
    this.closedWith = reasonCode;
    if (this.version === 5 && this.session !== undefined) {
      // [MQTT-3.14.4-1] Nothing may follow the DISCONNECT: send what is queued first.
      this.flush(true);
      this.send(encodePacket({ cmd: 'disconnect', reasonCode }, 5));
    }
    this.end();
  }

  /** Sends what is queued and closes the stream. */
  end(): void {
    if (this.closed) return;
    this.flush(true);
    this.#leave();
    this.#channel.end();
  }

  /** Closes the stream at once: the client has closed it, or it is given up. */
  abandon(): void {
    this.#leave();
    this.#channel.destroy();
  }

  #leave(): void {
    if (this.closed) return;
    this.closed = true;
    this.#owner.onClosed(this);
  }

  #sendPublish(frame: Buffer, nowMs: number): boolean {
    if (frame.length > this.maxPacketBytes) return false;
    const { quotas, metrics } = this.broker;
    if (!this.quotas.admitPublishOut(nowMs) || !quotas.admitPublishOut(nowMs)) {
      metrics.publishOutThrottle.add(nowMs);
      return false;
    }
    this.send(frame);
    metrics.publishOutSuccess.add(nowMs);
    return true;
  }

  /** Delays what exceeds the connection's bytes per second: nothing is read or written until the bucket has refilled. */
  #spendBytes(bytes: number, nowMs: number): void {
    const waitMs = this.quotas.spendBytes(bytes, nowMs);
    if (waitMs === 0 || (this.#held & holds.delayed) !== 0) return;
    this.broker.quotas.refuse('bytesPerSecondPerConnection');
    this.hold('delayed', true);
    this.#goOnAfter(waitMs);
  }

  #goOnAfter(waitMs: number): void {
    this.broker.clock.setTimer(waitMs, () => {
      if (this.closed) return;
      const now = this.broker.clock.now();
      const stillMs = this.quotas.spendBytes(0, now);
      if (stillMs > 0) {
        this.#goOnAfter(stillMs);
        return;
      }
      this.forgiveSilence(now);
      this.hold('delayed', false);
      this.flush();
    });
  }

  #refuse(error: unknown): void {
    const violation = error instanceof ProtocolViolation ? error : undefined;
    // An internal error ends one connection, not the service; it is logged to stderr and counted in the metrics.
    if (violation === undefined) this.broker.onError(error);
    if (this.session === undefined) this.broker.metrics.connectClientError.add(this.receivedAtMs);
    this.close(violation?.reasonCode ?? reasonCodes.unspecifiedError);
  }
}
