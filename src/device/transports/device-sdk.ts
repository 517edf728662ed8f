import { io, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { SliceDevices } from '../slice-devices.ts';
import type { MakeTransport, MqttLogin, MqttSettings, Transport, TransportListener } from '../transport.ts';
import { firstFailureCode, isThrottle, localReasonOf, reasonOf } from './reason-codes.ts';

export interface DeviceSdkSettings extends MqttSettings {
  readonly host: string;
  readonly port: number;
  /** How a device gets past the endpoint. Absent: plain TCP. */
  readonly secure?: SdkSecurity;
}

/** A TLS context, which all devices share, and what signs a WebSocket's handshake. */
export type SdkSecurity = Pick<mqtt5.Mqtt5ClientConfig, 'tlsCtx' | 'websocketHandshakeTransform'>;

/** [MQTT-3.1.2.11] A session that is to outlive its connection does so for an hour, AWS IoT Core's own default. */
const sessionExpirySeconds = 3_600;
/** Above the slice's own ack timeout, so that it is the slice that times a publish out. */
const ackTimeoutMarginSeconds = 1;
/** When closing, for publishes at QoS 0 that the client has taken and not written yet. */
const writeTimeoutMs = 200;
/**
 * When closing, for the client's `stopped`. A client waits for its DISCONNECT to be written, for a TLS handshake up to 10 s,
 * and for a WebSocket handshake without a limit.
 */
const stopTimeoutMs = 2_000;

export function makeDeviceSdkTransport(settings: DeviceSdkSettings): MakeTransport {
  return (listener, devices) => new DeviceSdkTransport(settings, listener, devices);
}

/**
 * The MQTT 5 client that real fleets run: aws-iot-device-sdk-v2, one client a device. The slice paces, so the SDK's own
 * pacing (100 publishes and 512 KB a second) is off. The slice decides when to connect again, so a client that lost its
 * connection is stopped until the slice calls `connect`; publishes in flight then fail instead of waiting in its queue.
 */
class DeviceSdkTransport implements Transport {
  readonly #clients: SdkDevice[] = [];

  constructor(settings: DeviceSdkSettings, listener: TransportListener, devices: SliceDevices) {
    for (let device = 0; device < devices.count; device++) {
      this.#clients.push(new SdkDevice(settings, listener, devices, device));
    }
  }

  connect(device: number): void {
    this.#clients[device]!.connect();
  }

  subscribe(device: number): void {
    this.#clients[device]!.subscribe();
  }

  publish(device: number, token: number, payload: Buffer): boolean {
    return this.#clients[device]!.publish(token, payload);
  }

  /** The SDK gathers by itself. */
  flush(): void {}

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

class SdkDevice {
  readonly #settings: DeviceSdkSettings;
  readonly #listener: TransportListener;
  readonly #devices: SliceDevices;
  readonly #device: number;
  readonly #topic: string;
  /** Made at the first attempt to connect: a client holds native memory. */
  #client: mqtt5.Mqtt5Client | undefined;
  #state: 'stopped' | 'connecting' | 'connected' | 'stopping' = 'stopped';
  /** Whether the native client has begun what `start()` asked of it. */
  #begun = false;
  #connectOnceStopped = false;
  /** Why the attempt that is being stopped failed; reported once the client has stopped. */
  #failure: string | undefined;
  #whenStopped: (() => void) | undefined;
  #closing = false;
  /** Publishes whose promise is open: at QoS 0 until they are written. */
  #unsettled = 0;
  #whenSettled: (() => void) | undefined;

  constructor(
    settings: DeviceSdkSettings,
    listener: TransportListener,
    devices: SliceDevices,
    device: number,
  ) {
    this.#settings = settings;
    this.#listener = listener;
    this.#devices = devices;
    this.#device = device;
    this.#topic = devices.topic(device);
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

  publish(token: number, payload: Buffer): boolean {
    if (this.#client === undefined || this.#state !== 'connected') return false;
    this.#unsettled++;
    // The SDK copies topic and payload before this returns.
    this.#client.publish({ topicName: this.#topic, qos: this.#settings.qos, payload }).then(
      (puback) => this.#answered(token, puback?.reasonCode),
      (error: unknown) => this.#notAnswered(token, error),
    );
    return true;
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#client === undefined) return;
    if (this.#settings.qos === 0 && this.#unsettled > 0) await this.#settled();
    if (this.#state !== 'stopped') {
      await atMost(stopTimeoutMs, (stopped) => {
        this.#whenStopped = stopped;
        if (this.#state !== 'stopping') this.#stop();
      });
    }
    this.#client.close();
    this.#client = undefined;
  }

  async #settled(): Promise<void> {
    await atMost(writeTimeoutMs, (settled) => {
      this.#whenSettled = settled;
    });
  }

  #settle(): void {
    this.#unsettled--;
    if (this.#unsettled === 0) this.#whenSettled?.();
  }

  #makeClient(): mqtt5.Mqtt5Client {
    const { host, port, keepAliveMs, cleanStart, connectTimeoutMs, ackTimeoutMs } = this.#settings;
    const { login, secure } = this.#settings;
    const clientId = this.#devices.clientId(this.#device);
    const client = new mqtt5.Mqtt5Client({
      hostName: host,
      port,
      connectProperties: {
        clientId,
        keepAliveIntervalSeconds: Math.round(keepAliveMs / 1_000),
        sessionExpiryIntervalSeconds: cleanStart ? 0 : sessionExpirySeconds,
        ...(login === undefined ? {} : connectWith(login)),
      },
      sessionBehavior: cleanStart
        ? mqtt5.ClientSessionBehavior.Clean
        : mqtt5.ClientSessionBehavior.RejoinAlways,
      offlineQueueBehavior: mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect,
      extendedValidationAndFlowControlOptions: mqtt5.ClientExtendedValidationAndFlowControl.None,
      ackTimeoutSeconds: Math.ceil(ackTimeoutMs / 1_000) + ackTimeoutMarginSeconds,
      connackTimeoutMs: connectTimeoutMs,
      pingTimeoutMs: Math.min(20_000, keepAliveMs / 2),
      socketOptions: new io.SocketOptions(io.SocketType.STREAM, io.SocketDomain.IPV4, connectTimeoutMs),
      ...secure,
    });
    client.on('attemptingConnect', () => this.#attempts());
    client.on('connectionSuccess', ({ settings }) => this.#connected(settings.receiveMaximumFromServer));
    client.on('connectionFailure', ({ error, connack }) => {
      this.#failed(connack === undefined ? nameOf(error) : reasonOf(connack.reasonCode));
    });
    client.on('disconnection', ({ error, disconnect }) => {
      this.#disconnected(disconnect === undefined ? nameOf(error) : reasonOf(disconnect.reasonCode));
    });
    client.on('stopped', () => this.#stopped());
    client.on('messageReceived', ({ message }) => {
      if (!this.#closing) this.#listener.echoed(this.#device, bytesOf(message.payload));
    });
    // An `error` event without a listener ends the process; its content also arrives as one of the events above.
    client.on('error', () => {});
    return client;
  }

  #connected(receiveMaximum: number): void {
    if (this.#closing || this.#state !== 'connecting') return;
    this.#state = 'connected';
    if (this.#devices.echoes(this.#device)) this.subscribe();
    this.#listener.connected(this.#device, receiveMaximum);
  }

  subscribe(): void {
    if (this.#state !== 'connected') return;
    const refused = (reason: string): void => {
      if (!this.#closing && this.#state === 'connected') this.#listener.echoRefused(this.#device, reason);
    };
    // At QoS 0: an echo measures, and is not to cost a PUBACK.
    const subscriptions = [{ topicFilter: this.#topic, qos: mqtt5.QoS.AtMostOnce }];
    this.#client?.subscribe({ subscriptions }).then(
      ({ reasonCodes: [code = 0] }) => {
        if (code >= firstFailureCode) refused(reasonOf(code));
      },
      (error: unknown) => refused(nameOf(error)),
    );
  }

  /** The client would try again by itself, at times of its own. */
  #failed(reason: string): void {
    if (this.#state !== 'connecting') return;
    this.#failure = reason;
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
  #stop(): void {
    this.#state = 'stopping';
    if (this.#begun) this.#client?.stop({ reasonCode: mqtt5.DisconnectReasonCode.NormalDisconnection });
  }

  #stopped(): void {
    this.#state = 'stopped';
    this.#whenStopped?.();
    if (this.#closing) return;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) this.#listener.connectFailed(this.#device, failure);
    if (!this.#connectOnceStopped) return;
    this.#connectOnceStopped = false;
    this.connect();
  }

  /** @param code the PUBACK's reason code; undefined for QoS 0 */
  #answered(token: number, code: number | undefined): void {
    this.#settle();
    if (this.#closing || code === undefined) return;
    if (code < firstFailureCode) this.#listener.acknowledged(this.#device, token);
    else
      this.#listener.refused(this.#device, token, isThrottle(code) ? 'throttled' : 'failed', reasonOf(code));
  }

  #notAnswered(token: number, error: unknown): void {
    this.#settle();
    const reason = nameOf(error);
    // At QoS 1 it is unknown whether the message arrived: the slice counts it as unacknowledged.
    if (this.#closing || (this.#settings.qos === 1 && unansweredReasons.has(reason))) return;
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

function connectWith({ username, password }: MqttLogin): { username: string; password?: Buffer } {
  return { username, ...(password === undefined ? {} : { password: Buffer.from(password) }) };
}

const unansweredReasons: ReadonlySet<string> = new Set([
  'AWS_ERROR_MQTT_TIMEOUT',
  'AWS_ERROR_MQTT5_OPERATION_FAILED_DUE_TO_OFFLINE_QUEUE_POLICY',
  'AWS_ERROR_MQTT5_USER_REQUESTED_STOP',
]);

/** The SDK's errors are objects or texts; both hold the name of the native error: `AWS_IO_SOCKET_CLOSED`. */
function nameOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return localReasonOf(/AWS_[A-Z0-9_]+/.exec(text)?.[0] ?? text);
}

function bytesOf(payload: mqtt5.Payload | undefined): Buffer {
  if (payload instanceof ArrayBuffer) return Buffer.from(payload);
  if (ArrayBuffer.isView(payload)) return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return Buffer.from(typeof payload === 'string' ? payload : '');
}
