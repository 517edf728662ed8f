import { mqtt5 } from 'aws-iot-device-sdk-v2';
import { messageOf } from '../../../shared/errors.ts';
import type { OutgoingMessage, Qos, TransportClients, TransportListener } from '../../transport.ts';
import { firstFailureCode, isThrottle, localReasonOf, reasonOf } from '../reason-codes.ts';
import { type DeviceSdkSettings, sdkConfigOf } from './sdk-config.ts';
import { envelopeIn, sdkPropertiesOf } from './sdk-properties.ts';

/** When closing, for publishes at QoS 0 that the client has taken and not written yet. */
const writeTimeoutMs = 200;
/**
 * When closing, for the client's `stopped`. A client waits for its DISCONNECT to be written, for a TLS handshake up to 10 s,
 * and for a WebSocket handshake without a limit.
 */
const stopTimeoutMs = 2_000;

interface SdkDeviceSettings {
  readonly settings: DeviceSdkSettings;
  readonly listener: TransportListener;
  readonly device: number;
  readonly clients: TransportClients;
}

/** One virtual device's client. */
export class SdkDevice {
  readonly #settings: DeviceSdkSettings;
  readonly #listener: TransportListener;
  readonly #device: number;
  readonly #clients: TransportClients;
  /** Made at the first attempt to connect: a client holds native memory. */
  #client: mqtt5.Mqtt5Client | undefined;
  #state: 'stopped' | 'connecting' | 'connected' | 'stopping' = 'stopped';
  /** Whether the native client has begun what `start()` asked of it. */
  #begun = false;
  #connectOnceStopped = false;
  /** Topic aliases of this connection, and how many the service takes. */
  #aliases = new Map<string, number>();
  #aliasMaximum = 0;
  /** Reports why the attempt or the connection that is being stopped ended, once the client has stopped. */
  #report: (() => void) | undefined;
  #whenStopped: (() => void) | undefined;
  #closing = false;
  /** Messages at QoS 0 that the client has taken and not written yet: their promise is open. */
  #unwritten = 0;
  #whenWritten: (() => void) | undefined;

  constructor({ settings, listener, device, clients }: SdkDeviceSettings) {
    this.#settings = settings;
    this.#listener = listener;
    this.#device = device;
    this.#clients = clients;
  }

  connect(): void {
    if (this.#state === 'stopping') {
      this.#connectOnceStopped = true;
      return;
    }
    this.#client ??= this.#makeClient();
    this.#state = 'connecting';
    this.#begun = false;
    this.#client.start();
  }

  send(message: OutgoingMessage): boolean {
    const { token, topic, payload, qos, retain, properties, isAliased } = message;
    if (this.#client === undefined || this.#state !== 'connected') return false;
    if (qos === 0) this.#unwritten++;
    // The SDK copies topic and payload before this returns.
    const packet: mqtt5.PublishPacket = { topicName: topic, qos, payload, retain };
    if (properties !== undefined) Object.assign(packet, sdkPropertiesOf(properties));
    const alias = isAliased === true ? this.#aliasOf(topic) : undefined;
    if (alias !== undefined) packet.topicAlias = alias;
    this.#client.publish(packet).then(
      (puback) => {
        if (qos === 0) this.#wrote();
        else this.#answered(token, puback?.reasonCode);
      },
      (error: unknown) => {
        if (qos === 0) this.#wrote();
        this.#notAnswered(token, qos, error);
      },
    );
    return true;
  }

  /**
   * The client sends the alias alone once its connection has both. @returns undefined for topics past the service's maximum, which
   * the client would fail to send with an alias
   */
  #aliasOf(topic: string): number | undefined {
    const known = this.#aliases.get(topic);
    if (known !== undefined || this.#aliases.size >= this.#aliasMaximum) return known;
    this.#aliases.set(topic, this.#aliases.size + 1);
    return this.#aliases.size;
  }

  subscribe(filter: string, qos: Qos): void {
    if (this.#client === undefined || this.#state !== 'connected') return;
    const refused = (reason: string): void => {
      if (!this.#closing && this.#state === 'connected') {
        this.#listener.subscribeRefused(this.#device, filter, reason);
      }
    };
    this.#client.subscribe({ subscriptions: [{ topicFilter: filter, qos }] }).then(
      ({ reasonCodes: [code = 0] }) => {
        if (code >= firstFailureCode) refused(reasonOf(code));
        else if (!this.#closing && this.#state === 'connected') {
          this.#listener.subscribed(this.#device, filter);
        }
      },
      (error: unknown) => refused(nameOf(error)),
    );
  }

