import type { RequestTraffic } from '../measure/slice-result.ts';
import type { DisconnectKind } from '../profile/planned-action.ts';
import { exitCodes, StampedeError } from '../shared/errors.ts';
import type { RequestHead } from './payload.ts';

/**
 * What a slice of virtual devices sends and receives through. One transport serves a whole slice; `device` is the index within
 * the slice. Every call is made for all devices alike, and sending allocates nothing: no promise, closure or object a
 * message. Who subscribes to what, and when a device connects again, is up to the caller.
 */
export interface Transport {
  /** Begins to connect; answered by `connected` or `connectFailed`. Called again for a device that lost its connection. */
  connect(device: number): void;
  /**
   * Sends one message.
   * @param message reused by the caller: what is needed after the call has to be copied
   * @returns false: cannot take it now, nothing was sent; `writable` follows when to try again
   */
  send(device: number, message: OutgoingMessage): boolean;
  /**
   * Subscribes a connected device; answered by `subscribed` or `subscribeRefused`, unless the connection ends before that.
   * To be repeated on each connection.
   * @throws NotOfferedError
   */
  subscribe(device: number, filter: string, qos: Qos): void;
  /**
   * Ends a device's connection, or its attempt to connect; answered by `disconnected` or `connectFailed`, with how it was
   * ended as the reason. Then the device may connect again.
   * @throws NotOfferedError
   */
  disconnect(device: number, how: DisconnectKind): void;
  /** The device's next connection, and those after it, go to the endpoint in this Region. Absent: there is one endpoint. */
  moveTo?(device: number, region: string): void;
  /** Of requests, which open connections as they need them: what these came to so far. */
  readonly traffic?: () => RequestTraffic;
  /** Everything sent so far must go out: the end of a tick, for transports that gather writes. */
  flush(): void;
  /** Disconnects every client and resolves when all are closed; no listener method is called afterwards. */
  close(): Promise<void>;
}

/** Callbacks from a transport to the slice. Never called from within a call to the transport. */
export interface TransportListener {
  /**
   * @param receiveMaximum publishes in flight that the service allows per client (1–65,535), from the CONNACK
   * @param isResumed the service goes on with the session of the device's last connection: what was in flight in it at QoS 2
   * will still be answered
   */
  connected(device: number, receiveMaximum: number, isResumed: boolean): void;
  /** The attempt failed, and its socket is closed. */
  connectFailed(device: number, reason: string): void;
  /**
   * A connection that was `connected` is closed. What was in flight in it will not be answered any more, but for messages at QoS 2
   * of a session that the next connection resumes.
   */
  disconnected(device: number, reason: string): void;
  /** The PUBREC of the message with this token, at QoS 2: the service has taken it over, and its PUBCOMP is outstanding. */
  accepted?(device: number, token: number): void;
  /** The acknowledgement of the message with this token: PUBACK, PUBCOMP or the HTTP answer. Never for QoS 0 over MQTT. */
  acknowledged(device: number, token: number): void;
  /** The service refused the message, or it failed. */
  refused(device: number, token: number, why: Refusal, reason: string): void;
  /** After a `send` that returned false. */
  writable(device: number): void;
  /** @param message reused by the transport. At QoS 1 and 2 it is acknowledged once this returns; at QoS 2 it comes once. */
  received(device: number, message: IncomingMessage): void;
  subscribed(device: number, filter: string): void;
  subscribeRefused(device: number, filter: string, reason: string): void;
  /** Absent: nothing is requested of a web service. */
  readonly requests?: RequestListener;
}

/** Callbacks from a transport whose messages are requests to a web service. */
export interface RequestListener {
  /** The connection of a request that was taken is open: the service may have received the request from now on. */
  left(device: number, token: number): void;
  /** A request that was taken will never leave: its connection was not opened, or it could not be signed. */
  notSent(device: number, token: number): void;
  /** The answer is there, whole, with this status. @param refusal where it is none that succeeds */
  answered(device: number, token: number, status: number, refusal?: Refusal): void;
  /** There will be no answer to a request that was sent: its connection ended, for this reason. */
  unanswered(device: number, token: number, reason: string): void;
  /** A connection was opened. */
  opened(connectMs: number): void;
  /** A connection was not opened, or a request not signed, for this reason in one word. */
  openFailed(reason: string): void;
}

/** Ignores every event, as of connections that are closed on purpose; or the rest of them, for a listener that spreads it. */
export const silentListener: TransportListener = {
  connected() {},
  connectFailed() {},
  disconnected() {},
  acknowledged() {},
  refused() {},
  writable() {},
  received() {},
  subscribed() {},
  subscribeRefused() {},
};

/** Quality of service of MQTT (4.3): at most once, at least once, exactly once. */
export type Qos = 0 | 1 | 2;

export interface OutgoingMessage {
  /** The caller's number for the message, by which its answer finds it: 0 … 2³¹ − 1; below 0 where none is expected, and only a failure is reported. */
  token: number;
  topic: string;
  payload: Buffer;
  qos: Qos;
  retain: boolean;
  /** Of MQTT 5: its properties (3.3.2.3), encoded, without their length. */
  properties?: Buffer | undefined;
  /** The topic's alias may go in its place. Not at QoS 2, where the packet may be sent again on another connection. */
  isAliased?: boolean;
  /** Of a request to a web service: what stands above its body. */
  head?: RequestHead | undefined;
}

export interface IncomingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** Value of the MQTT 5 user property `stampede`. */
  readonly envelope?: Buffer | undefined;
  readonly qos: Qos;
  /** The service has sent it before. Always false over device-sdk, which does not say. */
  readonly dup: boolean;
  /** Held by the service since before the subscription. */
  readonly retain: boolean;
}

/** `throttled`: for a quota. */
export type Refusal = 'throttled' | 'failed';

/** The clients of a slice, by index. */
export interface TransportClients {
  readonly count: number;
  clientId(device: number): string;
  /** Asked for at each CONNECT. Absent: no device leaves a will. */
  will?(device: number): MqttWill;
}

/** What the service publishes of a client whose connection ends without a DISCONNECT. */
export interface MqttWill {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
  /** From the end of the connection, by MQTT 5. */
  readonly delaySeconds: number;
}

export type MakeTransport = (listener: TransportListener, clients: TransportClients) => Transport;

/** Settings of all MQTT transports. */
export interface MqttSettings {
  readonly keepAliveMs: number;
  readonly cleanStart: boolean;
  /** How long a session outlives its connection, by MQTT 5. */
  readonly sessionExpirySeconds: number;
  /** From the start of the attempt to the CONNACK. */
  readonly connectTimeoutMs: number;
  readonly ackTimeoutMs: number;
  /** User name and password of a device, by its index within the slice. Absent: it sends none. */
  readonly loginOf?: (device: number) => MqttLogin;
}

export interface MqttLogin {
  readonly username: string;
  readonly password?: string;
}

/** The transport does not support this call. Exit code 2. */
export class NotOfferedError extends StampedeError {
  constructor(transport: string, what: string) {
    super('NotOffered', `the transport ${transport} has no ${what}`, {
      hint: 'set connect.protocol to "mqtt" and connect.client to "dense"',
      exitCode: exitCodes.badUsage,
    });
  }
}