  disconnect(how: 'clean' | 'drop'): void {
    if (this.#state === 'connecting') this.#failed(how);
    if (this.#state !== 'connected') return;
    this.#report = () => this.#listener.disconnected(this.#device, how);
    this.#stop(how);
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#client === undefined) return;
    if (this.#unwritten > 0) await this.#allWritten();
    if (this.#state !== 'stopped') {
      await atMost(stopTimeoutMs, (stopped) => {
        this.#whenStopped = stopped;
        if (this.#state !== 'stopping') this.#stop();
      });
    }
    this.#client.close();
    this.#client = undefined;
  }

  async #allWritten(): Promise<void> {
    await atMost(writeTimeoutMs, (written) => {
      this.#whenWritten = written;
    });
  }

  #wrote(): void {
    this.#unwritten--;
    if (this.#unwritten === 0) this.#whenWritten?.();
  }

  #makeClient(): mqtt5.Mqtt5Client {
    const client = new mqtt5.Mqtt5Client(
      sdkConfigOf(this.#settings, {
        clientId: this.#clients.clientId(this.#device),
        login: this.#settings.loginOf?.(this.#device),
        will: this.#clients.will?.(this.#device),
        security: this.#settings.secureOf?.(this.#device),
        proxyLogin: this.#settings.proxy?.loginOf(this.#device),
      }),
    );
    client.on('attemptingConnect', () => this.#attempts());
    client.on('connectionSuccess', ({ settings }) => this.#connected(settings));
    client.on('connectionFailure', ({ error, connack }) => {
      const reason = connack === undefined ? this.#failureOf(error) : reasonOf(connack.reasonCode);
      // An attempt that we stopped says so after `stopped`, maybe within the next attempt.
      if (reason !== stoppedReason) this.#failed(reason);
    });
    client.on('disconnection', ({ error, disconnect }) => {
      this.#disconnected(disconnect === undefined ? nameOf(error) : reasonOf(disconnect.reasonCode));
    });
    client.on('stopped', () => this.#stopped());
    client.on('messageReceived', ({ message }) => {
      if (!this.#closing) this.#received(message);
    });
    // An `error` event without a listener ends the process; its content also arrives as one of the events above.
    client.on('error', () => {});
    return client;
  }

  /** The client reports that its proxy did not connect; the proxy has the reason. */
  #failureOf(error: unknown): string {
    const name = nameOf(error);
    const isByProxy = name === 'AWS_ERROR_HTTP_PROXY_CONNECT_FAILED';
    const code = isByProxy ? this.#settings.proxy?.failureOf(this.#device) : undefined;
    return code === undefined ? name : localReasonOf(code);
  }

  #connected(negotiated: mqtt5.NegotiatedSettings): void {
    const { receiveMaximumFromServer, topicAliasMaximumToServer, rejoinedSession } = negotiated;
    if (this.#closing || this.#state !== 'connecting') return;
    this.#state = 'connected';
    this.#aliasMaximum = topicAliasMaximumToServer;
    this.#aliases.clear();
    this.#listener.connected(this.#device, receiveMaximumFromServer, rejoinedSession);
  }

  /** The client would try again by itself, at times of its own. */
  #failed(reason: string): void {
    if (this.#state !== 'connecting') return;
    this.#report = () => this.#listener.connectFailed(this.#device, reason);
    this.#stop();
  }

  #disconnected(reason: string): void {
    if (this.#state !== 'connected') return;
    this.#stop();
    if (!this.#closing) this.#listener.disconnected(this.#device, reason);
  }

  #attempts(): void {
    this.#begun = true;
    if (this.#state === 'stopping') this.#stop();
  }

  /**
   * The native thread compares where the client is with where it should be. If `stop()` reaches it before it has acted on
   * `start()`, the client is stopped and should be: nothing changes and `stopped` never comes. So a client that has not
   * begun is stopped when it begins.
   */
  #stop(how: 'clean' | 'drop' = 'clean'): void {
    this.#state = 'stopping';
    if (!this.#begun) return;
    // Without a packet the client closes its connection and sends no DISCONNECT.
    if (how === 'drop') this.#client?.stop();
    else this.#client?.stop({ reasonCode: mqtt5.DisconnectReasonCode.NormalDisconnection });
  }

  #stopped(): void {
    this.#state = 'stopped';
    this.#whenStopped?.();
    if (this.#closing) return;
    const report = this.#report;
    this.#report = undefined;
    report?.();
    if (!this.#connectOnceStopped) return;
    this.#connectOnceStopped = false;
    this.connect();
  }

  #received({ topicName, payload, qos, retain, userProperties }: mqtt5.PublishPacket): void {
    this.#listener.received(this.#device, {
      topic: topicName,
      payload: bytesOf(payload),
      envelope: envelopeIn(userProperties),
      // No subscription asks for more than QoS 1.
      qos: qos === mqtt5.QoS.AtMostOnce ? 0 : 1,
      // The SDK does not say.
      dup: false,
      retain: retain ?? false,
    });
  }

  /** @param code the PUBACK's reason code */
  #answered(token: number, code = 0): void {
    if (this.#closing) return;
    if (code < firstFailureCode) this.#listener.acknowledged(this.#device, token);
    else
      this.#listener.refused(this.#device, token, isThrottle(code) ? 'throttled' : 'failed', reasonOf(code));
  }

  #notAnswered(token: number, qos: Qos, error: unknown): void {
    const reason = nameOf(error);
    // At QoS 1 it is unknown whether the message arrived: the slice counts it as unacknowledged.
    if (this.#closing || (qos === 1 && unansweredReasons.has(reason))) return;
    this.#listener.refused(this.#device, token, 'failed', reason);
  }
}

/** Resolves when `done` is called, at the latest after `limitMs`. */
async function atMost(limitMs: number, begin: (done: () => void) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  begin(resolve);
  await promise;
  clearTimeout(timer);
}

const stoppedReason = 'AWS_ERROR_MQTT5_USER_REQUESTED_STOP';
const unansweredReasons: ReadonlySet<string> = new Set([
  'AWS_ERROR_MQTT_TIMEOUT',
  'AWS_ERROR_MQTT5_OPERATION_FAILED_DUE_TO_OFFLINE_QUEUE_POLICY',
  stoppedReason,
]);

/** The SDK's errors are objects or texts; both hold the name of the native error: `AWS_IO_SOCKET_CLOSED`. */
function nameOf(error: unknown): string {
  const text = messageOf(error);
  return localReasonOf(/AWS_[A-Z0-9_]+/.exec(text)?.[0] ?? text);
}

function bytesOf(payload: mqtt5.Payload | undefined): Buffer {
  // The SDK gives an empty payload as a detached ArrayBuffer, which nothing can be made of.
  if (payload instanceof ArrayBuffer && payload.byteLength > 0) return Buffer.from(payload);
  if (ArrayBuffer.isView(payload)) return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return Buffer.from(typeof payload === 'string' ? payload : '');
}
